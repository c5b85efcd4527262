package move

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// BatchSize is the largest number of conversations in a batch, unless the
// platform has another one.
const BatchSize = 100

// batchOfIDs is the largest number of conversations in a batch whose ledger entry
// has their IDs, which keeps the entry within a few kilobytes.
const batchOfIDs = 100

// Dispatcher records batches in the ledger, then sends them.
type Dispatcher struct {
	Ledger interface {
		Add(ctx context.Context, e Entry) error
	}
	Queue Queue
	Now   func() time.Time
}

// maxLedgerWrites is how many ledger entries are written at the same time.
const maxLedgerWrites = 32

// Send records and sends batches, each an entry and its conversations' IDs. The
// entry is in the ledger before the batch is in the queue, so that a batch that
// is lost can be sent again.
func (d Dispatcher) Send(ctx context.Context, entries []Entry, ids [][]string) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxLedgerWrites)
	batches := make([]Batch, len(entries))
	for i, e := range entries {
		e.SentAt = d.Now()
		batches[i] = Batch{Account: e.Account, Move: e.Move, Entry: e.ID, Count: e.Count, IDs: ids[i], Retry: e.Retry, Again: e.Retry || len(e.IDs) > 0}
		g.Go(func() error { return d.Ledger.Add(gctx, e) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := d.Queue.Send(ctx, batches); err != nil {
		return fmt.Errorf("send %d batches: %w", len(batches), err)
	}
	return nil
}

// SendIDs dispatches conversations that are not a range of the listing. The IDs of
// its batches derive from why and the conversations.
func (d Dispatcher) SendIDs(ctx context.Context, account, id, why string, retry bool, conversations []string) error {
	var entries []Entry
	var ids [][]string
	for len(conversations) > 0 {
		some := conversations[:min(batchOfIDs, len(conversations))]
		conversations = conversations[len(some):]
		entries = append(entries, Entry{
			Account: account, Move: id, ID: entryID(why, strings.Join(some, ",")), IDs: some, Count: len(some), Retry: retry,
		})
		ids = append(ids, some)
	}
	return d.Send(ctx, entries, ids)
}

func entryID(why, what string) string {
	sum := sha256.Sum256([]byte(what))
	return why + "-" + hex.EncodeToString(sum[:8])
}
