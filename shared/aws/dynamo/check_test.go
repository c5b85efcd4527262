package dynamo_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
)

// A table as DescribeTable describes it, part by part. It has the indexes of
// both tables; who looks for those of one finds them.
const (
	aKeys     = `"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]`
	someKinds = `{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"cpk","AttributeType":"S"},{"AttributeName":"csk","AttributeType":"S"},` +
		`{"AttributeName":"opk","AttributeType":"S"},` +
		`{"AttributeName":"dpk","AttributeType":"S"},{"AttributeName":"dsk","AttributeType":"S"},{"AttributeName":"id","AttributeType":"S"}`
	kinds     = `"AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"S"},` + someKinds + `]`
	byChannel = `{"IndexName":"channel","IndexStatus":"ACTIVE","Projection":{"ProjectionType":"KEYS_ONLY"},` +
		`"KeySchema":[{"AttributeName":"cpk","KeyType":"HASH"},{"AttributeName":"csk","KeyType":"RANGE"}]}`
	byOwner = `{"IndexName":"open","IndexStatus":"ACTIVE","Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["own","home","prov","tst","cpk","tow","due"]},` +
		`"KeySchema":[{"AttributeName":"csk","KeyType":"RANGE"},{"AttributeName":"opk","KeyType":"HASH"}]}`
	byDueTime = `{"IndexName":"due","IndexStatus":"ACTIVE","Projection":{"ProjectionType":"KEYS_ONLY"},` +
		`"KeySchema":[{"AttributeName":"dpk","KeyType":"HASH"},{"AttributeName":"dsk","KeyType":"RANGE"}]}`
	anIndex = `"GlobalSecondaryIndexes":[` + byChannel + "," + byOwner + "," + byDueTime + `]`
	aStream = `"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}`
	active  = `"TableStatus":"ACTIVE"`
)

func table(parts ...string) answer {
	return answer{200, `{"Table":{` + strings.Join(parts, ",") + `}}`}
}

