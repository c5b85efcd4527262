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
	Code    string  // stable, one of the codes
	Problem string  // in one sentence
	Remedy  string  // what to do about it
	Params  Params  // what Problem and Remedy name beside Count and Each
	Count   int64   // the number in Problem; 0 if there is none
	Each    []Share // the agents, teams or channels concerned, the most affected first
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
// stated otherwise they count conversations.
type PreflightCounts struct {
	Conversations int64
	Open          int64
	Closed        int64
	WithTicket    int64            // already have a ticket
	Owned         map[string]int64 // by the owner's ID; "" means nobody and is ignored
	LeftBehind    map[string]int64 // in connected channels, by channel ID (Setup.ConnectedChannels)
	Hourly        [7 * 24]int64    // messages by UTC hour of the week in which they arrived, from Sunday 00:00
	Breaching     int64            // would be overdue at once if clocks started at the original times
}

// Preflight is the result of the checks before a move (R11). A move with a
// blocker does not start; every warning must be acknowledged.
type Preflight struct {
	Blockers   []Finding
	Warnings   []Finding
	QuietHours []QuietWindow // the quietest first; none without history
	Estimate   Estimate
	PreflightCounts
}

// Preflight checks a move of c. The choices may still lack the status map. It
// does not check the caller; see MayMove.
func (s Setup) Preflight(c Channel, choices Choices, f PreflightCounts, now time.Time) Preflight {
	return Preflight{
		Blockers:        s.blockers(c),
		Warnings:        s.warnings(c, choices, f),
		QuietHours:      quietHours(f.Hourly, s.Account.Zone, now),
		Estimate:        estimate(choices, f),
		PreflightCounts: f,
	}
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
		found = append(found, s.ownersWithoutAccess(f.Owned)...)
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
	if history && choices.SLA == Original && f.Breaching > 0 {
		found = append(found, Finding{Code: CodeWouldBreach, Count: f.Breaching,
			Problem: fmt.Sprintf("%d tickets would breach their SLA as soon as they arrive", f.Breaching),
			Remedy:  "choose clocks that start at the move, or be prepared for the breaches"})
	}
	return found
}

// ownersWithoutAccess warns about agents who would lose their conversations.
func (s Setup) ownersWithoutAccess(owned map[string]int64) []Finding {
	var sum int64
	var about []string
	for _, id := range slices.SortedFunc(maps.Keys(owned), func(a, b string) int {
		return cmp.Or(cmp.Compare(owned[b], owned[a]), cmp.Compare(a, b))
	}) {
		if a, _ := s.Agent(id); id != "" && owned[id] > 0 && !a.HelpDesk {
			sum += owned[id]
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
		each = append(each, fmt.Sprintf("%d others the rest", more))
	}
	return []Finding{{Code: CodeAgentsNoAccess, Count: sum, Each: shares(about, owned),
		Problem: fmt.Sprintf("agents without help desk access own %d conversations: %s", sum, strings.Join(each, ", ")),
		Remedy:  "give them help desk access, or accept that the tickets will have no owner"}}
}

// leftBehind warns about connected channels that this move leaves in the inbox.
func (s Setup) leftBehind(c Channel, conversations map[string]int64) []Finding {
	found := Finding{Code: CodeConnectedLeft, Remedy: "move them next; until then agents must look in two places"}
	for _, other := range s.ConnectedChannels(c) {
		if other.Home == Inbox {
			found.Each = append(found.Each, Share{other.ID, conversations[other.ID]})
			found.Count += conversations[other.ID]
		}
	}
	if len(found.Each) == 0 {
		return nil
	}
	found.Problem = fmt.Sprintf("connected channels stay in the inbox with %d conversations", found.Count)
	return []Finding{found}
}

const (
	maxQuietWindows  = 3
	quietWindowHours = 3
	weekHours        = 7 * 24
	sunday           = 3 * 24 * 3600 // Unix second at which the first Sunday began, 1970-01-04
)

// QuietWindow is a recommended time to start a move (R11).
type QuietWindow struct {
	Start    time.Time // next occurrence, in the account's time zone
	End      time.Time
	Messages int64 // messages that arrived in this window of the week, over the whole history
}

// quietHours returns the quietest windows of the week that do not overlap,
// the quietest first and, if equal, the soonest; none without history. The
// hours of the week are those of UTC and only shown in the account's zone, so a
// window can be off by an hour after a change of daylight saving time.
func quietHours(hourly [weekHours]int64, zone string, now time.Time) []QuietWindow {
	if hourly == ([weekHours]int64{}) {
		return nil
	}
	var ignored problems // an unknown zone is a blocker; until it is corrected UTC will do
	in := ignored.zone("zone", zone)
	windows := make([]QuietWindow, weekHours)
	for hour := range windows {
		start := nextHour(hour, now).In(in)
		windows[hour] = QuietWindow{Start: start, End: start.Add(quietWindowHours * time.Hour)}
		for i := range quietWindowHours {
			windows[hour].Messages += hourly[(hour+i)%weekHours]
		}
	}
	slices.SortFunc(windows, func(a, b QuietWindow) int {
		return cmp.Or(cmp.Compare(a.Messages, b.Messages), a.Start.Compare(b.Start))
	})
	var best []QuietWindow
	for _, w := range windows {
		if len(best) < maxQuietWindows && !slices.ContainsFunc(best, w.overlaps) {
			best = append(best, w)
		}
	}
	return best
}

// nextHour returns the start of the next UTC hour of the week at or after now.
func nextHour(hour int, now time.Time) time.Time {
	const week = weekHours * 3600
	start := int64(sunday + hour*3600)
	weeks := floorDiv(now.Unix()-start+week-1, week)
	next := time.Unix(start+weeks*week, 0)
	if next.Before(now) { // by less than a second
		next = next.Add(week * time.Second)
	}
	return next
}

// overlaps reports whether two windows share time in any week.
func (w QuietWindow) overlaps(o QuietWindow) bool {
	apart := w.Start.Sub(o.Start).Abs()
	return min(apart, weekHours*time.Hour-apart) < quietWindowHours*time.Hour
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

	coldWrites  = 4_000            // per second, on a table that has been idle
	peakWrites  = 40_000           // per second, the default quota of a table
	doubleAfter = 30 * time.Minute // time in which an on-demand table doubles its capacity
	moveShare   = 0.7              // of the writes; the rest is reserved for live traffic (R22)

	// Drain waits even if there is nothing to move.
	fixedWaits = 10 * time.Second
)

// Estimate is the expected duration and cost of a move on AWS.
type Estimate struct {
	Conversations int64         // number of conversations to move
	Shortest      time.Duration // if the table is warm and there is no live traffic
	Longest       time.Duration // if the table is cold and live traffic uses its full share
	Writes        float64       // DynamoDB write units
	Dollars       float64
}

// estimate returns the estimate of a move. Without history only the fixed waits
// remain.
func estimate(c Choices, f PreflightCounts) Estimate {
	var e Estimate
	if c.History == AllHistory {
		e.Conversations = f.Conversations
	}
	if e.Conversations > 0 {
		e.Writes = writesPerConversation*float64(e.Conversations) + writesIfOpen*float64(f.Open)
	}
	if c.Notifications == All {
		e.Writes += writesIfNotified * float64(e.Conversations)
	}
	e.Dollars = (dollarsPerWrite*e.Writes + dollarsForTheRest*float64(e.Conversations)) / 1e6
	left := writesPerConversation * float64(e.Conversations) // an index has capacity of its own
	e.Shortest = fixedWaits + seconds(left/peakWrites)
	e.Longest = fixedWaits
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
