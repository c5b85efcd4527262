package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// screen is what people read. A terminal has lines that are drawn again; a
// log has one every few seconds.
type screen struct {
	out   io.Writer
	live  bool
	steps int
}

// title begins a step.
func (s *screen) title(format string, args ...any) {
	s.steps++
	text := fmt.Sprintf("%d. ", s.steps) + fmt.Sprintf(format, args...)
	if s.live {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	s.print("\n" + text + "\n")
}

// say prints a line.
func (s *screen) say(format string, args ...any) {
	s.print("   " + strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n   ") + "\n")
}

// write prints what text writes.
func (s *screen) write(text func(io.Writer)) {
	var b strings.Builder
	text(&b)
	s.say("%s", strings.TrimRight(b.String(), "\n"))
}

func (s *screen) print(text string) { _, _ = io.WriteString(s.out, text) } // nobody is left to tell

// How often a line is drawn again, and written where it cannot be.
const (
	redraw  = 100 * time.Millisecond
	rewrite = 2 * time.Second
)

// watch shows what line says until the returned function is called, which
// takes the line away.
func (s *screen) watch(ctx context.Context, line func() string) (done func()) {
	ctx, cancel := context.WithCancel(ctx)
	var drawing sync.WaitGroup
	drawing.Go(func() {
		every := rewrite
		if s.live {
			every = redraw
		}
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				if s.live {
					s.print("\r\x1b[K")
				}
				return
			case <-ticker.C:
			}
			if s.live {
				s.print("\r\x1b[K   " + line())
			} else {
				s.say("%s", line())
			}
		}
	})
	return func() {
		cancel()
		drawing.Wait()
	}
}
