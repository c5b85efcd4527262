package storetest

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"deskmove/shared/store"
)

func puts(k *kit) {
	key := k.key("p", "1")
	k.must(store.Write{Table: store.Conversations, Key: key, Set: attrs("a", 1, "b", "two")})
	k.must(store.Write{Table: store.Conversations, Key: key, Set: attrs("b", "three", "c", 4)})
	k.wantItem(store.Conversations, key, attrs("b", "three", "c", 4)) // a is gone: the whole item was replaced
	k.must(store.Write{Table: store.Conversations, Key: key})
	k.wantItem(store.Conversations, key, attrs())
	k.wantItem(store.Control, key, nil) // another table
}

func updates(k *kit) {
	key := k.key("p", "1")
	update := func(w store.Write) {
		w.Op, w.Table, w.Key = store.Update, store.Control, key
		k.must(w)
	}
	update(store.Write{Add: attrs("n", -3)})
	k.wantItem(store.Control, key, attrs("n", -3))
	update(store.Write{Set: attrs("s", "x", "t", 1), Add: attrs("n", 5)})
	k.wantItem(store.Control, key, attrs("n", 2, "s", "x", "t", 1))
	update(store.Write{Set: attrs("t", "now a string"), Remove: []string{"s", "never there"}})
	k.wantItem(store.Control, key, attrs("n", 2, "t", "now a string"))
	update(store.Write{Remove: []string{"n", "t"}})
	k.wantItem(store.Control, key, attrs())

	key = k.key("p", "2")
	update(store.Write{Remove: []string{"n"}})
	if got, _ := k.item(store.Control, key); len(got) != 0 { // it may be there, without attributes
		k.Fatalf("an update that removes made %+v", got)
	}
}

func deletes(k *kit) {
	key := k.key("p", "1")
	remove := store.Write{Op: store.Delete, Table: store.Conversations, Key: key}
	k.must(remove)
	k.must(store.Write{Table: store.Conversations, Key: key, Set: attrs("a", 1)})
	k.must(remove)
	k.wantItem(store.Conversations, key, nil)
	k.must(remove)
}

func values(k *kit) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	want := attrs(
		"min", store.N(math.MinInt64), "max", store.N(math.MaxInt64), "zero", 0, "minus", -1,
		"beyond a float", store.N(1<<53+1),
		"empty", "", "unicode", "Grüße, 東京 \U0001F600 e\u0301", "controls", "a\x00b\tc\nd\u2028",
		"no bytes", store.B(""), "bytes", store.B(string(all)), "nul", store.B("\x00"),
		"näme", "x", "a.b[0]", "x", "#n", "x", ":v", "x", "select", "x", strings.Repeat("n", 200), "x",
	)
	key := k.key("ünï \U0001F600", "s\x00k\t東")
	k.must(store.Write{Table: store.Conversations, Key: key, Set: want})
	k.wantItem(store.Conversations, key, want)
	if got := k.all(store.Query{Table: store.Conversations, PK: key.PK, Limit: 2, Read: store.Strong}); len(got) != 1 ||
		got[0].Key != key || diffAttrs(want, got[0].Attrs) != "" {
		k.Fatalf("query gave %+v", got)
	}
	k.must(store.Write{Op: store.Update, Table: store.Conversations, Key: key,
		Set: attrs("select", store.N(math.MinInt64), ":v", 1), Add: attrs("max", -1, "min", 1), Remove: []string{"a.b[0]", "#n"},
		If: store.Equals("max", store.N(math.MaxInt64)).And(store.Equals("min", store.N(math.MinInt64)))})
	got, _ := k.item(store.Conversations, key)
	if _, ok := got.Find("#n"); ok || got.Num("max") != math.MaxInt64-1 || got.Num("min") != math.MinInt64+1 ||
		got.Num("select") != math.MinInt64 || len(got) != len(want)-2 {
		k.Fatalf("after the update: %+v", got)
	}
	k.must(store.Write{Table: store.Conversations, Key: key, If: store.Equals("beyond a float", store.N(1<<53+1)).
		And(store.Equals("bytes", store.B(string(all))))})
}

