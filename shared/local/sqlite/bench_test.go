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

// header is a conversation of about 450 bytes.
func header(i int) store.Write {
	id := conversationID(i)
	at := store.N(int64(1_790_000_000_000 + i*977))
	return store.Write{Table: store.Conversations, Key: store.Key{PK: "A#acme#C#" + id, SK: "H"}, Set: store.Attrs{
		{Name: "acct", Value: store.S("acme")}, {Name: "id", Value: store.S(id)},
		{Name: "origin", Value: store.S("support-mail")}, {Name: "channel", Value: store.S("support-mail")},
		{Name: "subject", Value: store.S(subject)}, {Name: "customer", Value: store.S("jane.doe.of.acme@example.com")},
		{Name: "state", Value: store.S("open")}, {Name: "owner", Value: store.S("agent-17")},
		{Name: "started", Value: at}, {Name: "taken", Value: at}, {Name: "joined", Value: at}, {Name: "changed", Value: at},
		{Name: "ver", Value: store.N(3)}, {Name: "custver", Value: store.N(2)}, {Name: "custat", Value: at},
		{Name: "first", Value: at}, {Name: "waiting", Value: at}, {Name: "messages", Value: store.N(3)},
		{Name: "home", Value: store.S("inbox")},
		{Name: "ipk", Value: store.S(fmt.Sprintf("A#acme#CH#support-mail#%d", i%16))},
		{Name: "isk", Value: store.S(fmt.Sprintf("%013d%s", at.Num, id))},
	}}
}

// ticket is that of conversation i, of about 350 bytes.
func ticket(i int) store.Write {
	id := conversationID(i)
	at := store.N(int64(1_790_000_000_000 + i*977))
	return store.Write{Table: store.Tickets, Key: store.Key{PK: "A#acme#T#" + id, SK: "T"}, If: store.Absent(), Set: store.Attrs{
		{Name: "acct", Value: store.S("acme")}, {Name: "id", Value: store.S(id)}, {Name: "conv", Value: store.S(id)},
		{Name: "channel", Value: store.S("support-mail")},
		{Name: "subject", Value: store.S(subject)}, {Name: "customer", Value: store.S("jane.doe.of.acme@example.com")},
		{Name: "status", Value: store.S("waiting")}, {Name: "owner", Value: store.S("agent-17")},
		{Name: "created", Value: at}, {Name: "prov", Value: store.S("history")}, {Name: "imported", Value: at},
		{Name: "move", Value: store.S("01k9z0c6v8e6t2m3n4p5")}, {Name: "from", Value: store.S("support-mail")},
		{Name: "mstatus", Value: store.S("waiting")}, {Name: "mowner", Value: store.S("agent-17")},
		{Name: "opened", Value: at}, {Name: "home", Value: store.S("helpdesk")},
		{Name: "src", Value: store.N(3)}, {Name: "rev", Value: store.N(1)},
		{Name: "ipk", Value: store.S(fmt.Sprintf("A#acme#S#waiting#%d", i%8))},
		{Name: "isk", Value: store.S(fmt.Sprintf("%013d%s", at.Num, id))},
	}}
}

// marker is what the move sets on the header of conversation i.
func marker(i int) store.Write {
	id := conversationID(i)
	return store.Write{Op: store.Update, Table: store.Conversations, Key: store.Key{PK: "A#acme#C#" + id, SK: "H"},
		Set: store.Attrs{{Name: "home", Value: store.S("helpdesk")}, {Name: "ticket", Value: store.S(id)},
			{Name: "move", Value: store.S("01k9z0c6v8e6t2m3n4p5")}},
		If: store.Equals("ver", store.N(3)),
	}
}

const batch = 100

// writeBatch writes what make gives for batch b.
func writeBatch(tb testing.TB, e *sqlite.Engine, b, n int, make func(int) store.Write) {
	ws := [batch]store.Write{}
	k := 0
	for i := b * batch; i < min((b+1)*batch, n); i++ {
		ws[k] = make(i)
		k++
	}
	if err := store.FirstError(e.Write(tb.Context(), ws[:k])); err != nil {
		tb.Error(err)
	}
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
	eachBatch(n, func(b int) { writeBatch(tb, e, (n+batch-1)/batch-1-b, n, header) })
}

// BenchmarkMoveWrites does the writes of a move: an operation is one
// conversation, its ticket and its marker. Use -benchtime=300000x or more.
func BenchmarkMoveWrites(b *testing.B) {
	e := open(b, sqlite.Options{})
	fill(b, e, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	defer report(b, usage())
	eachBatch(b.N, func(batch int) {
		writeBatch(b, e, batch, b.N, ticket)
		writeBatch(b, e, batch, b.N, marker)
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
				keys[i] = header(first + i).Key
			}
			items, err := e.Get(b.Context(), store.Conversations, keys, store.Eventual)
			if err != nil || len(items) != batch {
				b.Errorf("%d items, %v", len(items), err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkQuery reads pages of 100 index entries, as the listing does.
func BenchmarkQuery(b *testing.B) {
	e := open(b, sqlite.Options{})
	fill(b, e, 20_000)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		q := store.Query{Table: store.Conversations, Index: true, PK: "A#acme#CH#support-mail#3", Descending: true, Limit: batch}
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
