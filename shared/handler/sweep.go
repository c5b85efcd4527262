package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"
)

// Sweep restarts moves that have stalled, deletes files that nobody names, and checks
// the tables.
type Sweep struct {
	Use   func(ctx context.Context) (restarted int, err error)
	Files func(ctx context.Context) (deleted int, err error) // nil if there are none
	Check func(ctx context.Context) error                    // reports what is wrong with the tables; nil if they are not checked
	Log   *slog.Logger
}

// Handle sweeps once. A table that is set up wrongly does not keep moves from
// being restarted, but every sweep fails with it, which raises an alarm.
func (h Sweep) Handle(ctx context.Context, _ events.EventBridgeEvent) (json.RawMessage, error) {
	restarted, err := h.Use(ctx)
	if restarted > 0 {
		h.Log.InfoContext(ctx, "executions started", "executions", restarted)
	}
	if h.Files != nil {
		deleted, wrong := h.Files(ctx)
		if deleted > 0 {
			h.Log.InfoContext(ctx, "files deleted that no message names", "files", deleted)
		}
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("files: %w", wrong))
		}
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