func largeItems(k *kit) {
	for _, size := range []int{1, 1000, 2000, 4000, 8000, 8200, 40_000, 300_000} {
		key := k.key("p", fmt.Sprint(size))
		want := attrs("body", strings.Repeat("x", size), "ver", 1)
		k.must(store.Write{Table: store.Conversations, Key: key, Set: want, If: store.Absent()})
		k.wantItem(store.Conversations, key, want)
		k.must(store.Write{Op: store.Update, Table: store.Conversations, Key: key, Add: attrs("ver", 1), If: store.Equals("ver", store.N(1))})
		k.wantItem(store.Conversations, key, want.With("ver", store.N(2)))
	}
}

// emptyKeys are refused everywhere, since DynamoDB does.
func emptyKeys(k *kit) {
	for _, key := range []store.Key{{PK: "", SK: "a"}, {PK: k.prefix, SK: ""}} {
		w := store.Write{Table: store.Control, Key: key, Set: attrs("a", 1)}
		if k.write(w) == nil {
			k.Errorf("write to key %q succeeds", key)
		}
		if k.engine.Transact(k.ctx, []store.Write{w}) == nil {
			k.Errorf("transaction with key %q succeeds", key)
		}
	}
}

// manyWrites does more writes than any one call of a database takes, some of
// which fail.
func manyWrites(k *kit) {
	var ws []store.Write
	for i := range 250 {
		w := store.Write{Table: []store.Table{store.Conversations, store.Control}[i%2], Key: k.key("p", fmt.Sprint(i)), Set: attrs("i", i)}
		switch i % 5 {
		case 1:
			w.Op, w.If = store.Update, store.Exists()
		case 2:
			w.If = store.Absent()
		case 3:
			w.Op, w.Set, w.If = store.Delete, nil, store.Equals("i", store.N(0))
		}
		ws = append(ws, w)
	}
	errs := k.engine.Write(k.ctx, ws)
	if len(errs) != len(ws) {
		k.Fatalf("%d errors for %d writes", len(errs), len(ws))
	}
	for i, err := range errs {
		fails := i%5 == 1 || i%5 == 3
		if fails != errors.Is(err, store.ErrCondition) || fails != (err != nil) {
			k.Errorf("write %d: %v", i, err)
		}
		if fails {
			k.wantItem(ws[i].Table, ws[i].Key, nil)
		} else {
			k.wantItem(ws[i].Table, ws[i].Key, ws[i].Set)
		}
	}
}

// nothing is what empty calls do.
func nothing(k *kit) {
	if errs := k.engine.Write(k.ctx, nil); errs != nil {
		k.Errorf("Write of nothing = %v", errs)
	}
	if err := k.engine.Transact(k.ctx, nil); err != nil {
		k.Errorf("Transact of nothing = %v", err)
	}
	if items, err := k.engine.Get(k.ctx, store.Conversations, nil, store.Eventual); err != nil || len(items) != 0 {
		k.Errorf("Get of nothing = %v, %v", items, err)
	}
}

func get(k *kit) {
	var ws []store.Write
	var keys []store.Key
	for i := range 300 {
		key := k.key(fmt.Sprint("p", i%7), fmt.Sprint(i))
		keys = append(keys, key)
		if i%3 != 0 {
			ws = append(ws, store.Write{Table: store.Conversations, Key: key, Set: attrs("i", i, "pad", strings.Repeat("x", 10_000))})
		}
	}
	k.must(ws...)
	items, err := k.engine.Get(k.ctx, store.Conversations, keys, store.Strong)
	if err != nil {
		k.Fatal(err)
	}
	got := map[store.Key]store.Attrs{}
	for _, item := range items {
		got[item.Key] = item.Attrs
	}
	if len(items) != len(ws) || len(got) != len(ws) {
		k.Errorf("%d items with %d keys, want %d", len(items), len(got), len(ws))
	}
	for _, w := range ws {
		if diff := diffAttrs(w.Set, got[w.Key]); diff != "" {
			k.Errorf("%q (-want +got):\n%s", w.Key, diff)
		}
	}
	k.eventually(func() string {
		items, err := k.engine.Get(k.ctx, store.Conversations, keys, store.Eventual)
		if err != nil || len(items) != len(ws) {
			return fmt.Sprintf("eventual Get = %d items, %v", len(items), err)
		}
		return ""
	})
}
