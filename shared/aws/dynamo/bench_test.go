package dynamo_test

import (
	"fmt"
	"testing"

	"deskmove/infra/test/peers"
	"deskmove/shared/store"
)

// BenchmarkWrite puts a hundred items at a time, as a batch of conversations
// does. What it measures is mostly the peer.
func BenchmarkWrite(b *testing.B) {
	e := newEngine(b, config(peers.DynamoDB(b)))
	set := store.Attrs{{Name: store.ByChannel.PK, Value: store.S("i")}}
	for i := range 20 {
		set = append(set, store.Attr{Name: fmt.Sprint("name", i), Value: store.S("some thirty bytes of a value...")})
	}
	ws := make([]store.Write, 100)
	for n := 0; b.Loop(); n++ {
		for i := range ws {
			ws[i] = store.Write{
				Table: store.Conversations, Key: store.Key{PK: fmt.Sprint("p", n, "#", i), SK: "s"}, If: store.Absent(),
				Set: append(set[:len(set):len(set)], store.Attr{Name: store.ByChannel.SK, Value: store.S(fmt.Sprint(i))}),
			}
		}
		if err := store.FirstError(e.Write(b.Context(), ws)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(ws))/b.Elapsed().Seconds(), "writes/s")
}
