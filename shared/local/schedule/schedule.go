// Package schedule runs functions at a fixed rate, as EventBridge Scheduler
// does: at least once each time that is due, with its event.
//
// When a run is due is kept in the file and moves on after the run, so that a
// process that dies in the middle runs again when it is back. After a sleep,
// however long, a schedule runs once. Unlike on AWS, a run that fails is not
// retried before the next.
package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/uuid"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
)

// Schema is the part of the file that schedules need.
const Schema = `
CREATE TABLE IF NOT EXISTS schedule (
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL -- when the next run is due, in ms
) STRICT, WITHOUT ROWID;
`

// Function is a handler of scheduled events; it answers nothing of use.
type Function = function.Function[events.EventBridgeEvent, json.RawMessage]

// Schedule runs a function at a rate, for the first time right away.
type Schedule struct {
	Name     string
	Every    time.Duration // whole minutes, as on AWS
	Function Function
}

// Check refuses what AWS refuses.
func (s Schedule) Check() error {
	if s.Name == "" || s.Every < time.Minute || s.Every%time.Minute != 0 {
		return fmt.Errorf("schedule %q: rate is %v: use whole minutes", s.Name, s.Every)
	}
	return nil
}

// Run runs the schedules until ctx is done, and then waits for the functions
// under way.
func Run(ctx context.Context, d *db.DB, h *function.Host, schedules ...Schedule) error {
	for _, s := range schedules {
		if err := s.Check(); err != nil {
			return err
		}
	}
	var running sync.WaitGroup
	defer running.Wait()
	for _, s := range schedules {
		r := runner{s, d, h}
		running.Go(func() { r.run(ctx) })
	}
	return nil
}

type runner struct {
	Schedule

	db   *db.DB
	host *function.Host
}

func (r runner) run(ctx context.Context) {
	log := r.host.Logger().With("schedule", r.Name)
	pause := time.Second
	for ctx.Err() == nil {
		due, err := r.due(ctx)
		if err == nil {
			if rest := due.Sub(r.host.Clock.Now()); rest > 0 {
				// A minute at most, so that a clock that was set is noticed.
				r.host.Clock.Wait(ctx, min(rest, time.Minute), nil)
				continue
			}
			r.fire(ctx, due)
			// The run has happened, also while shutting down.
			err = r.moveOn(context.WithoutCancel(ctx), due)
		}
		if err == nil {
			pause = time.Second
			continue
		}
		if ctx.Err() == nil {
			log.ErrorContext(ctx, "schedule not kept", "err", err)
			r.host.Clock.Wait(ctx, pause, nil)
			pause = min(2*pause, time.Minute)
		}
	}
}

// due is when the next run is due. If that is further off than it can be, the
// clock was set back, and it is due now.
func (r runner) due(ctx context.Context) (time.Time, error) {
	now := r.host.Clock.Now()
	due := now
	err := r.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT next FROM schedule WHERE name = ?", func(row db.Row) error {
			due = time.UnixMilli(row.Int(0))
			return nil
		}, r.Name)
	})
	if due.Sub(now) > r.Every {
		due = now
	}
	return due, err
}

func (r runner) fire(ctx context.Context, due time.Time) {
	_, err := function.Invoke(ctx, r.host, r.Function, nil, events.EventBridgeEvent{
		Version:    "0",
		ID:         uuid.NewString(),
		DetailType: "Scheduled Event",
		Source:     "aws.scheduler",
		AccountID:  function.Account,
		Time:       due.UTC().Truncate(time.Second),
		Region:     function.Region,
		Resources:  []string{"arn:aws:scheduler:" + function.Region + ":" + function.Account + ":schedule/default/" + r.Name},
		Detail:     json.RawMessage(`"{}"`),
	})
	if err != nil {
		r.host.Logger().ErrorContext(ctx, "scheduled function failed", "schedule", r.Name, "function", r.Function.Name, "err", err)
	}
}

// moveOn sets when the next run is due: the first time after now that is a
// whole number of periods after the last.
func (r runner) moveOn(ctx context.Context, due time.Time) error {
	missed := r.host.Clock.Now().Sub(due) / r.Every
	next := due.Add((missed + 1) * r.Every)
	return r.db.Do(ctx, func(tx db.Tx) error {
		return tx.Exec("INSERT INTO schedule (name, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
			r.Name, next.UnixMilli())
	})
}
