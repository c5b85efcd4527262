package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"deskmove/shared/api"
	"deskmove/shared/client"
)

// pollInterval is the time between two looks at a watched move.
const pollInterval = 500 * time.Millisecond

// watch shows a move's progress until its end, then its report.
func watch(ctx context.Context, c *call, server *client.Client, id string) error {
	w := watcher{call: c}
	defer w.close()
	for {
		m, err := server.Move(ctx, id)
		if err != nil {
			return watchError(ctx, id, err)
		}
		if ended(m) {
			break
		}
		w.show(m)
		select {
		case <-ctx.Done():
			return watchError(ctx, id, ctx.Err())
		case <-time.After(pollInterval):
		}
	}
	w.close()
	s, err := look(ctx, server, id)
	if err != nil {
		return watchError(ctx, id, err)
	}
	return s.show(c)
}

// watchError tells a user who stops watching that the move continues.
func watchError(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("no longer watching; move %s continues, \"%s status %s\" shows its progress", id, program(), id)
	}
	return err
}

// watcher shows a move, on a terminal as a bar.
type watcher struct {
	call  *call
	shown *progressbar.ProgressBar
	said  string
	at    time.Time
}

func (w *watcher) show(m api.ChannelMove) {
	line := progress(m)
	switch {
	case w.call.json:
	case w.call.interactive():
		if w.shown == nil {
			w.shown = progressbar.NewOptions64(1,
				progressbar.OptionSetWriter(w.call.stderr), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(),
				progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
		}
		if p := m.Progress; p != nil && p.Planned > 0 {
			w.shown.ChangeMax64(p.Planned)
			_ = w.shown.Set64(min(p.Done, p.Planned-1)) // reaching the end would clear it
		}
		w.shown.Describe(line)
	case line != w.said && time.Since(w.at) >= 2*time.Second:
		w.said, w.at = line, time.Now()
		_, _ = fmt.Fprintln(w.call.stderr, line)
	}
}

func (w *watcher) close() {
	if w.shown != nil {
		_ = w.shown.Clear()
		w.shown = nil
	}
}
