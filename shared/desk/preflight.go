package desk

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Finding is one reason against a move: a blocker or a warning.
type Finding struct {
	Code    string    // stable, one of the codes
	Problem string    // in one sentence
	Remedy  string    // what to do about it
	Params  Params    // what Problem and Remedy name beside Count and Each
	Count   int64     // the number in Problem; 0 if there is none
	Is      Certainty // how Count was found
	Each    []Share   // the agents, teams or channels concerned, the most affected first
}

// Share is one of those that a Finding is about.
type Share struct {
	ID string
	N  int64 // its part of the finding's Count; 0 if each counts as one
}

// shares returns those with the IDs, each with its number, if there are numbers.
func shares(ids []string, numbers map[string]int64) []Share {
	each := make([]Share, len(ids))
	for i, id := range ids {
		each[i] = Share{ID: id, N: numbers[id]}
	}
	return each
}

// PreflightCounts are the statistics of a channel that Preflight needs. Unless
// stated otherwise they count conversations. Without history there are none of
// what would move.
type PreflightCounts struct {
	Conversations Figure
	Open          Figure
	Closed        Figure
	WithTicket    Figure            // already have a ticket
	Owned         map[string]int64  // without a ticket, by the owner's ID; "" is nobody
	OwnedIs       Certainty         // how Owned was found
	LeftBehind    map[string]Figure // in connected channels, by channel ID (Setup.ConnectedChannels)
	Breaching     *Breaching        // nil if the setup or the choices do not tell which statuses tickets get
	Hourly        [7 * 24]int64     // began in each hour of the week in the account's zone, from Sunday 00:00, of the newest HourlyOf
	HourlyOf      int64
}

// Breaching is how many tickets would be overdue at once with each choice of SLA
// clocks (R9).
type Breaching struct{ FromMove, Original, None Figure }

// Of returns the number for a choice.
func (b Breaching) Of(mode SLAMode) Figure {
	switch mode {
	case Original:
		return b.Original
	case NoClocks:
		return b.None
	}
	return b.FromMove
}

// Messages is how many notifications of history each choice sends (R10).
type Messages struct{ Quiet, Digest, All Figure }

// Preflight is the result of the checks before a move (R11). A move with a
// blocker does not start; every warning must be acknowledged.
type Preflight struct {
	Blockers   []Finding
	Warnings   []Finding
	Create     Figure // tickets to be created
	OwnersLost Figure // of those, tickets whose conversations' owners have no help desk access
	Messages   Messages
	QuietHours []QuietWindow // the quietest first; none without history
	Estimate   Estimate
	PreflightCounts
}

// Preflight checks a move of c. The choices may still lack the status map. It
// does not check the caller; see MayMove.
func (s Setup) Preflight(c Channel, choices Choices, f PreflightCounts, now time.Time) Preflight {
	p := Preflight{
		Blockers:        s.blockers(c),
		Warnings:        s.warnings(c, choices, f),
		Create:          f.Conversations.Minus(f.WithTicket),
		OwnersLost:      Figure{0, f.OwnedIs},
		QuietHours:      quietHours(f.Hourly, now.In(s.Account.Location())),
		Estimate:        estimate(choices, f),
		PreflightCounts: f,
	}
	p.Messages = Messages{Quiet: Figure{0, Exact}, Digest: Figure{0, f.OwnedIs}, All: f.Conversations}
	if f.OwnedIs != Exact {
		p.Messages.Digest.Is = AtLeast // owners seen; others may own a few
	}
	for id, n := range f.Owned {
		switch a, _ := s.Agent(id); {
		case id == "" || n == 0:
		case a.HelpDesk:
			p.Messages.Digest.N++
		default:
			p.OwnersLost.N += n
		}
	}
	return p
}

// Unacknowledged returns the warnings whose codes are not among codes. The codes
// may include warnings that no longer apply; a code of no warning at all is an
// *InvalidError.
func (p Preflight) Unacknowledged(codes []string) ([]Finding, error) {
	var errs problems
	for i, code := range codes {
		_, err := parse(fmt.Sprintf("acknowledged[%d]", i), code, warnings()...)
		errs.check(err)
	}
	if err := errs.join(); err != nil {
		return nil, err
	}
	var left []Finding
	for _, w := range p.Warnings {
		if !slices.Contains(codes, w.Code) {
			left = append(left, w)
		}
	}
	return left, nil
}

