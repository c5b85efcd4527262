package move

import (
	"context"

	"deskmove/shared/desk"
)

// PhaseRecorder records a move's phase, which people are shown.
type PhaseRecorder struct {
	Moves Phases
}

// Enter records a phase, unless the move is in it already or has ended.
func (p PhaseRecorder) Enter(ctx context.Context, m desk.Move, phase string) error {
	if m.Phase == phase || m.Status == desk.Done || m.Status == desk.Attention {
		return nil
	}
	return p.Moves.Proceed(ctx, m, phase, m.FenceAt)
}
