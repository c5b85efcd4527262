package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/metrics"
)

// Sweep looks after moves that nothing carries on, and after the tables.
type Sweep struct {
	Use     func(ctx context.Context) (restarted int, err error)
	Check   func(ctx context.Context) error // says what is wrong with the tables; nil does not look
	Log     *slog.Logger
	Metrics *metrics.Writer // nil measures nothing
}

// Handle sweeps once. A table of the wrong shape stops no sweep, but is an
// error of each, so that somebody hears of it.
func (h Sweep) Handle(ctx context.Context, _ events.EventBridgeEvent) (json.RawMessage, error) {
	restarted, err := h.Use(ctx)
	if restarted > 0 {
		h.Log.WarnContext(ctx, "moves started again", "moves", restarted)
		h.Metrics.Emit(nil, metrics.Value{Name: metrics.MovesRestarted, Value: int64(restarted)})
	}
	if h.Check != nil {
		if wrong := h.Check(ctx); wrong != nil {
			err = errors.Join(err, fmt.Errorf("tables: %w", wrong))
		}
	}
	if err != nil {
		h.Log.ErrorContext(ctx, "sweep failed", "err", err)
		return nil, err
	}
	return json.RawMessage("{}"), nil
}
