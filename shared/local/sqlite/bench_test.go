package sqlite_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

const subject = "Re: Order 4711 has not arrived, and the tracking page shows nothing since Monday"

// conversationID is like the real ones: the time taken in, then something random.
func conversationID(i int) string {
	return fmt.Sprintf("%011x%08x", 1_790_000_000_000+i*977, uint32(i)*2654435761)
}

// conversation is one of about 450 bytes.
func conversation(i int) desk.Conversation {
	at := time.UnixMilli(1_790_000_000_000 + int64(i)*977)
	return desk.Conversation{
		Account: "acme", ID: conversationID(i), Origin: "support-mail", Channel: "support-mail", Subject: subject,
		Customer: "jane.doe.of.acme@example.com", Status: desk.Open, Owner: "agent-17", Started: at, TakenIn: at, Joined: at, ChangedAt: at,
		Version: 3, CustomerVersion: 2, CustomerAt: at, FirstReplyAt: at, WaitingSince: at, Messages: 3, Home: desk.Inbox,
	}
}

// ticket is a conversation's, of about 350 bytes.
func ticket(c desk.Conversation) desk.Ticket {
	return desk.Ticket{
		Account: c.Account, ID: c.Ticket, Conversation: c.ID, Channel: c.Channel, Subject: c.Subject, Customer: c.Customer,
		Status: "waiting", Owner: c.Owner, Created: c.Started, Provenance: desk.History, Imported: c.Started, Move: c.Move, Origin: c.Channel,
		MovedStatus: "waiting", MovedOwner: c.Owner, Opened: c.Started, Home: desk.HelpDesk, SourceVersion: c.Version, Revision: 1,
	}
}

const batch = 100

// conversations are those of batch b.
func conversations(b, n int) []desk.Conversation {
	var cs []desk.Conversation
	for i := b * batch; i < min((b+1)*batch, n); i++ {
		cs = append(cs, conversation(i))
	}
	return cs
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
		cs := conversations((n+batch-1)/batch-1-b, n)
		if err := (store.ConversationStore{Engine: e}).Import(tb.Context(), cs); err != nil {
			tb.Error(err)
		}
	})
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
		cs := conversations(batch, b.N)
		ts := make([]desk.Ticket, len(cs))
		for i := range cs {
			cs[i].Home, cs[i].Ticket, cs[i].Move = desk.HelpDesk, cs[i].ID, "01k9z0c6v8e6t2m3n4p5"
			ts[i] = ticket(cs[i])
		}
		created := store.TicketStore{Engine: e}.Create(b.Context(), ts)
		marked := store.ConversationStore{Engine: e}.Mark(b.Context(), cs)
		if err := store.FirstError(append(created, marked...)); err != nil {
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
				keys[i] = store.HeaderKey("acme", conversationID(first+i))
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
	some, err := e.Get(b.Context(), store.Conversations, []store.Key{store.HeaderKey("acme", conversationID(3))}, store.Strong)
	if err != nil || len(some) != 1 {
		b.Fatal(len(some), err)
	}
	partition := some[0].Attrs.Str(store.IndexPK)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		q := store.Query{Table: store.Conversations, Index: true, PK: partition, Descending: true, Limit: batch}
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