// TestCheck has tables that are wrong in each way, and one that is right.
func TestCheck(t *testing.T) {
	right := table(active, aKeys, kinds, anIndex, aStream)
	with := func(old, new string) answer { // an index that is otherwise
		if strings.Count(anIndex, old) != 1 {
			t.Fatalf("%q is not in it once", old)
		}
		return table(active, aKeys, kinds, strings.Replace(anIndex, old, new, 1), aStream)
	}
	const keysOnly, otherKeys = `"KEYS_ONLY"},"KeySchema":[{"AttributeName":"dpk"`, `"KEYS_ONLY"},"KeySchema":[{"AttributeName":"pk"`
	for name, c := range map[string]struct {
		table answer
		wants []string // in the error
		only  string   // the one table that is wrong
	}{
		"right":          {table: right},
		"being updated":  {table: table(`"TableStatus":"UPDATING"`, aKeys, kinds, anIndex, aStream)},
		"missing":        {table: failure(400, "ResourceNotFoundException"), wants: []string{"does not exist", "correct CONTROL_TABLE", "correct CONVERSATIONS_TABLE"}},
		"being made":     {table: table(`"TableStatus":"CREATING"`, aKeys, kinds, anIndex, aStream), wants: []string{"it is CREATING: wait"}},
		"no sort key":    {table: table(active, `"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]`, kinds, anIndex, aStream), wants: []string{"its keys are pk (S), not pk (S), sk (S)", "use a table"}},
		"another key":    {table: table(active, strings.Replace(aKeys, `"pk"`, `"id"`, 1), kinds, anIndex, aStream), wants: []string{"its keys are id (S), sk (S), not"}},
		"number as key":  {table: table(active, aKeys, `"AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"N"},`+someKinds+`]`, anIndex, aStream), wants: []string{"pk (S), sk (N), not"}},
		"no index":       {table: table(active, aKeys, kinds, aStream), wants: []string{"it has no index channel", "it has no index open", "it has no index due", "deploy the stack"}},
		"another index":  {table: with(`"IndexName":"due"`, `"IndexName":"list"`), wants: []string{"it has no index due"}, only: "control"},
		"index's keys":   {table: with(keysOnly, otherKeys), wants: []string{"the keys of its index due are pk (S), dsk (S), not dpk (S), dsk (S)", "delete the index"}, only: "control"},
		"projects all":   {table: with(keysOnly, strings.Replace(keysOnly, "KEYS_ONLY", "ALL", 1)), wants: []string{"index due projects ALL, not KEYS_ONLY"}, only: "control"},
		"projects keys":  {table: with("INCLUDE", "KEYS_ONLY"), wants: []string{"index open projects KEYS_ONLY, not INCLUDE of cpk, due, home, own, prov, tow, tst"}, only: "conversations"},
		"projects less":  {table: with(`"tst",`, ``), wants: []string{"projects INCLUDE of cpk, due, home, own, prov, tow, not INCLUDE of cpk, due, home, own, prov, tow, tst"}, only: "conversations"},
		"projects more":  {table: with(`"tst",`, `"tst","sub",`), wants: []string{"projects INCLUDE of cpk, due, home, own, prov, sub, tow, tst, not"}, only: "conversations"},
		"index is made":  {table: with(`"open","IndexStatus":"ACTIVE"`, `"open","IndexStatus":"CREATING"`), wants: []string{"index open is CREATING: wait"}, only: "conversations"},
		"no stream":      {table: table(active, aKeys, kinds, anIndex), wants: []string{"its stream is off", "deploy the stack"}, only: "conversations"},
		"stream off":     {table: table(active, aKeys, kinds, anIndex, strings.Replace(aStream, "true", "false", 1)), wants: []string{"its stream is off"}, only: "conversations"},
		"stream of keys": {table: table(active, aKeys, kinds, anIndex, strings.Replace(aStream, "NEW_AND_OLD_IMAGES", "KEYS_ONLY", 1)), wants: []string{"its stream shows KEYS_ONLY, not NEW_AND_OLD_IMAGES"}, only: "conversations"},
		"two things":     {table: table(active, aKeys, kinds, aStream, `"GlobalSecondaryIndexes":[]`, strings.Replace(aStream, "true", "false", 1)), wants: []string{"it has no index"}},
		"denied":         {table: failure(400, "AccessDeniedException"), wants: []string{"AccessDeniedException"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, asked := serve(t, inTurn(c.table))
			err := e.Check(t.Context())
			if len(asked()) != 2 {
				t.Errorf("%d requests", len(asked()))
			}
			if c.wants == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("nothing is wrong")
			}
			lines := strings.Split(err.Error(), "\n")
			tables := []string{`table "c" of the conversations: `, `table "t" of the control: `}
			switch c.only {
			case "conversations":
				tables = tables[:1]
			case "control":
				tables = tables[1:]
			}
			if len(lines) != len(tables) {
				t.Fatalf("%d lines for %d tables:\n%v", len(lines), len(tables), err)
			}
			for i := range tables {
				if !strings.HasPrefix(lines[i], tables[i]) {
					t.Errorf("line %q does not begin with %q", lines[i], tables[i])
				}
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
		})
	}
}

// TestCheckNames has names missing and given twice.
func TestCheckNames(t *testing.T) {
	client, streams := dynamo.Clients(config("http://127.0.0.1:1"))
	e := dynamo.New(client, streams, dynamo.Tables{Conversations: "t", Control: "t"})
	e.Patience = 100 * time.Millisecond
	err := e.Check(t.Context())
	for _, want := range []string{
		`table "t" of the control: it is that of the conversations too: correct CONTROL_TABLE`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestCheckNoName(t *testing.T) {
	client, streams := dynamo.Clients(config("http://127.0.0.1:1"))
	err := dynamo.New(client, streams, dynamo.Tables{}).Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), `table "" of the conversations: it has no name: set CONVERSATIONS_TABLE`) {
		t.Errorf("%v", err)
	}
}

func TestCheckBusy(t *testing.T) {
	e, _ := serve(t, inTurn(failure(500, "InternalServerError")))
	if err := e.Check(t.Context()); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("%v", err)
	}
}
