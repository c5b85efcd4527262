package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// tally is a recount of the numbers of a move's report.
type tally struct {
	created, asIs, live, ownersLost int64
	late                            int64 // of history, joined after the fence or landed after the end
	byStatus                        map[string]int64
	inbox, desk                     uint64
}

// tally counts a conversation for its channel's move.
func (v *verifier) tally(p pair) {
	m, known := v.world.moveOf(p.channel)
	if !known {
		return
	}
	n := v.tallies[m.ID]
	if n == nil {
		if v.tallies == nil {
			v.tallies = make(map[string]*tally)
		}
		n = &tally{byStatus: make(map[string]int64)}
		v.tallies[m.ID] = n
	}
	t := p.ticket
	if !p.moved || t == nil || t.Home != "helpdesk" {
		return
	}
	// A form's conversation that joined after the fence may have come before
	// or after the report was made (R14).
	late := p.joined >= millis(v.world.channels[p.channel].FenceAt) || t.Provenance == "history" && t.MoveID == ""
	switch {
	case t.Provenance == "live":
		n.live++
	case late:
		n.late++
	case t.Provenance == "native":
		n.asIs++
	default:
		n.created++
	}
	if t.LostOwner != "" && t.MovedOwner == "" {
		n.ownersLost++
	}
	n.byStatus[t.MovedStatus]++
	n.desk += desk.Checksum(p.id, t.CreatedAt, desk.Status(t.MovedStatus), t.MovedOwner)
	start, status, owner := v.expected(p, m)
	n.inbox += desk.Checksum(p.id, start, desk.Status(status), owner)
}

// expected is what the inbox's side says that a ticket should be; of what the
// conversation does not decide, what the move noted.
func (v *verifier) expected(p pair, m api.ChannelMove) (start time.Time, status, owner string) {
	t := p.ticket
	if t.Provenance == "native" {
		return t.CreatedAt, t.MovedStatus, t.MovedOwner
	}
	status, owner = t.MovedStatus, t.MovedOwner
	if t.Provenance == "history" && t.MoveID == m.ID && m.StatusMap != nil {
		status = m.StatusMap.Closed
		if p.open {
			status = m.StatusMap.Open
		}
		owner = p.owner
		if access, ok := v.world.access[m.ID]; ok && !access[p.owner] || !ok && t.LostOwner != "" {
			owner = ""
		}
	}
	return time.UnixMilli(p.started), status, owner
}

// judgeMoves checks moves and channels, read again after everything else.
func (v *verifier) judgeMoves(ctx context.Context) error {
	if err := v.look(ctx); err != nil {
		return err
	}
	running := ""
	for _, m := range v.world.ordered {
		if m.Rehearsal {
			continue
		}
		if !ended(m) {
			v.must(oneMove, running == "", m.ID, "it is running, and so is move %s", running)
			running = m.ID
			v.note("move %s of channel %s is running: whether all of it has moved is not checked before its end", m.ID, m.ChannelID)
			continue
		}
		if err := v.judgeEnded(ctx, m); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.world.channels)) {
		v.judgeChannel(v.world.channels[id])
	}
	v.judgeSettings()
	return v.judgeAudit(ctx)
}

func (v *verifier) must(invariant int, holds bool, id, problem string, args ...any) {
	v.checks[invariant].Checked++
	if !holds {
		v.violated(finding{invariant, id, fmt.Sprintf(problem, args...)})
	}
}

func (v *verifier) judgeChannel(p api.Channel) {
	m, known := v.world.moves[p.MoveID]
	switch p.Home {
	case "inbox":
		v.must(oneMove, p.MoveID == "", p.ID, "the channel is in the inbox, but names move %s", p.MoveID)
	case "moving":
		v.must(oneMove, known && m.ChannelID == p.ID && m.Status != "done", p.ID, "the channel is moving, but move %q is not moving it", p.MoveID)
	default:
		v.must(oneMove, known && m.ChannelID == p.ID && m.Status != "starting", p.ID, "the channel has moved, but no move %q has moved it", p.MoveID)
	}
}

// judgeEnded checks the counts and the report of a move that has ended.
func (v *verifier) judgeEnded(ctx context.Context, m api.ChannelMove) error {
	place := v.world.channels[m.ChannelID]
	v.must(oneMove, place.MoveID == m.ID, m.ID, "it has ended, but its channel %s is not where it took it", m.ChannelID)
	if m.Status == "done" {
		v.must(oneMove, place.Home == "helpdesk", m.ID, "it is done, but its channel's home is %q", place.Home)
	}
	if m.OpenBatches != nil {
		v.must(ledgerEmpty, *m.OpenBatches == 0, m.ID, "it has ended with %s open", desk.Count(*m.OpenBatches, "batch"))
	}
	if p := m.Progress; p != nil {
		v.must(countersPlanned, p.Done == p.Planned, m.ID, "%s planned, but %d done", desk.Count(p.Planned, "conversation"), p.Done)
		parts := p.Created + p.AsIs + p.Live + p.Stayed + p.Failed
		v.must(countersPlanned, parts == p.Done, m.ID, "%s done, but what became of them adds up to %d", desk.Count(p.Done, "conversation"), parts)
	}
	r, err := v.api.Report(ctx, m.ID)
	if err != nil {
		return err
	}
	v.judgeReport(m, r)
	return nil
}

