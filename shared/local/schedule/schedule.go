// Package schedule runs a function at a fixed rate, as EventBridge Scheduler
// does: at least once each time that is due, with its event.
//
// The time of the next run is kept in the file and advanced after the run, so
// that a process that dies during one repeats it when it is back. After a sleep,
// however long, the function runs once. Unlike on AWS, a run that fails is not
// retried before the next.
package schedule

import (
	"context"
	"encoding/json"
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
	DB       *db.DB
	Host     *function.Host
	Name     string
	Every    time.Duration
	Function Function
}

// Run runs the schedule until ctx is done, and then waits for the function
// under way.
func (s *Schedule) Run(ctx context.Context) error {
	pause := time.Second
	for ctx.Err() == nil {
		due, err := s.due(ctx)
		if err == nil {
			if wait := due.Sub(s.Host.Clock.Now()); wait > 0 {
				// A minute at most, so that a clock that was set is noticed.
				s.Host.Clock.Wait(ctx, min(wait, time.Minute), nil)
				continue
			}
			s.invoke(ctx, due)
			// The run has happened, also while shutting down.
			err = s.advance(context.WithoutCancel(ctx), due)
		}
		if err == nil {
			pause = time.Second
			continue
		}
		if ctx.Err() == nil {
			s.Host.Logger().ErrorContext(ctx, "schedule's next run not read or saved", "schedule", s.Name, "err", err)
			s.Host.Clock.Wait(ctx, pause, nil)
			pause = min(2*pause, time.Minute)
		}
	}
	return nil
}

// due is when the next run is due. If that is further off than it can be, the
// clock was set back, and it is due now.
func (s *Schedule) due(ctx context.Context) (time.Time, error) {
	now := s.Host.Clock.Now()
	due := now
	err := s.DB.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT next FROM schedule WHERE name = ?", func(row db.Row) error {
			due = time.UnixMilli(row.Int(0))
			return nil
		}, s.Name)
	})
	if due.Sub(now) > s.Every {
		due = now
	}
	return due, err
}

func (s *Schedule) invoke(ctx context.Context, due time.Time) {
	_, err := function.Invoke(ctx, s.Host, s.Function, nil, events.EventBridgeEvent{
		Version:    "0",
		ID:         uuid.NewString(),
		DetailType: "Scheduled Event",
		Source:     "aws.scheduler",
		AccountID:  function.Account,
		Time:       due.UTC().Truncate(time.Second),
		Region:     function.Region,
		Resources:  []string{"arn:aws:scheduler:" + function.Region + ":" + function.Account + ":schedule/default/" + s.Name},
		Detail:     json.RawMessage(`"{}"`),
	})
	if err != nil {
		s.Host.Logger().ErrorContext(ctx, "scheduled function failed", "schedule", s.Name, "function", s.Function.Name, "err", err)
	}
}

// advance saves when the next run is due: the first time after now that is a
// whole number of periods after the last.
func (s *Schedule) advance(ctx context.Context, due time.Time) error {
	missed := s.Host.Clock.Now().Sub(due) / s.Every
	next := due.Add((missed + 1) * s.Every)
	return s.DB.Do(ctx, func(tx db.Tx) error {
		return tx.Exec("INSERT INTO schedule (name, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
			s.Name, next.UnixMilli())
	})
}
