package dynamo_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
)

// A table as DescribeTable describes it, part by part.
const (
	aKeys       = `"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]`
	someKinds   = `{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"ipk","AttributeType":"S"},{"AttributeName":"isk","AttributeType":"S"},{"AttributeName":"id","AttributeType":"S"}`
	kinds       = `"AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"S"},` + someKinds + `]`
	anIndex     = `"GlobalSecondaryIndexes":[{"IndexName":"list","IndexStatus":"ACTIVE","Projection":{"ProjectionType":"KEYS_ONLY"},` + anIndexKeys + `}]`
	anIndexKeys = `"KeySchema":[{"AttributeName":"ipk","KeyType":"HASH"},{"AttributeName":"isk","KeyType":"RANGE"}]`
	aStream     = `"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}`
	active      = `"TableStatus":"ACTIVE"`
)

func table(parts ...string) answer {
	return answer{200, `{"Table":{` + strings.Join(parts, ",") + `}}`}
}

// TestCheck has tables that are wrong in each way, and one that is right.
func TestCheck(t *testing.T) {
	right := table(active, aKeys, kinds, anIndex, aStream)
	for name, c := range map[string]struct {
		table   answer
		wants   []string // in the error
		streams bool     // only the table that has a stream is wrong
	}{
		"right":          {table: right},
		"being updated":  {table: table(`"TableStatus":"UPDATING"`, aKeys, kinds, anIndex, aStream)},
		"missing":        {table: failure(400, "ResourceNotFoundException"), wants: []string{"does not exist", "correct CONTROL_TABLE", "correct TICKETS_TABLE"}},
		"being made":     {table: table(`"TableStatus":"CREATING"`, aKeys, kinds, anIndex, aStream), wants: []string{"it is CREATING: wait"}},
		"no sort key":    {table: table(active, `"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]`, kinds, anIndex, aStream), wants: []string{"its keys are pk (S), not pk (S), sk (S)", "use a table"}},
		"another key":    {table: table(active, strings.Replace(aKeys, `"pk"`, `"id"`, 1), kinds, anIndex, aStream), wants: []string{"its keys are id (S), sk (S), not"}},
		"number as key":  {table: table(active, aKeys, `"AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"N"},`+someKinds+`]`, anIndex, aStream), wants: []string{"pk (S), sk (N), not"}},
		"no index":       {table: table(active, aKeys, kinds, aStream), wants: []string{"it has no index list", "deploy the stack"}},
		"another index":  {table: table(active, aKeys, kinds, strings.Replace(anIndex, "list", "lists", 1), aStream), wants: []string{"it has no index list"}},
		"index's keys":   {table: table(active, aKeys, kinds, strings.Replace(anIndex, anIndexKeys, aKeys, 1), aStream), wants: []string{"the keys of its index list are pk (S), sk (S), not ipk (S), isk (S)", "delete the index"}},
		"projects all":   {table: table(active, aKeys, kinds, strings.Replace(anIndex, "KEYS_ONLY", "ALL", 1), aStream), wants: []string{"projects ALL, not KEYS_ONLY"}},
		"projects some":  {table: table(active, aKeys, kinds, strings.Replace(anIndex, "KEYS_ONLY", "INCLUDE", 1), aStream), wants: []string{"projects INCLUDE, not KEYS_ONLY"}},
		"index is made":  {table: table(active, aKeys, kinds, strings.Replace(anIndex, "ACTIVE", "CREATING", 1), aStream), wants: []string{"index list is CREATING: wait"}},
		"no stream":      {table: table(active, aKeys, kinds, anIndex), wants: []string{"its stream is off", "deploy the stack"}, streams: true},
		"stream off":     {table: table(active, aKeys, kinds, anIndex, strings.Replace(aStream, "true", "false", 1)), wants: []string{"its stream is off"}, streams: true},
		"stream of keys": {table: table(active, aKeys, kinds, anIndex, strings.Replace(aStream, "NEW_AND_OLD_IMAGES", "KEYS_ONLY", 1)), wants: []string{"its stream shows KEYS_ONLY, not NEW_AND_OLD_IMAGES"}, streams: true},
		"two things":     {table: table(active, aKeys, kinds, aStream, `"GlobalSecondaryIndexes":[]`, strings.Replace(aStream, "true", "false", 1)), wants: []string{"it has no index"}},
		"denied":         {table: failure(400, "AccessDeniedException"), wants: []string{"AccessDeniedException"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, asked := serve(t, inTurn(c.table))
			err := e.Check(t.Context())
			if len(asked()) != 3 {
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
			tables := []string{`table "c" of the conversations: `, `table "t" of the tickets: `, `table "k" of the control: `}
			if c.streams {
				tables = tables[:1]
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
	e := dynamo.New(client, streams, dynamo.Tables{Tickets: "t", Control: "t"})
	e.Patience = 100 * time.Millisecond
	err := e.Check(t.Context())
	for _, want := range []string{
		`table "" of the conversations: it has no name: set CONVERSATIONS_TABLE`,
		`table "t" of the control: it is that of the tickets too: correct CONTROL_TABLE`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestCheckBusy(t *testing.T) {
	e, _ := serve(t, inTurn(failure(500, "InternalServerError")))
	if err := e.Check(t.Context()); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("%v", err)
	}
}