func (s Setup) blockers(c Channel) []Finding {
	var found []Finding
	for _, err := range []error{s.Account.MayUseDesk(), c.Movable()} {
		var refused *RefusedError
		if errors.As(err, &refused) {
			found = append(found, Finding{Code: refused.Code, Params: refused.Params, Problem: refused.Problem, Remedy: refused.Remedy})
		}
	}
	found = append(found, s.BotFindings(c)...)
	if _, err := NewRules(s, Move{}, c, s.Access()); err != nil {
		found = append(found, Finding{Code: CodeSetup, Problem: err.Error(),
			Remedy: "correct the account's setup; until then no conversation can be converted"})
	}
	return found
}

func (s Setup) warnings(c Channel, choices Choices, f PreflightCounts) []Finding {
	var found []Finding
	history := choices.History == AllHistory
	if history {
		found = append(found, s.ownersWithoutAccess(f)...)
	}
	if !slices.ContainsFunc(s.Policies, func(p Policy) bool { return p.isForChannel(c.ID) }) {
		found = append(found, Finding{Code: CodeNoSLAPolicy, Problem: "no SLA policy applies to this channel, so its tickets will have no clocks",
			Remedy: "add a policy for the channel, or do without"})
	}
	settings, _ := c.ParsedSettings() // invalid settings are a blocker
	if without := s.withoutAccess(s.RoutedAgents(settings.Routing)); len(without) > 0 {
		found = append(found, Finding{Code: CodeRoutingNoAccess, Count: int64(len(without)), Each: shares(without, nil),
			Problem: "routing names agents who cannot receive tickets",
			Remedy:  "give them help desk access, or route to others"})
	}
	found = append(found, s.leftBehind(c, f.LeftBehind)...)
	if history && choices.SLA == Original && f.Breaching != nil && f.Breaching.Original.N > 0 {
		n := f.Breaching.Original
		found = append(found, Finding{Code: CodeWouldBreach, Count: n.N, Is: n.Is,
			Problem: n.Of("ticket") + " would breach an SLA on arrival",
			Remedy:  "choose clocks that start at the move, or be prepared for the breaches"})
	}
	return found
}

// ownersWithoutAccess warns about agents who would lose their conversations.
func (s Setup) ownersWithoutAccess(f PreflightCounts) []Finding {
	owned, sum := f.Owned, Figure{0, f.OwnedIs}
	var about []string
	for _, id := range slices.SortedFunc(maps.Keys(owned), func(a, b string) int {
		return cmp.Or(cmp.Compare(owned[b], owned[a]), cmp.Compare(a, b))
	}) {
		if a, _ := s.Agent(id); id != "" && owned[id] > 0 && !a.HelpDesk {
			sum.N += owned[id]
			about = append(about, id)
		}
	}
	if len(about) == 0 {
		return nil
	}
	const most = 10
	each := make([]string, 0, most+1)
	for _, id := range about[:min(most, len(about))] {
		each = append(each, fmt.Sprintf("%s %d", id, owned[id]))
	}
	if more := len(about) - most; more > 0 {
		each = append(each, Count(more, "other")+" the rest")
	}
	return []Finding{{Code: CodeAgentsNoAccess, Count: sum.N, Is: sum.Is, Each: shares(about, owned),
		Problem: fmt.Sprintf("agents without help desk access own %s: %s", sum.Of("conversation"), strings.Join(each, ", ")),
		Remedy:  "give them help desk access, or accept that the tickets will have no owner"}}
}

// leftBehind warns about connected channels that this move leaves in the inbox.
func (s Setup) leftBehind(c Channel, conversations map[string]Figure) []Finding {
	found := Finding{Code: CodeConnectedLeft, Remedy: "move them next; until then agents must look in two places"}
	sum := Figure{0, Exact}
	for _, other := range s.ConnectedChannels(c) {
		if other.Home == Inbox {
			n := conversations[other.ID]
			found.Each = append(found.Each, Share{ID: other.ID, N: n.N})
			sum = sum.Plus(n)
		}
	}
	if sum == (Figure{0, Exact}) { // nothing to look for in the other place
		return nil
	}
	found.Count, found.Is = sum.N, sum.Is
	found.Problem = "connected channels stay in the inbox with " + sum.Of("conversation")
	return []Finding{found}
}

const (
	maxQuietWindows  = 3
	quietWindowHours = 3
	weekHours        = 7 * 24
)

// QuietWindow is a recommended time to start a move (R11).
type QuietWindow struct {
	Hour          int       // of the week at which it starts, in the account's time zone; 0 is Sunday 00:00
	Start         time.Time // next occurrence, in that zone
	End           time.Time
	Conversations int64 // that began in this window of the week, of those in Hourly
}

