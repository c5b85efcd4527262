package admission

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// Limits are those of a lane.
type Limits struct {
	AtWork  int // requests that are worked on at a time
	Waiting int // requests that wait for that
	// Rates are those of a caller, by role; of an address under "", where nobody
	// has a role.
	Rates   map[desk.Role]Rate
	Account Rate          // of an account as a whole, if there is one
	Pause   time.Duration // before who asks too often is told so
	Body    int64         // the most bytes of a body that are read
	// Buffer is, where bodies and answers pass through as they come, how many bytes of
	// one request are in memory at once; 0 where they are kept whole.
	Buffer int64
	Memory int64 // bytes of bodies and answers together
	Share  int64 // bytes that one caller may have of them
}

// Default limits. A page of the console loads with about ten requests and then asks
// twice a second, so that a person with many pages open stays far below their rate;
// programs ask with the tokens of connectors and super administrators.
var (
	person  = Rate{PerSecond: 50, Burst: 200}
	program = Rate{PerSecond: 5000, Burst: 10_000}
)

// pause keeps a loop that asks again as soon as it is refused from keeping the machine
// busy with refusals. Not more than maxPaused wait like that in a lane.
const (
	pause     = 500 * time.Millisecond
	maxPaused = 1000
)

// Times returns limits with so many times the memory. Of what passes through, as many
// more or less are at work.
func (l Limits) Times(n float64) Limits {
	l.Memory, l.Share = int64(n*float64(l.Memory)), int64(n*float64(l.Share))
	if l.Buffer > 0 {
		l.AtWork = int(l.Memory / l.Buffer)
	}
	return l
}

// Desk returns the limits of what people ask.
func Desk() Limits {
	return Limits{
		// More at once would not be done sooner; fewer would leave the disk idle.
		AtWork: 4 * max(2, runtime.GOMAXPROCS(0)), Waiting: 600, // as many as are done before their time is up
		Rates:   map[desk.Role]Rate{desk.AgentRole: person, desk.SuperAdmin: program, desk.ConnectorRole: program},
		Account: program, Pause: pause, Body: 1 << 20, Memory: 32 << 20, Share: 12 << 20,
	}
}

// Intake returns the limits of messages that come in.
func Intake() Limits {
	return Limits{
		AtWork: 32, Waiting: 600, // most of the time they wait for the disk
		Rates:   map[desk.Role]Rate{desk.AgentRole: person, desk.SuperAdmin: program, desk.ConnectorRole: program},
		Account: program, Pause: pause, Body: 10 << 20, Memory: 32 << 20, Share: 16 << 20,
	}
}

// Public returns the limits of what anybody may ask: pages, health and signing in.
func Public() Limits {
	return Limits{
		AtWork: 4 * max(2, runtime.GOMAXPROCS(0)), Waiting: 200,
		Rates: map[desk.Role]Rate{"": {PerSecond: 100, Burst: 500}}, Pause: pause, Body: 64 << 10, Memory: 16 << 20, Share: 8 << 20,
	}
}

// Files returns the limits of files that are put and downloaded, whose bytes pass
// through.
func Files() Limits {
	const memory, buffer = 8 << 20, 128 << 10
	return Limits{
		AtWork: memory / buffer, Waiting: 600,
		Rates: map[desk.Role]Rate{"": {PerSecond: 1000, Burst: 2000}}, Pause: pause, Body: desk.MaxFile, Buffer: buffer, Memory: memory, Share: memory / 2,
	}
}

// Lane is room for one kind of requests.
type Lane struct {
	limits   Limits
	config   Config
	line     *line
	memory   *memory
	callers  *buckets
	accounts *buckets
	paused   chan struct{} // one for each who waits to be told that they ask too often
	full     report
}

// Config is what lanes have in common.
type Config struct {
	// Time is what a request has, from its body's end to its answer. Handlers are
	// told a second less, so that they can say themselves why it was too little.
	Time time.Duration
	// Refuse answers a request that is not worked on, with a
	// *desk.RateError, a *desk.BusyError or another error of its own.
	Refuse func(http.ResponseWriter, *http.Request, error)
	Log    *slog.Logger
}

// New returns a lane in which nobody is.
func New(name string, l Limits, c Config) *Lane {
	return &Lane{
		limits: l, config: c, line: newLine(l.AtWork, l.Waiting), memory: newMemory(l.Memory, l.Share),
		callers: newBuckets(), accounts: newBuckets(), paused: make(chan struct{}, maxPaused), full: report{lane: name, log: c.Log},
	}
}

// Crowded is for how long requests have been waiting in line without a break; 0 if none
// waits.
func (l *Lane) Crowded() time.Duration { return l.line.lasts() }

// who asks: the caller, or an address.
type who struct {
	account, agent string
	role           desk.Role
}

func whoAsks(r *http.Request) who {
	if c, ok := auth.CallerFrom(r.Context()); ok {
		return who{c.Account, c.Agent, c.Role}
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return who{agent: address}
}

// key names a caller. IDs have no "#".
func (w who) key() string { return w.account + "#" + w.agent }

// mayAsk counts a request, and refuses it if it is one too many.
func (l *Lane) mayAsk(w who, now time.Time) error {
	limit := l.limits.Rates[w.role]
	taken, after := l.callers.take(w.key(), limit, now)
	if after > 0 {
		return &desk.RateError{Who: w.agent, PerSecond: limit.PerSecond, After: after}
	}
	if w.account == "" {
		return nil
	}
	limit = l.limits.Account
	if _, after := l.accounts.take(w.account, limit, now); after > 0 {
		taken.CancelAt(now)
		return &desk.RateError{Who: w.account, PerSecond: limit.PerSecond, After: after}
	}
	return nil
}

// errFull reports that as many wait as there is room for, errMemory that bodies and
// answers have all the memory that they may, or their caller's part of it.
var (
	errFull   = errors.New("too many requests wait")
	errMemory = errors.New("too many large bodies or answers are under way")
)

// busy says that a request cannot be taken on now.
func busy(why error) error { return &desk.BusyError{What: "the server", After: time.Second, Err: why} }

// report logs that requests are refused, once for many.
type report struct {
	lane string
	log  *slog.Logger

	mu      sync.Mutex
	last    time.Time
	refused map[string]map[string]int // requests since, by cause and route
}

// reportEvery is how often it is logged at most.
const reportEvery = 10 * time.Second

func (r *report) add(req *http.Request, why error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == nil {
		r.refused = make(map[string]map[string]int)
	}
	of := r.refused[why.Error()]
	if of == nil {
		of = make(map[string]int)
		r.refused[why.Error()] = of
	}
	of[cmp.Or(auth.TrailFrom(req.Context()).Route(), "none")]++ // routes and causes are few
	if r.last.IsZero() || now.Sub(r.last) >= reportEvery {
		r.log.WarnContext(req.Context(), "requests refused", "lane", r.lane, "causes", r.refused)
		r.last, r.refused = now, nil
	}
}
