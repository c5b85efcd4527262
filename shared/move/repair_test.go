package move_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// moved moves a channel, and lets its audits pass.
func moved(r *apptest.Rig, choices desk.Choices) desk.Move {
	r.Helper()
	r.StartMove(choices)
	m := r.Run()
	r.RunOut()
	return m
}

// sweep lets a minute pass and sweeps.
func sweep(t *testing.T, r *apptest.Rig) int {
	t.Helper()
	r.Time = r.Time.Add(time.Minute)
	n, err := r.Sweep.Use(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// repairs are what the audit log says of repairs, the last first.
func repairs(r *apptest.Rig) (lines []string) {
	r.Helper()
	es, _, err := r.Journal.AuditLog(r.Context(), "acme", "", 100)
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range es {
		if strings.HasPrefix(e.Action, "repair") {
			lines = append(lines, e.By+" "+e.Action+" "+e.Channel+": "+e.Detail)
		}
	}
	return lines
}

// TestTheDailyRepairFindsALostRecord of a conversation that came two days after the
// move, within a day.
func TestTheDailyRepairFindsALostRecord(t *testing.T) {
	for _, choices := range []desk.Choices{apptest.History("mail"), noHistory("mail")} {
		r := apptest.New(t)
		m := moved(r, choices)
		r.Time = m.EndedAt.AddDate(0, 0, 2)
		if n := sweep(t, r); n != 1 {
			t.Errorf("%d repairs on the second day", n)
		}
		r.RunOut()
		lost := r.TakeIn("mail", "lost").ID // the stream does not tell
		for range 24 * 4 {
			if r.Time = r.Time.Add(15 * time.Minute); sweep(t, r) > 0 {
				r.RunOut()
				break
			}
		}
		c := r.Conversation(lost)
		if c.Home != desk.HelpDesk || c.Ticket.Provenance != desk.Live || r.Time.Sub(c.TakenIn) > 25*time.Hour {
			t.Errorf("after %s the conversation is %+v", r.Time.Sub(c.TakenIn), c)
		}
		if ns := outbox(r); len(ns) != 1 || ns[0].Ticket != desk.TicketID(lost) {
			t.Errorf("agents are told %+v", ns)
		}
		log := repairs(r)
		if len(log) != 4 || log[0] != "deskmove repaired mail: found after the end: 1 landed, 0 failed" || !strings.HasPrefix(log[1], "deskmove repair mail: since ") {
			t.Errorf("the audit log has %v", log)
		}
		if now, err := r.Moves.Get(t.Context(), "acme", m.ID); err != nil || now.Report.Found != m.Report.Found || !now.RepairAt.After(r.Time.Add(23*time.Hour)) {
			t.Errorf("move = %+v, %v", now, err)
		}
	}
}

// TestARepairFindsALostRecord two days after the move, at once, and one of before
// that no daily repair looks at any more.
func TestARepairFindsALostRecord(t *testing.T) {
	r := apptest.New(t)
	m := moved(r, apptest.History("mail"))
	r.Time = m.EndedAt.AddDate(0, 0, 2)
	lost := r.TakeIn("mail", "lost").ID
	r.Time = r.Time.AddDate(0, 0, 3)
	got, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail")
	if err != nil || got.Move != m.ID || got.Channel != "mail" || got.Running || got.ID == "" {
		t.Errorf("repair = %+v, %v", got, err)
	}
	r.Time = r.Time.Add(time.Second)
	r.RunOut()
	if c := r.Conversation(lost); c.Home != desk.HelpDesk || c.Ticket.Provenance != desk.Live {
		t.Errorf("conversation = %+v", c)
	}
	if log := repairs(r); len(log) != 2 || log[0] != "deskmove repaired mail: found after the end: 1 landed, 0 failed" || log[1] != "ann repair mail: all" {
		t.Errorf("the audit log has %v", log)
	}
	if now, err := r.Moves.Get(t.Context(), "acme", m.ID); err != nil || !now.RepairAt.After(r.Time.Add(23*time.Hour)) {
		t.Errorf("the next repair is due at %s, %v", now.RepairAt, err)
	}
}

// TestARepairTriesAgainWhatFailed, and looks at the channel's past only on demand.
func TestARepairTriesAgainWhatFailed(t *testing.T) {
	r := apptest.New(t)
	m := moved(r, apptest.History("mail"))
	undated := r.TakeIn("mail", "live")
	undated = r.Mend(undated, func(c *desk.Conversation) { c.Started = time.Time{} })
	r.Changed(undated.ID)
	if got := r.Failures(m.ID); len(got) != 1 {
		t.Fatalf("failures = %v", got)
	}
	r.Time = m.EndedAt.AddDate(0, 0, 3)
	sweep(t, r)
	r.RunOut()
	if log := repairs(r); log[0] != "deskmove repaired mail: found after the end: 0 landed, 1 failed" || len(r.Failures(m.ID)) != 1 {
		t.Errorf("the audit log has %v, failures are %v", log, r.Failures(m.ID))
	}
	r.Mend(undated, func(c *desk.Conversation) { c.Started = r.Time })
	r.Time = r.Time.AddDate(0, 0, 3)
	sweep(t, r)
	r.RunOut()
	if got := r.Failures(m.ID); len(got) > 0 || r.Conversation(undated.ID).Home != desk.HelpDesk {
		t.Errorf("failures = %v, conversation %+v", got, r.Conversation(undated.ID))
	}
}

// TestAChannelAtAttentionIsRepaired: its move has ended, though it has not let go of the
// channel.
func TestAChannelAtAttentionIsRepaired(t *testing.T) {
	r := apptest.New(t)
	r.Undated("mail")
	r.StartMove(apptest.History("mail"))
	if m := r.Run(); m.Status != desk.Attention {
		t.Fatalf("move = %+v", m)
	}
	r.Time = r.Time.Add(3 * time.Hour) // the audits have ended
	lost := r.Import("mail", 1)[0]
	if _, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail"); err != nil {
		t.Fatal(err)
	}
	r.RunOut()
	if c := r.Conversation(lost.ID); c.Home != desk.HelpDesk {
		t.Errorf("it is %+v", c)
	}
}

// TestAttentionIsSaidDaily: never are there 25 hours in which nothing says that a move is
// at attention, whoever repairs its channel meanwhile, and it is said once for each repair.
func TestAttentionIsSaidDaily(t *testing.T) {
	r := apptest.New(t)
	r.Undated("mail")
	m := moved(r, apptest.History("mail"))
	if m.Status != desk.Attention || strings.Count(r.Measured.String(), `"MovesAtAttention":1`) != 1 {
		t.Fatalf("move = %+v, which says %s", m, r.Measured.String())
	}
	last, said := m.EndedAt, 0
	for i := range 8 * 24 * 6 {
		r.Measured.Reset()
		if r.Time = r.Time.Add(9 * time.Minute); i%211 == 100 { // by hand, each 35 hours
			if _, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail"); err != nil {
				t.Fatal(err)
			}
		}
		sweep(t, r)
		r.RunOut()
		if n := strings.Count(r.Measured.String(), `"MovesAtAttention":1`); n > 0 {
			if gap := r.Time.Sub(last); gap > 25*time.Hour {
				t.Errorf("nothing was said for %v", gap)
			}
			last, said = r.Time, said+n
		}
	}
	started := 0
	for _, line := range repairs(r) {
		if strings.Contains(line, " "+desk.ActionRepair+" ") {
			started++
		}
	}
	if gap := r.Time.Sub(last); gap > 25*time.Hour || started < 8 || said != started {
		t.Errorf("said %d times after %d repairs, and not for %v at the end", said, started, gap)
	}
}

