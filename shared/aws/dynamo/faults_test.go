package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
)

// TestPassing has each error that passes come first, then an answer.
func TestPassing(t *testing.T) {
	for name, first := range map[string]answer{
		"capacity":    failure(400, "ProvisionedThroughputExceededException"),
		"throttled":   failure(400, "ThrottlingException"),
		"account":     failure(400, "RequestLimitExceeded"),
		"limit":       failure(400, "LimitExceededException"),
		"in progress": failure(400, "TransactionInProgressException"),
		"conflict":    failure(400, "TransactionConflictException"),
		"server":      failure(500, "InternalServerError"),
		"unavailable": {503, ""},
		"lost":        {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, asked := serve(t, inTurn(first, done))
			if err := one(e, t, ticket(store.Put)); err != nil {
				t.Error(err)
			}
			if got := len(asked()); got != 2 {
				t.Errorf("%d requests", got)
			}
		})
		t.Run(name+", for ever", func(t *testing.T) {
			t.Parallel()
			e, asked := serve(t, inTurn(first))
			e.Patience = 400 * time.Millisecond
			err := one(e, t, ticket(store.Put))
			passes, ok := errors.AsType[interface {
				error
				Temporary() bool
			}](err)
			if !errors.Is(err, store.ErrThrottled) || !ok || !passes.Temporary() || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			if len(asked()) > 12 {
				t.Errorf("%d requests", len(asked()))
			}
		})
	}
}

// TestGarbled has an answer that is not one, which the SDK does not ask for
// again by itself.
func TestGarbled(t *testing.T) {
	e, asked := serve(t, inTurn(answer{200, `{"Consu`}))
	if err := one(e, t, ticket(store.Put)); !errors.Is(err, store.ErrThrottled) || len(asked()) != 1 {
		t.Errorf("%v after %d requests", err, len(asked()))
	}
}

// TestForGood has errors that no retry helps.
func TestForGood(t *testing.T) {
	for name, a := range map[string]answer{
		"no table":      failure(400, "ResourceNotFoundException"),
		"not allowed":   failure(400, "AccessDeniedException"),
		"not valid":     failure(400, "ValidationException"),
		"token expired": failure(400, "ExpiredTokenException"),
	} {
		t.Run(name, func(t *testing.T) {
			e, asked := serve(t, inTurn(a))
			for _, err := range []error{
				one(e, t, ticket(store.Put)), one(e, t, ticket(store.Update)), one(e, t, ticket(store.Delete)),
				e.Transact(t.Context(), []store.Write{ticket(store.Put)}),
			} {
				if err == nil || errors.Is(err, store.ErrThrottled) || errors.Is(err, store.ErrCondition) || !strings.Contains(err.Error(), "as the test wants") {
					t.Errorf("%v", err)
				}
			}
			if got := len(asked()); got != 4 {
				t.Errorf("%d requests", got)
			}
		})
	}
}

// TestNoSecrets has answers that quote an item, and finds it in no error.
func TestNoSecrets(t *testing.T) {
	quote := fmt.Sprintf(`{"__type":"ValidationException","message":"1 validation error: Value '%s' at 'item' failed"}`, secret)
	cancelled := fmt.Sprintf(`{"__type":"TransactionCanceledException","message":"m","CancellationReasons":
		[{"Code":"ValidationError","Message":"%[1]s","Item":{"text":{"S":"%[1]s"}}}]}`, secret)
	item := fmt.Sprintf(`{"Item":{"pk":{"S":"p"},"sk":{"S":"s"},"text":{"L":[{"S":"%s"}]}}}`, secret)
	number := fmt.Sprintf(`{"Item":{"pk":{"S":"p"},"sk":{"S":"s"},"text":{"N":"%s"}}}`, secret)
	for name, a := range map[string]answer{
		"quoted": {400, quote}, "cancelled": {400, cancelled}, "odd": {200, item}, "no number": {200, number},
		"throttled": failure(400, "ThrottlingException"), "condition": failure(400, "ConditionalCheckFailedException"),
	} {
		e, _ := serve(t, inTurn(a))
		e.Patience = 100 * time.Millisecond
		_, getErr := e.Get(t.Context(), store.Control, []store.Key{{PK: "p", SK: "s"}}, store.Strong)
		errs := []error{getErr, one(e, t, ticket(store.Put)), one(e, t, ticket(store.Update)), e.Transact(t.Context(), []store.Write{ticket(store.Put)})}
		if getErr == nil {
			t.Errorf("%s: Get succeeds", name)
		}
		for i, err := range errs {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s, call %d: %v", name, i, err)
			}
		}
	}
}

