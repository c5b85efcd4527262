package sqlite_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

const subject = "Re: Order 4711 has not arrived, and the tracking page shows nothing since Monday"

// conversationID is like the real ones: the time taken in, then something random.
func conversationID(i int) string {
	return fmt.Sprintf("%011x%08x", 1_790_000_000_000+i*977, uint32(i)*2654435761)
}

// header is the key of a conversation.
func header(i int) store.Key { return store.HeaderKey("acme", conversationID(i)) }

// owned of a thousand conversations are open, so that their owner's list has
// them.
const owned = 100

// conversation is the write of a header, much as package store writes it.
func conversation(i int) store.Write {
	at, id := 1_790_000_000_000+int64(i)*977, conversationID(i)
	var a store.Attrs
	text := func(pairs ...string) {
		for p := 0; p < len(pairs); p += 2 {
			a = append(a, store.Attr{Name: pairs[p], Value: store.S(pairs[p+1])}) // #nosec G602 -- each name has a value
		}
	}
	text("sub", subject, "cus", "jane.doe.of.acme@example.com", "st", "closed", store.Home, "inbox", "own", "agent-17",
		store.ByChannel.PK, fmt.Sprint("acme, support-mail ", i%16), store.ByChannel.SK, fmt.Sprint(at, id))
	if i%1000 < owned {
		text(store.ByOwner.PK, "acme, open, 4 7")
	}
	for _, name := range []string{"sta", "cha", "cua", "fst", "clo"} {
		a = append(a, store.Attr{Name: name, Value: store.N(at)})
	}
	a = append(a, store.Attr{Name: "rev", Value: store.N(3)}, store.Attr{Name: "cur", Value: store.N(2)}, store.Attr{Name: "num", Value: store.N(3)})
	return store.Write{Table: store.Conversations, Key: header(i), Set: a, If: store.Absent()}
}

// moved is the write that gives a conversation its ticket: it leaves the inbox.
func moved(i int) store.Write {
	return store.Write{
		Op: store.Update, Table: store.Conversations, Key: header(i), If: store.Equals("rev", store.N(3)),
		Set: store.Attrs{{Name: store.Home, Value: store.S("helpdesk")}, {Name: "mov", Value: store.S("m1795000000000a1b2c3d4")},
			{Name: "prov", Value: store.S("history")}, {Name: "tst", Value: store.S("solved")}, {Name: "tow", Value: store.S("agent-17")},
			{Name: "imp", Value: store.N(1_790_000_000_000)}, {Name: "rev", Value: store.N(4)}},
	}
}

const batch = 100

// writes are those of batch b of n.
func writes(b, n int, write func(i int) store.Write) []store.Write {
	var ws []store.Write
	for i := b * batch; i < min((b+1)*batch, n); i++ {
		ws = append(ws, write(i))
	}
	return ws
}

// eachBatch calls do for all batches of n, the last first, from 16 goroutines.
func eachBatch(n int, do func(b int)) {
	var next atomic.Int64
	next.Store(int64((n + batch - 1) / batch))
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for b := next.Add(-1); b >= 0; b = next.Add(-1) {
				do(int(b))
			}
		})
	}
	wait.Wait()
}

// fill takes in n conversations.
func fill(tb testing.TB, e *sqlite.Engine, n int) {
	eachBatch(n, func(b int) {
		if err := store.FirstError(e.Write(tb.Context(), writes((n+batch-1)/batch-1-b, n, conversation))); err != nil {
			tb.Error(err)
		}
	})
}

// BenchmarkMoveWrites moves conversations, each in one write. Use
// -benchtime=300000x or more.
func BenchmarkMoveWrites(b *testing.B) {
	e := open(b, sqlite.Options{})
	fill(b, e, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	defer report(b, usage())
	eachBatch(b.N, func(n int) {
		if err := store.FirstError(e.Write(b.Context(), writes(n, b.N, moved))); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkTakeIn writes new headers, with their index entries and changes.
func BenchmarkTakeIn(b *testing.B) {
	e := open(b, sqlite.Options{})
	b.ReportAllocs()
	b.ResetTimer()
	defer report(b, usage())
	fill(b, e, b.N)
}

// usage is the processor time used so far by this process.
func usage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report adds the rate, and the processor time of an operation, which says
// more on a machine shared with others.
func report(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "conv/s")
	b.ReportMetric(float64((usage()-before).Microseconds())/float64(b.N), "cpu-µs/conv")
}

// BenchmarkGet reads 100 headers a call, as the converters do.
func BenchmarkGet(b *testing.B) {
	const conversations = 20_000
	e := open(b, sqlite.Options{})
	fill(b, e, conversations)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		keys := make([]store.Key, batch)
		for pb.Next() {
			first := int(next.Add(batch)) % (conversations - batch)
			for i := range keys {
				keys[i] = header(first + i)
			}
			items, err := e.Get(b.Context(), store.Conversations, keys, store.Eventual)
			if err != nil || len(items) != batch {
				b.Errorf("%d items, %v", len(items), err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkQuery reads pages of 100 index entries, as the listings do.
func BenchmarkQuery(b *testing.B) {
	for partition, index := range map[string]*store.Index{"acme, support-mail 3": store.ByChannel, "acme, open, 4 7": store.ByOwner} {
		b.Run(index.Name, func(b *testing.B) { benchmarkQuery(b, index, partition) })
	}
}

func benchmarkQuery(b *testing.B, index *store.Index, partition string) {
	e := open(b, sqlite.Options{})
	fill(b, e, 20_000)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		q := store.Query{Table: store.Conversations, Index: index, PK: partition, Descending: true, Limit: batch}
		for pb.Next() {
			page, err := e.Query(b.Context(), q)
			if err != nil || page.Next != "" && len(page.Items) != batch {
				b.Errorf("%d items, %v", len(page.Items), err)
			}
			q.After = page.Next
		}
	})
	b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "items/s")
}
