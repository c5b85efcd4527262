package transfer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"deskmove/shared/api"
)

// TestAsRead leaves out what came in between the reading of a conversation and that of its
// messages, whenever it was written.
func TestAsRead(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	ms := func(taken ...int) (all []api.Fact) {
		for i, n := range taken {
			all = append(all, api.Fact{Message: &api.MessageFacts{ID: fmt.Sprint(i), TakenInAt: at.Add(time.Duration(n) * time.Second)}})
		}
		return all
	}
	for name, c := range map[string]struct {
		count int64
		of    []api.Fact
		want  []string
	}{
		"all":               {3, ms(1, 2, 3), []string{"0", "1", "2"}},
		"one more":          {2, ms(1, 2, 3), []string{"0", "1"}},
		"old ones, brought": {2, ms(1, 8, 9, 2), []string{"0", "3"}},
	} {
		got, err := asRead(api.ConversationFacts{ID: "c1", MessageCount: c.count}, c.of)
		var ids []string
		for _, f := range got {
			ids = append(ids, f.Message.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, ids, err, c.want)
		}
	}
	if _, err := asRead(api.ConversationFacts{ID: "c1", MessageCount: 3}, ms(1, 2)); err == nil {
		t.Error("a message is missing, and nothing says so")
	}
}