// TestNobodyThere asks an address where nobody listens.
func TestNobodyThere(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	client, streams := dynamo.Clients(config(server.URL))
	e := dynamo.New(client, streams, dynamo.Tables{Control: "t"})
	e.Patience = 300 * time.Millisecond
	if err := one(e, t, ticket(store.Put)); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("%v", err)
	}
	w := ticket(store.Put)
	w.Table = store.Conversations // has no name
	if err := one(e, t, w); err == nil || errors.Is(err, store.ErrThrottled) || !strings.Contains(err.Error(), "no name") {
		t.Errorf("%v", err)
	}
}

// TestSlowServer has a server that never answers in time.
func TestSlowServer(t *testing.T) {
	stop := make(chan struct{})
	e, _ := serve(t, func(request) answer { <-stop; return done })
	defer close(stop)
	e.Patience = 100 * time.Millisecond
	if err := one(e, t, ticket(store.Put)); !errors.Is(err, store.ErrThrottled) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := store.FirstError(e.Write(ctx, []store.Write{ticket(store.Put)})); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrThrottled) {
		t.Errorf("at the end of the caller's time: %v", err)
	}
}

// TestCancelledMeanwhile ends the caller's context between attempts.
func TestCancelledMeanwhile(t *testing.T) {
	for name, a := range map[string]answer{
		"throttled": failure(400, "ThrottlingException"),
		"conflict":  failure(400, "TransactionConflictException"),
		"keys":      {200, `{"UnprocessedKeys":{"t":{"Keys":[{"pk":{"S":"p"},"sk":{"S":"1"}}]}}}`},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		e, asked := serve(t, func(r request) answer {
			if r.n == 1 {
				cancel()
			}
			return a
		})
		_, err := e.Get(ctx, store.Control, []store.Key{{PK: "p", SK: "1"}, {PK: "p", SK: "2"}}, store.Strong)
		if name != "keys" {
			err = store.FirstError(e.Write(ctx, []store.Write{ticket(store.Put)}))
		}
		if !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrThrottled) {
			t.Errorf("%s: %v", name, err)
		}
		if got := len(asked()); got != 2 {
			t.Errorf("%s: %d requests", name, got)
		}
	}
}

// TestReasons has transactions cancelled for all kinds of reasons.
func TestReasons(t *testing.T) {
	for reasons, want := range map[string]struct {
		failed    []int
		throttled bool
		requests  int
	}{
		"ConditionalCheckFailed,None":                        {failed: []int{0}, requests: 1},
		"None,ConditionalCheckFailed,ConditionalCheckFailed": {failed: []int{1, 2}, requests: 1},
		"TransactionConflict,ConditionalCheckFailed":         {failed: []int{1}, requests: 1},
		"ConditionalCheckFailed,ValidationError":             {failed: []int{0}, requests: 1},
		"ThrottlingError,ConditionalCheckFailed":             {failed: []int{1}, requests: 1},
		"TransactionConflict,None":                           {throttled: true, requests: 6},
		"None,ThrottlingError":                               {throttled: true, requests: 6},
		"None,ProvisionedThroughputExceeded,ThrottlingError": {throttled: true, requests: 6},
		"ItemCollectionSizeLimitExceeded,None":               {requests: 1},
		"TransactionConflict,ValidationError":                {requests: 1},
		"ThrottlingError,SomethingThatNobodyHasHeardOf":      {requests: 1},
	} {
		t.Run(reasons, func(t *testing.T) {
			t.Parallel()
			var list []string
			for code := range strings.SplitSeq(reasons, ",") {
				list = append(list, fmt.Sprintf(`{"Code":%q}`, code))
			}
			e, asked := serve(t, inTurn(failure(400, "TransactionCanceledException", `"CancellationReasons":[`+strings.Join(list, ",")+`]`)))
			err := e.Transact(t.Context(), []store.Write{ticket(store.Put)})
			conditions, ok := errors.AsType[*store.ConditionError](err)
			switch {
			case err == nil,
				ok != (want.failed != nil), ok && !slices.Equal(conditions.Failed, want.failed),
				errors.Is(err, store.ErrThrottled) != want.throttled,
				len(asked()) != want.requests:
				t.Errorf("%v after %d requests", err, len(asked()))
			}
		})
	}
}

