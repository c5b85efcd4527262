package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a progress bar on a terminal, elsewhere a line every few seconds. A nil
// bar shows nothing.
type bar struct {
	call        *call
	what, unit  string
	interactive bool

	mu    sync.Mutex
	shown *progressbar.ProgressBar
	at    time.Time // of the last line
	ended bool
}

// bar returns a bar for, say, "importing" a number of "messages".
func (c *call) bar(what, unit string) *bar {
	if c.json {
		return nil
	}
	return &bar{call: c, what: what, unit: unit, interactive: c.interactive(), at: time.Now()}
}

// lineInterval is the time between lines where there is no terminal.
const lineInterval = 5 * time.Second

// set shows the progress; a negative total is unknown.
func (b *bar) set(done, total int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.ended:
	case b.interactive:
		if b.shown == nil {
			b.shown = progressbar.NewOptions64(total,
				progressbar.OptionSetWriter(b.call.stderr), progressbar.OptionSetDescription(b.what),
				progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(b.unit),
				progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
		}
		if total > 0 && b.shown.GetMax64() != total {
			b.shown.ChangeMax64(total)
		}
		_ = b.shown.Set64(done) // a terminal that is gone
	case time.Since(b.at) >= lineInterval:
		b.at = time.Now()
		of := ""
		if total >= 0 {
			of = fmt.Sprintf(" of %d", total)
		}
		_, _ = fmt.Fprintf(b.call.stderr, "%s: %d%s %s\n", b.what, done, of, b.unit)
	}
}

// done removes the bar.
func (b *bar) done() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.shown != nil {
		_ = b.shown.Finish()
		b.shown = nil
	}
}