// judgeReport compares a report with the data. What customers and agents do after
// a landing changes nothing of what is compared; but what has landed since the
// report was made is not in it.
func (v *verifier) judgeReport(m api.ChannelMove, r api.Report) {
	n := v.tallies[m.ID]
	if n == nil {
		n = &tally{}
	}
	var byStatus, failed int64
	for _, k := range r.ByStatus {
		byStatus += k
	}
	for f := range v.world.failed {
		if c := v.records.find(f); c != nil && !c.moved && v.records.name(c.channel) == m.ChannelID {
			failed++
		}
	}
	v.must(reportTotals, r.Found == r.Created+r.AsIs+r.Redirected+r.Failed, m.ID,
		"its report found %s, but names %d", desk.Count(r.Found, "conversation"), r.Created+r.AsIs+r.Redirected+r.Failed)
	v.must(reportTotals, byStatus == r.Found-r.Failed, m.ID, "its report has %s by status, but %d in all", desk.Count(byStatus, "ticket"), r.Found-r.Failed)
	v.must(checksums, r.Checksum.Inbox == r.Checksum.Desk, m.ID, "its report's checksums are %s and %s", r.Checksum.Inbox, r.Checksum.Desk)
	v.must(checksums, n.inbox == n.desk, m.ID, "the data's checksums are %016x and %016x", n.inbox, n.desk)
	if !v.reports[m.ID].Equal(m.EndedAt) {
		v.note("move %s ended while the data were read: its report is of a later moment, and is compared the next time", m.ID)
		return
	}

	reported, now := r.Created+r.AsIs+r.Failed, n.created+n.asIs+failed
	v.must(reportTotals, reported <= now+n.late+r.Failed && now <= reported, m.ID,
		"its report has %s of history, but the data have %d", desk.Count(reported, "conversation"), now)
	v.must(reportTotals, r.Redirected <= n.live+r.Failed, m.ID, "its report has %s, but the data have %d", desk.Count(r.Redirected, "live ticket"), n.live)
	if n.late > 0 || n.live > r.Redirected || now > reported {
		v.note("move %s: conversations have landed since its report was made, so that its checksum, owners and statuses cannot be "+
			"compared with today's data; both sides of today's data are compared instead", m.ID)
		return
	}
	v.must(reportTotals, r.Created == n.created && r.AsIs == n.asIs && r.Redirected == n.live, m.ID,
		"its report has %s created, %d as they were and %d live, but the data have %d, %d and %d",
		desk.Count(r.Created, "ticket"), r.AsIs, r.Redirected, n.created, n.asIs, n.live)
	v.must(reportTotals, r.OwnersLost == n.ownersLost, m.ID, "its report has %s lost, but the data have %d", desk.Count(r.OwnersLost, "owner"), n.ownersLost)
	v.must(reportTotals, maps.Equal(r.ByStatus, n.byStatus), m.ID, "its report has tickets by status %v, but the data have %v", r.ByStatus, n.byStatus)
	v.must(checksums, r.Checksum.Desk == fmt.Sprintf("%016x", n.desk), m.ID, "its report's checksum is %s, but the data's is %016x", r.Checksum.Desk, n.desk)
}

// judgeSettings compares channels' settings with a file's.
func (v *verifier) judgeSettings() {
	if v.options.Settings == nil {
		v.note("channels' settings are not checked: give the file that was applied with --settings")
		return
	}
	for _, c := range v.world.setup.Channels {
		want, ok := v.options.Settings[c.ID]
		if !ok {
			v.note("channel %s is not in the file given, so its settings are not checked", c.ID)
			continue
		}
		v.must(settingsKept, compact(c.Settings) == compact(want), c.ID, "its settings are not those of the file")
	}
}

// compact is settings without the blanks, and with the escapes, that JSON
// loses or gets on its way through the API.
func compact(settings json.RawMessage) string {
	b, err := json.Marshal(settings)
	if err != nil || len(settings) == 0 {
		return string(settings)
	}
	return string(b)
}

// judgeAudit looks for the start and end of every move in the audit log.
func (v *verifier) judgeAudit(ctx context.Context) error {
	logged := make(map[string]bool)
	for e, err := range v.api.Audit(ctx) {
		if err != nil {
			return err
		}
		logged[e.Action+" "+e.MoveID] = true
	}
	for _, m := range v.world.ordered {
		start := "start"
		if m.Rehearsal {
			start = "rehearse"
		}
		if logged["restore "+m.ID] { // it was another account's
			v.must(auditLogged, ended(m), m.ID, "it was brought in, and has not ended")
			continue
		}
		v.must(auditLogged, logged[start+" "+m.ID], m.ID, "its start is not in the audit log")
		if ended(m) {
			v.must(auditLogged, logged["end "+m.ID], m.ID, "its end is not in the audit log")
		}
	}
	return nil
}