// TestOldItems has conditions fail, and the items given that they failed on, or
// not.
func TestOldItems(t *testing.T) {
	const item, odd = `"Item":{"pk":{"S":"p"},"sk":{"S":"s"},"n":{"N":"7"}}`, `"Item":{"pk":{"S":"p"},"sk":{"S":"s"},"n":{"L":[]}}`
	there := store.Attrs{{Name: "n", Value: store.N(7)}}
	w := func(c store.Cond) store.Write {
		w := ticket(store.Put)
		w.If = c
		return w
	}
	for name, c := range map[string]struct {
		cond store.Cond
		item string // in the answer
		want []store.Attrs
	}{
		"there":               {store.Absent(), item, []store.Attrs{there}},
		"not equal":           {store.Equals("n", store.N(8)), item, []store.Attrs{there}},
		"absent":              {store.Equals("n", store.N(8)), "", []store.Attrs{nil}},
		"there, but not said": {store.Absent(), "", nil},
		"not readable":        {store.Equals("n", store.N(8)), odd, nil},
	} {
		more := []string{}
		if c.item != "" {
			more = append(more, c.item)
		}
		e, asked := serve(t, inTurn(failure(400, "ConditionalCheckFailedException", more...)))
		wantOld(t, name, one(e, t, w(c.cond)), c.want)
		if got := asked()[0].body["ReturnValuesOnConditionCheckFailure"]; got != "ALL_OLD" {
			t.Errorf("%s: asked for %v", name, got)
		}

		reasons := `"CancellationReasons":[{"Code":"None"},` + strings.TrimSuffix(`{"Code":"ConditionalCheckFailed",`+c.item, ",") + `},{"Code":"ConditionalCheckFailed",` + item + `}]`
		e, asked = serve(t, inTurn(failure(400, "TransactionCanceledException", reasons)))
		ws := []store.Write{w(nil), w(c.cond), w(store.Absent())}
		ws[1].Key.SK, ws[2].Key.SK = "2", "3"
		if c.want != nil {
			c.want = append(c.want, there)
		}
		wantOld(t, name+", in a transaction", e.Transact(t.Context(), ws), c.want)
		for _, raw := range asked()[0].body["TransactItems"].([]any) {
			if got := raw.(map[string]any)["Put"].(map[string]any)["ReturnValuesOnConditionCheckFailure"]; got != "ALL_OLD" {
				t.Errorf("%s: asked for %v", name, got)
			}
		}
	}
}

func wantOld(t *testing.T, name string, err error, want []store.Attrs) {
	t.Helper()
	c, ok := errors.AsType[*store.ConditionError](err)
	if !ok || (c.Old == nil) != (want == nil) || !slices.EqualFunc(c.Old, want, func(a, b store.Attrs) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }) {
		t.Errorf("%s: %v, with %+v; want %+v", name, err, c, want)
	}
}

// TestTokens checks that an attempt after a lost answer is the same
// transaction, and one after a conflict another.
func TestTokens(t *testing.T) {
	conflict := failure(400, "TransactionCanceledException", `"CancellationReasons":[{"Code":"TransactionConflict"}]`)
	e, asked := serve(t, inTurn(answer{}, failure(500, "InternalServerError"), conflict, done))
	if err := e.Transact(t.Context(), []store.Write{ticket(store.Put)}); err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for _, r := range asked() {
		token, _ := r.body["ClientRequestToken"].(string)
		tokens = append(tokens, token)
	}
	if len(tokens) != 4 || tokens[0] == "" || tokens[0] != tokens[1] || tokens[1] != tokens[2] || tokens[2] == tokens[3] {
		t.Errorf("tokens %q", tokens)
	}
}

