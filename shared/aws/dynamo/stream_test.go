package dynamo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/store"
)

// records is an answer of GetRecords: changes with these sequence numbers, and
// whether the shard goes on.
func records(more bool, sequences ...int) answer {
	list := make([]string, len(sequences))
	for i, n := range sequences {
		list[i] = fmt.Sprintf(`{"eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1700000000,"SequenceNumber":"%d",
			"Keys":{"pk":{"S":"p"},"sk":{"S":"s"}},"NewImage":{"pk":{"S":"p"},"sk":{"S":"s"},"home":{"S":"inbox"},"ver":{"N":"%[1]d"},"b":{"B":"AAE="}}}}`, n)
	}
	return page(more, list)
}

// elsewhere is such an answer with changes that the stream leaves out.
func elsewhere(more bool, sequences ...int) answer {
	a := records(more, sequences...)
	a.body = strings.ReplaceAll(a.body, "inbox", "helpdesk")
	return a
}

func page(more bool, list []string) answer {
	next := ""
	if more {
		next = `,"NextShardIterator":"next"`
	}
	return answer{200, fmt.Sprintf(`{"Records":[%s]%s}`, strings.Join(list, ","), next)}
}

var iterator = answer{200, `{"ShardIterator":"first"}`}

func sequences(changes []store.Change) (all []string) {
	for _, c := range changes {
		all = append(all, c.Sequence)
	}
	return all
}

// TestBetween reads a shard whose answers come as they may.
func TestBetween(t *testing.T) {
	trimmed, empty := failure(400, "TrimmedDataAccessException"), records(true)
	shards := answer{200, `{"StreamDescription":{"Shards":[{"ShardId":"other"}]}}`}
	ours := answer{200, `{"StreamDescription":{"Shards":[{"ShardId":"shard"}]}}`}
	gone := failure(400, "ResourceNotFoundException")
	for name, c := range map[string]struct {
		answers []answer
		want    []string
		fails   bool
	}{
		"at once":             {[]answer{iterator, records(true, 7, 8, 100)}, []string{"7", "8"}, false},
		"the same for ever":   {[]answer{iterator, records(true, 7)}, nil, true},
		"to the last":         {[]answer{iterator, records(true, 7), records(true, 8, 99)}, []string{"7", "8", "99"}, false},
		"empty ones first":    {[]answer{iterator, empty, empty, empty, empty, empty, records(true, 7), empty, records(true, 99)}, []string{"7", "99"}, false},
		"others left out":     {[]answer{iterator, elsewhere(true, 7, 8), records(true, 9), elsewhere(true, 10), records(true, 11), elsewhere(true, 99)}, []string{"9", "11"}, false},
		"shard ends":          {[]answer{iterator, records(true, 7), records(false, 8)}, []string{"7", "8"}, false},
		"first is trimmed":    {[]answer{trimmed, iterator, records(true, 60, 99)}, []string{"60", "99"}, false},
		"trimmed meanwhile":   {[]answer{iterator, trimmed, iterator, records(true, 60), records(true, 99)}, []string{"60", "99"}, false},
		"all are trimmed":     {[]answer{trimmed, iterator, records(true, 101)}, nil, false},
		"all and no others":   {[]answer{trimmed, iterator, empty}, nil, false},
		"shard is gone":       {[]answer{gone, shards}, nil, false},
		"stream is gone":      {[]answer{gone}, nil, true},
		"shard there, denied": {[]answer{gone, ours}, nil, true},
		"never comes":         {[]answer{iterator, empty}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			e, asked := serve(t, inTurn(c.answers...))
			got, err := e.Between(t.Context(), "shard", "7", "99")
			if (err != nil) != c.fails || !slices.Equal(sequences(got), c.want) {
				t.Errorf("%q, %v", sequences(got), err)
			}
			if name == "never comes" && !errors.Is(err, store.ErrThrottled) {
				t.Errorf("%v", err)
			}
			if first := asked()[0]; first.body["ShardIteratorType"] != "AT_SEQUENCE_NUMBER" || first.body["SequenceNumber"] != "7" {
				t.Errorf("asked for %v", first.body)
			}
		})
	}
}

// TestImages reads changes with both images.
func TestImages(t *testing.T) {
	e, _ := serve(t, inTurn(iterator, records(true, 5, 6)))
	got, err := e.Between(t.Context(), "shard", "5", "6")
	if err != nil || !slices.Equal(sequences(got), []string{"5", "6"}) {
		t.Fatalf("%q, %v", sequences(got), err)
	}
	c := got[1]
	if c.Key != (store.Key{PK: "p", SK: "s"}) || c.Old != nil || len(c.New) != 3 || c.New.Num("ver") != 6 || c.New.Str("b") != "\x00\x01" ||
		!c.At.Equal(time.Unix(1_700_000_000, 0)) {
		t.Errorf("%+v", c)
	}
}
