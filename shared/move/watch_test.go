package move

import (
	"context"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// ending is a store whose move ends between one answer and the next.
type ending struct{}

func (ending) Setup(context.Context, string) (desk.Setup, error) {
	return desk.Setup{Channels: []desk.Channel{{ID: "mail", Home: desk.Moving, Move: "m1"}}}, nil
}

func (ending) Get(context.Context, string, string) (desk.Move, error) {
	return desk.Move{ID: "m1", Choices: desk.Choices{Channel: "mail"}, Status: desk.Done, EndedAt: time.UnixMilli(1)}, nil
}

func (ending) Locked(context.Context, string) (string, error) { return "", nil }

func (ending) Access(context.Context, string, string) (map[string]bool, error) { return nil, nil }

func (ending) Open(context.Context, string, string, int) ([]Entry, error) { return nil, nil }

func (ending) Progress(context.Context, string, string, string) (Progress, error) {
	return Progress{}, nil
}

func (ending) Cursor(context.Context, string, string) (Cursor, error) { return Cursor{}, nil }

func (ending) Course(context.Context, string, string) (desk.Course, error) { return desk.Course{}, nil }

func TestNoBannerForAMoveThatJustEnded(t *testing.T) {
	w := Monitor{Setups: ending{}, Moves: ending{}, Ledger: ending{}, Now: time.Now}
	if notices, err := w.Notices(t.Context(), "acme"); err != nil || len(notices) > 0 {
		t.Errorf("notices = %+v, %v", notices, err)
	}
}