// TestConditionAfterLostAnswer is what the package's documentation says of it.
func TestConditionAfterLostAnswer(t *testing.T) {
	e, asked := serve(t, inTurn(answer{}, failure(400, "ConditionalCheckFailedException")))
	w := ticket(store.Put)
	w.If = store.Absent()
	if err := one(e, t, w); !errors.Is(err, store.ErrCondition) || len(asked()) != 2 {
		t.Errorf("%v after %d requests", err, len(asked()))
	}
}

// TestWritesFailByThemselves has one of many writes fail, each in its place.
func TestWritesFailByThemselves(t *testing.T) {
	e, _ := serve(t, func(r request) answer {
		key := r.body["Item"].(map[string]any)[store.SK].(map[string]any)["S"].(string)
		switch key {
		case "007":
			return failure(400, "ConditionalCheckFailedException")
		case "042":
			return failure(400, "ValidationException")
		}
		return done
	})
	var ws []store.Write
	for i := range 100 {
		ws = append(ws, store.Write{Table: store.Control, Key: store.Key{PK: "p", SK: fmt.Sprintf("%03d", i)}})
	}
	ws[99].Key.SK = ""
	for i, err := range e.Write(t.Context(), ws) {
		if fails := i == 7 || i == 42 || i == 99; fails != (err != nil) || (i == 7) != errors.Is(err, store.ErrCondition) {
			t.Errorf("write %d: %v", i, err)
		}
	}
}

// TestUnwritable has writes that DynamoDB, or the SDK, would not take as they
// are: nobody is asked.
func TestUnwritable(t *testing.T) {
	set := func(name string, v store.Value) store.Write {
		w := ticket(store.Put)
		w.Set = store.Attrs{{Name: name, Value: v}}
		return w
	}
	key := func(pk, sk string) store.Write {
		w := ticket(store.Put)
		w.Key = store.Key{PK: pk, SK: sk}
		return w
	}
	for want, w := range map[string]store.Write{
		"part of the key is empty": key("p", ""),
		"at most 2048 and 1024":    key("p", strings.Repeat("x", 1025)),
		"key is not UTF-8":         key("p\xff", "s"),
		"keep the item out":        set(store.ByDueTime.PK, store.S("")),
		"a key of an index is a":   set(store.ByDueTime.SK, store.N(1)),
		"the name is the key's":    set(store.PK, store.S("p")),
		"the string is not UTF-8":  set("text", store.S("\xff")),
	} {
		e, asked := serve(t, inTurn(done))
		for _, err := range []error{one(e, t, w), e.Transact(t.Context(), []store.Write{w})} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v; want %q", err, want)
			}
		}
		if len(asked()) > 0 {
			t.Errorf("%s: somebody was asked", want)
		}
	}
	e, _ := serve(t, inTurn(done))
	if err := one(e, t, set(store.ByChannel.PK, store.N(1))); err != nil {
		t.Errorf("a key of another table's index: %v", err)
	}
	if err := one(e, t, ticket(store.Delete+1)); err == nil {
		t.Error("an unknown operation succeeds")
	}
	if err := e.Transact(t.Context(), []store.Write{ticket(store.Put), ticket(store.Delete)}); err == nil {
		t.Error("a transaction of a key twice succeeds")
	}
}

// keysOf reads the keys of a request's list.
func keysOf(t *testing.T, list any) []store.Key {
	t.Helper()
	b, err := json.Marshal(list)
	var raw []struct{ PK, SK struct{ S string } }
	if err == nil {
		err = json.Unmarshal(b, &raw)
	}
	if err != nil {
		t.Error(err)
	}
	keys := make([]store.Key, len(raw))
	for i, r := range raw {
		keys[i] = store.Key{PK: r.PK.S, SK: r.SK.S}
	}
	return keys
}

func rawKey(k store.Key) string { return fmt.Sprintf(`{"pk":{"S":%q},"sk":{"S":%q}}`, k.PK, k.SK) }

