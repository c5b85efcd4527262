package handler

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"
)

// Sweep looks after moves that nothing carries on.
type Sweep struct {
	Use func(ctx context.Context) error
	Log *slog.Logger
}

// Handle sweeps once.
func (h Sweep) Handle(ctx context.Context, _ events.EventBridgeEvent) (json.RawMessage, error) {
	if err := h.Use(ctx); err != nil {
		h.Log.ErrorContext(ctx, "sweep failed", "err", err)
		return nil, err
	}
	return json.RawMessage("{}"), nil
}
