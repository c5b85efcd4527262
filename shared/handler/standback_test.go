package handler_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
)

// TestR22AThrottledConverterStandsBack: it takes nothing else up for a while, except
// that its time ends; other errors do not keep it.
func TestR22AThrottledConverterStandsBack(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		left time.Duration // of the function's time
		want time.Duration
	}{
		"throttled":              {fmt.Errorf("batch: %w", &desk.BusyError{What: "the table"}), time.Minute, 5 * time.Second},
		"throttled at the end":   {&desk.BusyError{What: "the table"}, 3 * time.Second, 2 * time.Second},
		"throttled all too late": {&desk.BusyError{What: "the table"}, time.Second / 2, 0},
		"another error":          {errors.New("no"), time.Minute, 0},
		"none":                   {nil, time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := handler.Convert{Log: quiet, StandBack: 5 * time.Second, Use: func(context.Context, move.Batch, int) (move.Found, error) { return move.Found{}, c.err }}
				ctx, cancel := context.WithTimeout(t.Context(), c.left)
				defer cancel()
				began := time.Now()
				res, err := h.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{
					MessageId: "m", Body: `{"account":"a","move":"m","job":"m","entry":"e"}`, Attributes: map[string]string{"ApproximateReceiveCount": "1"},
				}}})
				if err != nil || len(res.BatchItemFailures) != 1 && c.err != nil || time.Since(began) != c.want {
					t.Errorf("%+v, %v after %v, want %v", res, err, time.Since(began), c.want)
				}
			})
		})
	}
}