// TestUnprocessedKeys reads 250 keys, some twice, from a table that gives at
// most 7 items at a time, now and then none, and one item twice.
func TestUnprocessedKeys(t *testing.T) {
	e, asked := serve(t, func(r request) answer {
		keys := keysOf(t, r.body["RequestItems"].(map[string]any)["t"].(map[string]any)["Keys"])
		if len(keys) > 100 || len(slices.Compact(slices.SortedFunc(slices.Values(keys), func(a, b store.Key) int { return strings.Compare(a.SK, b.SK) }))) != len(keys) {
			t.Errorf("asked for %d keys, or for one twice", len(keys))
		}
		n := min(7, len(keys))
		if r.n%4 == 3 {
			n = 0
		}
		var given, left []string
		for i, k := range keys {
			if i < n {
				given = append(given, rawKey(k))
			}
			if i >= n || i == 0 && r.n%10 == 0 { // the first is given, and said to be left
				left = append(left, rawKey(k))
			}
		}
		body := fmt.Sprintf(`{"Responses":{"t":[%s]}`, strings.Join(given, ","))
		if left != nil {
			body += fmt.Sprintf(`,"UnprocessedKeys":{"t":{"Keys":[%s]}}`, strings.Join(left, ","))
		}
		return answer{200, body + "}"}
	})
	var keys []store.Key
	for i := range 300 {
		keys = append(keys, store.Key{PK: "p", SK: fmt.Sprint(i % 250)})
	}
	keys = append(keys, store.Key{PK: "p"}) // no item has it
	items, err := e.Get(t.Context(), store.Control, keys, store.Strong)
	seen := map[store.Key]int{}
	for _, item := range items {
		seen[item.Key]++
	}
	if err != nil || len(items) != 250 || len(seen) != 250 {
		t.Errorf("%d items of %d keys, %v", len(items), len(seen), err)
	}
	if len(asked()) < 250/7 {
		t.Errorf("%d requests", len(asked()))
	}
}

func TestUnprocessedForEver(t *testing.T) {
	e, asked := serve(t, func(r request) answer {
		keys := keysOf(t, r.body["RequestItems"].(map[string]any)["t"].(map[string]any)["Keys"])
		return answer{200, fmt.Sprintf(`{"Responses":{"t":[]},"UnprocessedKeys":{"t":{"Keys":[%s]}}}`, rawKey(keys[0]))}
	})
	_, err := e.Get(t.Context(), store.Control, []store.Key{{PK: "p", SK: "1"}, {PK: "p", SK: "2"}}, store.Strong)
	if !errors.Is(err, store.ErrThrottled) || len(asked()) != 9 {
		t.Errorf("%v after %d requests", err, len(asked()))
	}
}

// TestPages reads short pages, of which one is empty, and checks where each
// request goes on.
func TestPages(t *testing.T) {
	last := `"LastEvaluatedKey":{"pk":{"S":"base"},"sk":{"S":"%s"},"opk":{"S":"p"},"csk":{"S":"i%[1]s"}}`
	e, asked := serve(t, inTurn(
		answer{200, `{"Items":[{"pk":{"S":"base"},"sk":{"S":"1"},"opk":{"S":"p"},"csk":{"S":"i1"},"tst":{"S":"open"},"more":{"S":"x"}}],` + fmt.Sprintf(last, "1") + `}`},
		answer{200, `{"Items":[],` + fmt.Sprintf(last, "2") + `}`},
		answer{200, `{"Items":[{"pk":{"S":"base"},"sk":{"S":"3"},"opk":{"S":"p"},"csk":{"S":"i3"},"due":{"N":"3"}}]}`},
	))
	q := store.Query{Table: store.Conversations, Index: store.ByOwner, PK: "p", From: "i", To: "j", Limit: 5, Read: store.Strong}
	var got []string
	for n := 0; n == 0 || q.After != ""; n++ {
		page, err := e.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			got = append(got, item.Key.SK)
			if len(item.Attrs) != 3 || item.Attrs.Str("more") != "" {
				t.Errorf("an item of the index has %+v", item.Attrs)
			}
		}
		q.After = page.Next
	}
	if !slices.Equal(got, []string{"1", "3"}) || len(asked()) != 3 {
		t.Errorf("%q from %d requests", got, len(asked()))
	}
	for i, r := range asked() {
		start, _ := r.body["ExclusiveStartKey"].(map[string]any)
		if i > 0 && (start[store.ByOwner.SK].(map[string]any)["S"] != fmt.Sprint("i", i) || start[store.SK].(map[string]any)["S"] != fmt.Sprint(i)) || i == 0 && start != nil {
			t.Errorf("request %d starts at %v", i, start)
		}
		if r.body["ConsistentRead"] == true {
			t.Error("an index is asked for a strong read, which it refuses")
		}
	}
	// What DynamoDB would refuse to say is nothing, without asking.
	for _, q := range []store.Query{{From: "b", To: "a", PK: "p"}, {PK: ""}, {PK: strings.Repeat("x", 3000)}} {
		q.Table, q.Limit = store.Control, 1
		if page, err := e.Query(t.Context(), q); err != nil || len(page.Items) > 0 || page.Next != "" {
			t.Errorf("%d items, %v", len(page.Items), err)
		}
	}
	if len(asked()) != 3 {
		t.Error("it was asked")
	}
}