// quietHours returns the quietest windows of the week that do not overlap,
// the quietest first and, if equal, the soonest; none without history.
func quietHours(hourly [weekHours]int64, now time.Time) []QuietWindow {
	if hourly == ([weekHours]int64{}) {
		return nil
	}
	windows := make([]QuietWindow, weekHours)
	for hour := range windows {
		start := nextHour(hour, now)
		windows[hour] = QuietWindow{Hour: hour, Start: start, End: start.Add(quietWindowHours * time.Hour)}
		for i := range quietWindowHours {
			windows[hour].Conversations += hourly[(hour+i)%weekHours]
		}
	}
	slices.SortFunc(windows, func(a, b QuietWindow) int {
		return cmp.Or(cmp.Compare(a.Conversations, b.Conversations), a.Start.Compare(b.Start))
	})
	var best []QuietWindow
	for _, w := range windows {
		if len(best) < maxQuietWindows && !slices.ContainsFunc(best, w.overlaps) {
			best = append(best, w)
		}
	}
	return best
}

// HourOfWeek returns the hour of the week of t in its zone; 0 is Sunday 00:00.
func HourOfWeek(t time.Time) int { return int(t.Weekday())*24 + t.Hour() }

// nextHour returns when an hour of the week next begins, in the zone of now and at
// now or later.
func nextHour(hour int, now time.Time) time.Time {
	year, month, day := now.Date()
	for day += (hour/24 - int(now.Weekday()) + 7) % 7; ; day += 7 {
		start := time.Date(year, month, day, hour%24, 0, 0, 0, now.Location())
		if !start.Before(now) {
			return start
		}
	}
}

// overlaps reports whether two windows share time in any week.
func (w QuietWindow) overlaps(o QuietWindow) bool {
	apart := (w.Hour - o.Hour + weekHours) % weekHours
	return min(apart, weekHours-apart) < quietWindowHours
}

// The cost and speed of moves on AWS, from measurements of the write path and
// from the quotas and us-east-1 prices of DynamoDB on demand as of November
// 2026.
const (
	writesPerConversation = 1.03  // write units: landing, and a share of the ledger
	writesIfOpen          = 1.05  // more for an open one, to the index of what is open
	writesIfNotified      = 3     // more if the landing is told of in the same transaction
	dollarsPerWrite       = 0.625 // per million
	dollarsForTheRest     = 0.15  // per million conversations: reads, queue, state machine and functions

	comparedPerSecond = 40_000 // conversations that the converters compare afterwards, which writes nothing of them

	coldWrites  = 4_000            // per second, on a table that has been idle
	peakWrites  = 40_000           // per second, the default quota of a table
	doubleAfter = 30 * time.Minute // time in which an on-demand table doubles its capacity
	moveShare   = 0.7              // of the writes; the rest is reserved for live traffic (R22)

	// Drain waits even if there is nothing to move.
	fixedWaits = 10 * time.Second
)

// Estimate is the expected duration and cost of a move on AWS.
type Estimate struct {
	Conversations Figure        // to move; how it was found goes for all of the estimate
	Shortest      time.Duration // if the table is warm and there is no live traffic
	Longest       time.Duration // if the table is cold and live traffic uses its full share
	Writes        float64       // DynamoDB write units
	Dollars       float64
}

// estimate returns the estimate of a move. Without history only the fixed waits
// remain.
func estimate(c Choices, f PreflightCounts) Estimate {
	e := Estimate{Conversations: Figure{0, Exact}}
	if c.History == AllHistory {
		e.Conversations = f.Conversations
	}
	all := float64(e.Conversations.N)
	if all > 0 {
		e.Writes = writesPerConversation*all + writesIfOpen*float64(f.Open.N)
	}
	if c.Notifications == All {
		e.Writes += writesIfNotified * all
	}
	e.Dollars = (dollarsPerWrite*e.Writes + dollarsForTheRest*all) / 1e6
	left := writesPerConversation * all // an index has capacity of its own
	e.Shortest = fixedWaits + seconds(left/peakWrites+all/comparedPerSecond)
	e.Longest = fixedWaits + seconds(all/comparedPerSecond)
	for rate := coldWrites; ; rate *= 2 {
		moved := moveShare * float64(min(rate, peakWrites))
		if rate >= peakWrites || left <= moved*doubleAfter.Seconds() {
			e.Longest += seconds(left / moved)
			return e
		}
		left -= moved * doubleAfter.Seconds()
		e.Longest += doubleAfter
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Second)
}