// TestTwoRepairsAtOnceAreOne, and one that is late ends only its own.
func TestTwoRepairsAtOnceAreOne(t *testing.T) {
	r := apptest.New(t)
	moved(r, apptest.History("mail"))
	first, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail")
	if err != nil {
		t.Fatal(err)
	}
	zombie := r.LastRun()
	r.Time = r.Time.Add(time.Second)
	second, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail")
	if err != nil || second.ID != first.ID || !second.Running || len(r.Runs) != 2 {
		t.Errorf("the second is %+v, %v, executions %+v", second, err, r.Runs)
	}
	r.RunOut()
	r.Time = r.Time.Add(time.Second)
	third, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail")
	if err != nil || third.ID == first.ID || third.Running {
		t.Errorf("the third is %+v, %v", third, err)
	}
	zombie.Pass = 2
	r.Step(r.Finish, zombie)
	r.Time = r.Time.Add(time.Second)
	if fourth, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail"); err != nil || fourth.ID != third.ID || !fourth.Running {
		t.Errorf("after the first has ended again, the fourth is %+v, %v", fourth, err)
	}
	if log := repairs(r); len(log) != 3 {
		t.Errorf("the audit log has %v", log)
	}
}

// TestAStalledRepairIsContinued: one that was never started, or whose execution has
// failed, on demand or daily, before and after the audits have ended.
func TestAStalledRepairIsContinued(t *testing.T) {
	for name, test := range map[string]struct{ daily, audited, failed bool }{
		"on demand":                    {audited: true},
		"on demand, failed":            {audited: true, failed: true},
		"before the audits have ended": {},
		"before, failed":               {failed: true},
		"daily, failed":                {audited: true, daily: true, failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			r.StartMove(apptest.History("mail"))
			m := r.Run()
			audits := r.LastRun().Name()
			if test.audited {
				r.RunOut()
			}
			lost := r.TakeIn("mail", "lost").ID
			if !test.failed {
				r.StartErr = errors.New("out of reach")
			}
			if test.daily {
				r.Time = m.EndedAt.Add(24 * time.Hour)
				sweep(t, r)
			} else if _, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail"); err != nil {
				t.Fatal(err)
			}
			r.StartErr = nil
			if test.failed {
				name := r.LastRun().Name()
				e := r.Executions[name]
				e.Status, e.State = "FAILED", "Broken"
				r.Executions[name] = e
			}
			if n := sweep(t, r); n != 1 || r.LastRun().Late != move.LateRepair {
				t.Fatalf("%d executions were started, the last is %+v", n, r.LastRun())
			}
			if want := map[bool]int{false: 1, true: 2}[test.failed]; r.LastRun().Run != want {
				t.Errorf("the run is %+v", r.LastRun())
			}
			if sweep(t, r) != 0 {
				t.Error("another one was started beside it")
			}
			r.RunOut()
			if c := r.Conversation(lost); c.Home != desk.HelpDesk || len(repairs(r)) != 2 {
				t.Errorf("conversation %+v, audit log %v", c, repairs(r))
			}
			if !test.audited {
				for !r.Executions[audits].Ended() {
					r.Executions[audits] = r.Advance(r.Executions[audits])
					r.Deliver()
				}
			}
			for range 20 {
				if n := sweep(t, r); n != 0 {
					t.Fatalf("the sweeper starts %+v", r.LastRun())
				}
			}
			r.Time = r.Time.AddDate(0, 0, 1)
			if sweep(t, r) != 1 {
				t.Error("there is no repair the next day")
			}
		})
	}
}

// TestARepairThatTookDaysLeavesNothingOut: the next one goes back to where it began.
func TestARepairThatTookDaysLeavesNothingOut(t *testing.T) {
	r := apptest.New(t)
	m := moved(r, apptest.History("mail"))
	r.Time = m.EndedAt.Add(25 * time.Hour)
	sweep(t, r)
	last := r.LastRun()
	run := r.Step(r.Drain, r.Step(r.List, last))
	run = r.Step(r.Drain, r.Step(r.List, run)) // all is listed
	lost := r.TakeIn("mail", "lost").ID
	r.Time = r.Time.AddDate(0, 0, 3)
	r.Step(r.Finish, run)
	e := r.Executions[last.Name()]
	e.Status = "SUCCEEDED"
	r.Executions[last.Name()] = e
	if sweep(t, r) != 1 {
		t.Fatal("the next repair is not due")
	}
	r.RunOut()
	if c := r.Conversation(lost); c.Home != desk.HelpDesk {
		t.Errorf("conversation = %+v", c)
	}
}