// TestConsistency looks at what is asked for: peers are never behind.
func TestConsistency(t *testing.T) {
	for _, c := range []store.Consistency{store.Eventual, store.Strong} {
		e, asked := serve(t, inTurn(done))
		keys := []store.Key{{PK: "p", SK: "1"}, {PK: "p", SK: "2"}}
		_, err1 := e.Get(t.Context(), store.Control, keys[:1], c)
		_, err2 := e.Get(t.Context(), store.Control, keys, c)
		_, err3 := e.Query(t.Context(), store.Query{Table: store.Control, PK: "p", Limit: 1, Read: c})
		if err := errors.Join(err1, err2, err3); err != nil || len(asked()) != 3 {
			t.Fatalf("%d requests, %v", len(asked()), err)
		}
		for _, r := range asked() {
			in := r.body
			if batch, ok := in["RequestItems"].(map[string]any); ok {
				in = batch["t"].(map[string]any)
			}
			if in["ConsistentRead"] != bool(c) {
				t.Errorf("%s: ConsistentRead is %v, want %v", r.target, in["ConsistentRead"], c)
			}
		}
	}
}

// TestCountAddsPagesUp counts what DynamoDB reads in several steps, up to a limit.
func TestCountAddsPagesUp(t *testing.T) {
	const more = `{"Count":%d,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"s"}}}`
	e, asked := serve(t, inTurn(answer{200, fmt.Sprintf(more, 9000)}, answer{200, fmt.Sprintf(more, 0)}, answer{200, fmt.Sprintf(more, 1000)}, answer{200, `{"Count":7}`}))
	q := store.Query{Table: store.Conversations, Index: store.ByChannel, PK: "p", Limit: 20_000}
	if n, err := e.Count(t.Context(), q); n != 10_007 || err != nil {
		t.Errorf("%d, %v; want 10007", n, err)
	}
	for i, r := range asked() {
		if r.body["Select"] != "COUNT" || r.body["Limit"] != []any{20_000.0, 11_000.0, 11_000.0, 10_000.0}[i] || (r.body["ExclusiveStartKey"] != nil) != (i > 0) {
			t.Errorf("request %d: %v", i, r.body)
		}
	}
	e, asked = serve(t, inTurn(answer{200, fmt.Sprintf(more, 9000)}, answer{200, fmt.Sprintf(more, 1000)}))
	q.Limit = 10_000
	if n, err := e.Count(t.Context(), q); n != 10_000 || err != nil || len(asked()) != 2 {
		t.Errorf("up to 10000: %d, %v in %d requests", n, err, len(asked()))
	}
	e, _ = serve(t, inTurn(answer{200, fmt.Sprintf(more, 9000)}, failure(400, "ValidationException")))
	if n, err := e.Count(t.Context(), q); n != 0 || err == nil {
		t.Errorf("a page that fails: %d, %v", n, err)
	}
}
