package support

import (
	"context"
	"fmt"
	"sync"
	"time"

	"deskmove/shared/desk"
)

// Journal is the audit log as use cases write to it. It keeps whoever is refused
// again and again from filling it: the first refusals of a minute and caller are
// written, then one entry says that others are only counted, and once the minute is
// over another says how many they were. Counts are in this process's memory, and are
// lost with it.
type Journal struct {
	Log interface {
		Audit(ctx context.Context, e desk.AuditEntry) error
	}

	mu     sync.Mutex
	counts map[refusedCaller]*refusals
}

// refusedCaller is who is refused: a connector may have the same name as an agent.
type refusedCaller struct {
	account, by string
	role        desk.Role
}

// refusals are those of one caller since a minute began.
type refusals struct {
	began time.Time
	n     int
	last  desk.AuditEntry
}

const (
	refusalsWritten = 10   // of a caller and minute
	callersCounted  = 1000 // at a time; what others are refused counts as one caller's
	countsWritten   = 4    // of other callers' minutes that are over, with one entry
)

// Audit adds an entry to the audit log, or counts it if it is one refusal too many.
func (j *Journal) Audit(ctx context.Context, e desk.AuditEntry) error {
	if e.Action != desk.ActionRefuse {
		return j.Log.Audit(ctx, e)
	}
	n, over := j.count(e)
	for _, o := range over {
		entry := o.last
		entry.At, entry.ID = e.At, fmt.Sprintf("%s-more-%d", entry.ID, e.At.UnixNano())
		entry.Detail = fmt.Sprintf("and %d more in the minute from %s on", o.n-refusalsWritten, o.began.UTC().Format(time.RFC3339))
		if err := j.Log.Audit(ctx, entry); err != nil {
			return err
		}
	}
	switch {
	case n <= refusalsWritten:
		return j.Log.Audit(ctx, e)
	case n == refusalsWritten+1:
		e.Detail = "and others: for up to a minute they are counted from here on, and not written"
		return j.Log.Audit(ctx, e)
	}
	return nil
}

// count counts a refusal and returns its number in the caller's minute, and counts of
// minutes that are over and have more than was written: the caller's, and a few others.
func (j *Journal) count(e desk.AuditEntry) (n int, over []refusals) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.counts == nil {
		j.counts = make(map[refusedCaller]*refusals)
	}
	isOver := func(r *refusals) bool { return e.At.Sub(r.began) >= time.Minute || e.At.Before(r.began) }
	take := func(of refusedCaller, r *refusals) {
		if delete(j.counts, of); r.n > refusalsWritten {
			over = append(over, *r)
		}
	}
	who := refusedCaller{e.Account, e.By, e.Role}
	if r := j.counts[who]; r != nil && isOver(r) {
		take(who, r)
	}
	for of, r := range j.counts {
		if len(over) > countsWritten {
			break
		}
		if isOver(r) {
			take(of, r)
		}
	}
	if j.counts[who] == nil && len(j.counts) >= callersCounted {
		who, e.By, e.Role = refusedCaller{account: e.Account}, "others", ""
	}
	r := j.counts[who]
	if r == nil {
		r = &refusals{began: e.At}
		j.counts[who] = r
	}
	r.n, r.last = r.n+1, e
	return r.n, over
}
