package handler_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/store"
)

// lateness is a count that several processes share.
type lateness struct {
	mu    sync.Mutex
	count int64
	err   error
	looks int
	hangs bool
}

func (l *lateness) Add(ctx context.Context) error {
	if l.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	return l.err
}

func (l *lateness) Count(ctx context.Context) (int64, error) {
	l.looks++
	if l.hangs {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count, l.err
}

// turn is how long a turn is waited for, and how much it may do.
func turn(ctx context.Context, p *handler.Pace) (waited time.Duration, most int) {
	began := time.Now()
	most, done := p.Turn(ctx)
	done()
	return time.Since(began), most
}

// TestR22ConvertersStandBackWhileLiveChangesAreLate has one process tell and another
// convert.
func TestR22ConvertersStandBackWhileLiveChangesAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := &lateness{count: 1 << 40} // since whenever
		redirects, converts := &handler.Pace{Late: late, Log: quiet}, &handler.Pace{Late: late, Log: quiet}
		for range 50 {
			if waited, most := turn(t.Context(), converts); waited != 0 || most != 0 {
				t.Fatalf("a count that does not rise holds up a piece of %d for %v", most, waited)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if late.looks > 6 {
			t.Errorf("it looked %d times in 5 s", late.looks)
		}
		before, end := late.count, time.Now().Add(10*time.Second)
		go func() {
			for ; time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				redirects.Tell(t.Context())
			}
		}()
		time.Sleep(time.Second)
		for n := 0; time.Now().Before(end); n++ {
			if waited, most := turn(t.Context(), converts); waited != time.Second || most == 0 || most > 50 {
				t.Fatalf("piece %d has %d conversations and waits for %v", n, most, waited)
			}
		}
		if now, _ := late.Count(t.Context()); now-before < 9 || now-before > 11 {
			t.Errorf("told %d times in 10 s", now-before)
		}
		turn(t.Context(), converts) // may see the last time only now
		time.Sleep(3 * time.Second)
		if waited, most := turn(t.Context(), converts); waited != 0 || most != 0 {
			t.Errorf("a while later it waits for %v for a piece of %d", waited, most)
		}
	})
}

// TestR22NothingKeepsAMoveFromItsEnd: neither a store that does not answer nor one that
// fails, nor traffic that is always late, and the time of the function does not run out.
func TestR22NothingKeepsAMoveFromItsEnd(t *testing.T) {
	for name, late := range map[string]*lateness{"fails": {err: errors.New("no")}, "hangs": {hangs: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &handler.Pace{Late: late, Log: quiet}
				for range 5 {
					if waited, most := turn(t.Context(), p); waited > 500*time.Millisecond || most != 0 {
						t.Errorf("waits for %v for a piece of %d", waited, most)
					}
					time.Sleep(time.Second)
				}
				began := time.Now()
				if p.Tell(t.Context()); time.Since(began) > 500*time.Millisecond {
					t.Errorf("live changes wait for %v", time.Since(began))
				}
			})
		})
	}
	t.Run("always late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			late := &lateness{}
			p := &handler.Pace{Late: late, Log: quiet}
			ctx, cancel := context.WithTimeout(t.Context(), 29*time.Second)
			defer cancel()
			turn(ctx, p)
			began := time.Now()
			for left := 2000; left > 0; {
				time.Sleep(time.Second / 2) // the work
				late.count++
				_, most := turn(ctx, p)
				if most == 0 && time.Since(began) > 2*time.Second {
					most = left
				}
				left -= most
			}
			if took := time.Since(began); took < 10*time.Second || took > 16*time.Second {
				t.Errorf("a batch takes %v of 29 s", took)
			}
		})
	})
}

// TestR22WhoIsToldOfLateChanges: whoever converts, before and after they are redirected;
// but not of those that are new or dated into the future, that are none of ours, that
// say nothing of their age, or that had been given up.
func TestR22WhoIsToldOfLateChanges(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c := header(desk.Conversation{Account: "acme", ID: "c1", Channel: "mail", Rev: 1, Home: desk.Inbox})
	landed := header(desk.Conversation{Account: "acme", ID: "c1", Channel: "mail", Rev: 2, Home: desk.HelpDesk})
	for name, test := range map[string]struct {
		age  time.Duration
		is   store.Attrs
		took time.Duration // to redirect it
		want []string
	}{
		"late":               {3 * time.Second, c.New, 0, []string{"told", "redirected", "told"}},
		"late by then":       {time.Second, c.New, 2 * time.Second, []string{"redirected", "told"}},
		"new":                {time.Second, c.New, 0, []string{"redirected"}},
		"of the future":      {-time.Hour, c.New, 0, []string{"redirected"}},
		"no conversation's":  {time.Hour, nil, 0, nil},
		"in the help desk":   {time.Hour, landed.New, 0, nil},
		"of an unknown time": {time.Duration(1<<63 - 1), c.New, 0, []string{"redirected"}},
	} {
		t.Run(name, func(t *testing.T) {
			var did []string
			now := now
			h := handler.Redirect{
				Now: func() time.Time { return now }, Log: quiet, LateAfter: 2 * time.Second, Late: func(context.Context) { did = append(did, "told") },
				Use: func(_ context.Context, cs []desk.Conversation) (int, map[string]error) {
					if now = now.Add(test.took); len(cs) > 0 {
						did = append(did, "redirected")
					}
					return len(cs), nil
				},
			}
			r := record("1", c.Key, nil, test.is)
			if r.Change.ApproximateCreationDateTime.Time = now.Add(-test.age); name == "of an unknown time" {
				r.Change.ApproximateCreationDateTime = events.SecondsEpochTime{}
			}
			res, err := h.Handle(t.Context(), events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{r}})
			if err != nil || len(res.BatchItemFailures) > 0 {
				t.Fatalf("%+v, %v", res, err)
			}
			if !slices.Equal(did, test.want) {
				t.Errorf("%v, want %v", did, test.want)
			}
		})
	}
}
