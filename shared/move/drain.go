package move

import (
	"context"
	"fmt"
	"math"
	"time"

	"deskmove/shared/desk"
)

// Drain is the step that waits until all batches of a pass are done.
type Drain struct {
	Moves  MoveReader
	Ledger interface {
		BatchReader
		Sent(ctx context.Context, account, job, entry string, at time.Time) error
		Marked(ctx context.Context, account, job, name string) (time.Time, error) // zero if it is not
	}
	Source Source
	Queue  Queue
	Phase  Phases
	Watch  Watcher // nil if nobody watches
	// Pause, if not nil, makes waits of less than a second within the step, because
	// the state machine waits for whole seconds only.
	Pause func(ctx context.Context, d time.Duration) error
	Now   func() time.Time
}

// How long the drain waits, and for what.
const (
	shortestPause = 50 * time.Millisecond // within a step
	shortWait     = time.Second
	longWait      = time.Minute
	// settleTime is how long after the fence a pass compares at the earliest. By then
	// requests that read the channel's home just before it finish, and indexes catch up.
	settleTime  = 2 * time.Second
	resendAfter = time.Minute     // when a batch is sent again
	openPage    = 25              // open entries read from each shard at a time
	longestStep = 2 * time.Second // that a step pauses at most, so that it reports
	// maxPasses compare at most. What keeps changing is left to the stream and audits.
	maxPasses = 5
)

// Step checks whether batches are open. If so, it returns how long to wait: a
// hundredth of what the pass has taken, so that it looks often enough for people and
// ends in time, and seldom in a long move. If none has finished since the last check,
// those that are overdue are sent again, because their messages may be lost. While
// others finish, a long queue is the likelier reason, and sending again would only make
// it longer. When none is open, it decides whether another pass is to be listed.
func (d Drain) Step(ctx context.Context, r Run) (Run, error) {
	m, err := d.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	if r.replaced(m) {
		r.More, r.Again = false, false
		return r, nil
	}
	if r.Pass == 0 {
		if m, err = enter(ctx, d.Phase, m, desk.PhaseConvert, d.Now()); err != nil {
			return r, err
		}
	}
	if r.At.IsZero() {
		r.At = d.Now()
	}
	open, p, wait, err := d.poll(ctx, r)
	if err != nil {
		return r, err
	}
	now := d.Now()
	saw := Look{Run: r, Move: m, Progress: p, At: now, Open: len(open), Stalled: p.Done == r.Done}
	if len(open) == 0 {
		next, err := d.drained(ctx, r, m, now)
		if saw.Ended = !next.More; next.More {
			saw.Waits = desk.WaitSettling
		}
		tell(ctx, d.Watch, saw)
		return next, err
	}
	r.More = true
	if saw.Stalled {
		next, err := d.resend(ctx, r, m, open, now)
		if err != nil {
			return r, err
		}
		if next == 0 {
			saw.Waits = desk.WaitLate
		}
		wait = max(min(wait, next), shortWait)
	}
	tell(ctx, d.Watch, saw)
	r.Done, r.Wait = p.Done, int(wait.Round(time.Second)/time.Second)
	return r, nil
}

// poll looks for open batches of a pass, and again while the waits in between are short.
// It returns what it saw last, and how long to wait until the next look.
func (d Drain) poll(ctx context.Context, r Run) (open []Entry, p Progress, wait time.Duration, err error) {
	for paused := time.Duration(0); ; paused += wait {
		if open, p, err = look(ctx, d.Ledger, r); err != nil || len(open) == 0 {
			return open, p, 0, err
		}
		wait = max(min(d.Now().Sub(r.At)/100, longWait), shortestPause)
		if d.Pause == nil {
			wait = max(wait, shortWait)
		}
		if wait >= shortWait || paused >= longestStep {
			return open, p, wait, nil
		}
		if err = d.Pause(ctx, wait); err != nil {
			return nil, p, 0, err
		}
	}
}

// drained decides what follows a pass: a comparison after the conversion, another one
// after one that found something to land, else the end. A rehearsal and what runs after
// the end have one pass, but for a repair, which first tries again what failed.
func (d Drain) drained(ctx context.Context, r Run, m desk.Move, now time.Time) (Run, error) {
	r.More, r.Wait, r.Again = false, 0, false
	r.Done, r.At = 0, time.Time{}
	switch {
	case m.Choices.Rehearsal, r.Late == LateAudit:
	case r.Late == LateRepair:
		r.Again = r.Pass == 1
	case r.Pass == 0:
		// At most settleTime, even if the clock has been set back.
		if early := min(m.FenceAt.Add(settleTime).Sub(now), settleTime); early > 0 {
			r.More, r.Wait = true, seconds(early)
			return r, nil
		}
		r.Again = true
	case r.Pass < maxPasses:
		marked, err := d.Ledger.Marked(ctx, r.Account, r.Job(), r.PassID())
		if err != nil {
			return r, err
		}
		r.Again = !marked.IsZero()
	}
	if r.Again {
		r.Pass++
	}
	return r, nil
}

// seconds rounds to whole seconds, the state machine's unit, and up to one.
func seconds(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return max(int(math.Round(d.Seconds())), 1)
}

// resend sends overdue batches again, and returns how long to wait: 0 if there
// were any, else until the next one is overdue.
func (d Drain) resend(ctx context.Context, r Run, m desk.Move, open []Entry, now time.Time) (time.Duration, error) {
	next := longWait
	for _, e := range open {
		// A time in the future is from before the clock was set back.
		if age := now.Sub(e.SentAt); age < resendAfter && age > -resendAfter {
			next = min(next, resendAfter-age)
			continue
		}
		next = 0
		of := r // a step that woke up late may find entries of a later pass
		of.Began, of.Pass = e.Began, e.Pass
		pass := newPass(of, m)
		ids, err := d.ids(ctx, pass, e)
		if err != nil {
			return 0, err
		}
		if err := d.Ledger.Sent(ctx, r.Account, r.Job(), e.ID, now); err != nil {
			return 0, err
		}
		b := pass.batch(e, ids)
		b.Again = true
		if err := d.Queue.Send(ctx, []Batch{b}); err != nil {
			return 0, fmt.Errorf("send batch %s again: %w", e.ID, err)
		}
	}
	return next, nil
}

// ids returns the conversations of an entry: its stretch as it is now.
func (d Drain) ids(ctx context.Context, p pass, e Entry) ([]string, error) {
	var ids []string
	after := e.After
	for {
		ps, more, err := d.Source.page(ctx, p, after, e.Until, BatchSize)
		if err != nil {
			return nil, err
		}
		ids = append(ids, desk.ConversationIDs(ps)...)
		if !more {
			return ids, nil
		}
		after = ps[len(ps)-1]
	}
}
