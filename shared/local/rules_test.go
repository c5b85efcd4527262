package local_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

var ann = desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin, Address: "192.0.2.7"}

// ready is a rig with the account and n old conversations on the mail
// channel, one in three of them closed by Cem, who has no help desk access.
func ready(t *testing.T, n int) (*rig, []desk.Conversation) {
	t.Helper()
	r := start(t, t.TempDir())
	if _, err := r.cases().Accounts.Replace(t.Context(), setup()); err != nil {
		t.Fatal(err)
	}
	began := time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
	var cs []desk.Conversation
	for i := range n {
		c := r.take("mail", fmt.Sprint("old-", i), began.Add(time.Duration(i)*time.Hour))
		if i%3 == 0 {
			closed, cem := desk.Closed, "cem"
			var err error
			if c, err = r.cases().Editor.EditConversation(t.Context(), ann, c.ID, desk.Edit{Status: &closed, Owner: &cem}); err != nil {
				t.Fatal(err)
			}
		}
		cs = append(cs, c)
	}
	return r, cs
}

func (r *rig) conversation(id string) desk.Conversation {
	r.t.Helper()
	c, err := r.cases().Conversations.Get(r.t.Context(), "acme", id)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) ticket(conversation string) (desk.Ticket, bool) {
	r.t.Helper()
	t, err := r.cases().Tickets.Get(r.t.Context(), "acme", desk.TicketID(conversation))
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		r.t.Fatal(err)
	}
	return t, err == nil
}

// eventually waits until the condition holds, 20 s at most.
func (r *rig) eventually(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func (r *rig) audit(action string) []desk.AuditEntry {
	r.t.Helper()
	es, _, err := r.cases().Journal.AuditLog(r.t.Context(), "acme", "", 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	var found []desk.AuditEntry
	for _, e := range es {
		if e.Action == action {
			found = append(found, e)
		}
	}
	return found
}

func TestR04SecondStartNamesTheRunningMove(t *testing.T) {
	r, _ := ready(t, 3)
	m := r.move(all)
	_, err := r.cases().Starter.Start(t.Context(), ann, desk.Choices{
		Channel: "chat", History: desk.NoHistory,
	}, move.Idempotency{})
	if running, ok := errors.AsType[*move.RunningError](err); !ok || running.Move != m.ID {
		t.Errorf("second start = %v, want RunningError of %s", err, m.ID)
	}
	r.wait(m.ID, 3*time.Minute)
	if running, err := r.cases().Moves.Locked(t.Context(), "acme"); err != nil || running != "" {
		t.Errorf("lock after the end = %q, %v", running, err)
	}
}

func TestR05MovedChannelMovesNeverAgain(t *testing.T) {
	r, _ := ready(t, 1)
	m := r.move(desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: all.Acknowledged})
	r.wait(m.ID, 3*time.Minute)
	_, err := r.cases().Starter.Start(t.Context(), ann, all, move.Idempotency{})
	if refused, ok := errors.AsType[*desk.RefusedError](err); !ok || refused.Code != desk.CodeAlreadyMoved {
		t.Errorf("start of a moved channel = %v", err)
	}
}

func TestStartIsIdempotent(t *testing.T) {
	r, _ := ready(t, 1)
	key := move.Idempotency{Key: "k1", Hash: "h1"}
	first, err := r.cases().Starter.Start(t.Context(), ann, all, key)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again, err := r.cases().Starter.Start(t.Context(), ann, all, key)
		if err != nil || again.ID != first.ID {
			t.Errorf("the same key = %s, %v; want %s", again.ID, err, first.ID)
		}
		r.wait(first.ID, 3*time.Minute)
	}
	_, err = r.cases().Starter.Start(t.Context(), ann, all, move.Idempotency{Key: "k1", Hash: "h2"})
	if _, ok := errors.AsType[*move.KeyReusedError](err); !ok {
		t.Errorf("the key with another body = %v", err)
	}
	if starts := r.audit(desk.ActionStart); len(starts) != 1 {
		t.Errorf("%d starts in the audit log", len(starts))
	}
}

func TestR10Notifications(t *testing.T) {
	for mode, want := range map[desk.NotificationMode][2]int{desk.Quiet: {0, 0}, desk.Digest: {0, 1}, desk.All: {6, 0}} {
		t.Run(string(mode), func(t *testing.T) {
			r, cs := ready(t, 6)
			bob := "bob"
			if _, err := r.cases().Editor.EditConversation(t.Context(), ann, cs[1].ID, desk.Edit{Owner: &bob}); err != nil {
				t.Fatal(err)
			}
			choices := all
			choices.Notifications = mode
			m := r.move(choices)
			r.wait(m.ID, 3*time.Minute)
			live := r.take("mail", "live", time.Now())
			r.eventually("the live conversation's ticket", func() bool { return r.conversation(live.ID).Home == desk.HelpDesk })
			ns, _, err := r.cases().Journal.Outbox(t.Context(), "acme", "", 100)
			if err != nil {
				t.Fatal(err)
			}
			kinds := make(map[string]int)
			for _, n := range ns {
				kinds[n.Kind]++
				if n.Kind == desk.KindDigest && (n.Agent != "bob" || n.Tickets != 1) {
					t.Errorf("digest = %+v", n)
				}
			}
			if got := [2]int{kinds[desk.KindTicket], kinds[desk.KindDigest]}; got != want || kinds[desk.KindLive] != 1 {
				t.Errorf("notifications = %v, want %v and one live", kinds, want)
			}
		})
	}
}

func TestR11WarningsMustBeAcknowledged(t *testing.T) {
	r, _ := ready(t, 3)
	choices := all
	choices.Acknowledged = []string{desk.CodeConnectedLeft}
	_, err := r.cases().Starter.Start(t.Context(), ann, choices, move.Idempotency{})
	blocked, ok := errors.AsType[*move.BlockedError](err)
	if !ok || len(blocked.Blockers) != 0 || len(blocked.Warnings) != 1 || blocked.Warnings[0].Code != desk.CodeAgentsNoAccess {
		t.Errorf("start = %v", err)
	}
	if c, err := r.cases().Setups.Channel(t.Context(), "acme", "mail"); err != nil || c.Home != desk.Inbox {
		t.Errorf("channel = %+v, %v", c, err)
	}
	if refusals := r.audit(desk.ActionRefuse); len(refusals) != 1 || refusals[0].Address != ann.Address || refusals[0].By != "ann" {
		t.Errorf("refusals = %+v", refusals)
	}
}

func TestR12RehearsalCountsAndWritesNothing(t *testing.T) {
	r, cs := ready(t, 9)
	if _, err := r.cases().Editor.NewTicket(t.Context(), ann, cs[1].ID, "new"); err != nil {
		t.Fatal(err)
	}
	broken := cs[2]
	broken.Started = time.Time{}
	if err := r.cases().Conversations.Save(t.Context(), broken, broken.Version); err != nil {
		t.Fatal(err)
	}
	choices := all
	choices.Rehearsal = true
	rehearsed := r.wait(r.move(choices).ID, 3*time.Minute).Report
	if rehearsed.Created != 7 || rehearsed.AsIs != 1 || rehearsed.Failed != 1 || rehearsed.OwnersLost != 3 || rehearsed.ByStatus["solved"] != 3 {
		t.Errorf("rehearsal = %+v", rehearsed)
	}
	for _, c := range cs {
		if now := r.conversation(c.ID); now.Home != desk.Inbox {
			t.Errorf("conversation %+v", now)
		}
		if _, ok := r.ticket(c.ID); ok && c.ID != cs[1].ID {
			t.Errorf("a rehearsal made a ticket")
		}
	}
	moved := r.wait(r.move(all).ID, 3*time.Minute)
	if moved.Status != desk.Attention || moved.Report.Created != rehearsed.Created || moved.Report.Failed != rehearsed.Failed {
		t.Errorf("move = %+v, rehearsal = %+v", moved, rehearsed)
	}
}

func TestR14FormConversationGoesOnByMail(t *testing.T) {
	r, _ := ready(t, 1)
	stays := r.take("form", "form-1", time.Now())
	joins := r.take("form", "form-2", time.Now())
	// An agent answers by mail, and the customer writes back.
	answer, err := r.cases().Intake.Append(t.Context(), desk.Message{
		Account: "acme", Channel: "mail", External: "answer", Author: desk.ByAgent, Agent: "bob", From: "support@acme.example", At: time.Now(),
	}, joins.ID)
	if err != nil {
		t.Fatal(err)
	}
	back := r.take("mail", "back", time.Now(), "answer")
	if answer.Conversation.ID != joins.ID || back.ID != joins.ID || back.Channel != "mail" || back.Origin != "form" || back.Messages != 3 {
		t.Errorf("conversation = %+v", back)
	}
	r.wait(r.move(all).ID, 3*time.Minute)
	if r.conversation(joins.ID).Home != desk.HelpDesk || r.conversation(stays.ID).Home != desk.Inbox {
		t.Errorf("the mail channel took %+v and %+v along", r.conversation(joins.ID), r.conversation(stays.ID))
	}
}

func TestR15NativeTicketMovesAsItIs(t *testing.T) {
	r, cs := ready(t, 2)
	before, err := r.cases().Editor.NewTicket(t.Context(), ann, cs[1].ID, "new")
	if err != nil {
		t.Fatal(err)
	}
	r.wait(r.move(all).ID, 3*time.Minute)
	after, _ := r.ticket(cs[1].ID)
	if after.Home != desk.HelpDesk || after.Status != before.Status || after.Owner != before.Owner || !after.Created.Equal(before.Created) || after.Provenance != desk.Native {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

func TestR17SettingsAreUntouched(t *testing.T) {
	r, _ := ready(t, 1)
	before, err := r.cases().Setups.Channel(t.Context(), "acme", "mail")
	if err != nil {
		t.Fatal(err)
	}
	m := r.wait(r.move(all).ID, 3*time.Minute)
	after, err := r.cases().Setups.Channel(t.Context(), "acme", "mail")
	if err != nil || string(after.Settings) != string(before.Settings) || after.SettingsSum() != m.SettingsSum || len(after.Settings) == 0 {
		t.Errorf("settings = %s, %v; want %s", after.Settings, err, before.Settings)
	}
}

func TestR18AndR20WithoutHistory(t *testing.T) {
	r, cs := ready(t, 3)
	settled := cs[0] // its last change is not on its way any more
	settled.ChangedAt = settled.ChangedAt.Add(-time.Minute)
	if err := r.cases().Conversations.Save(t.Context(), settled, settled.Version); err != nil {
		t.Fatal(err)
	}
	m := r.wait(r.move(desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: all.Acknowledged}).ID, 3*time.Minute)
	live := r.take("mail", "live", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) // an old date does not make it history
	r.eventually("the live conversation's ticket", func() bool { return r.conversation(live.ID).Home == desk.HelpDesk })
	ticket, _ := r.ticket(live.ID)
	if ticket.Provenance != desk.Live || ticket.Status != "new" || (ticket.Owner != "ann" && ticket.Owner != "bob") || ticket.Clocks.FirstReply.IsZero() {
		t.Errorf("live ticket = %+v", ticket)
	}
	r.take("mail", "late reply", time.Now(), "old-1")
	if err := r.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if now := r.conversation(c.ID); now.Home != desk.Inbox {
			t.Errorf("history moved: %+v", now)
		}
	}
	if fs, _, err := r.cases().Ledger.Failures(t.Context(), "acme", m.ID, "", 10); err != nil || len(fs) > 0 {
		t.Errorf("what stays is a failure: %+v, %v", fs, err)
	}
	state := desk.Closed
	if _, err := r.cases().Editor.EditConversation(t.Context(), ann, cs[1].ID, desk.Edit{Status: &state}); err != nil {
		t.Errorf("a conversation that stayed cannot be edited: %v", err)
	}
	if m.Report.Created != 0 || m.Report.Redirected != 0 {
		t.Errorf("report = %+v", m.Report)
	}
}

func TestR19RepliesReopenAndEditsStay(t *testing.T) {
	r, cs := ready(t, 3)
	r.wait(r.move(all).ID, 3*time.Minute)
	first, _ := r.ticket(cs[0].ID)
	if first.Status != "solved" || first.LostOwner != "cem" || first.Owner != "" {
		t.Fatalf("ticket = %+v", first)
	}
	r.take("mail", "reply", time.Now(), "old-0")
	r.eventually("the ticket to reopen", func() bool { now, _ := r.ticket(cs[0].ID); return now.Status == "waiting" })
	solved, bob := desk.Status("solved"), "bob"
	if _, err := r.cases().Editor.EditTicket(t.Context(), ann, first.ID, desk.TicketEdit{Status: &solved, Owner: &bob}); err != nil {
		t.Fatal(err)
	}
	if err := r.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, _ := r.ticket(cs[0].ID); now.Status != "solved" || now.Owner != "bob" || now.SourceVersion != r.conversation(cs[0].ID).Version {
		t.Errorf("after the edit = %+v", now)
	}
	open := desk.Open
	_, err := r.cases().Editor.EditConversation(t.Context(), ann, cs[0].ID, desk.Edit{Status: &open})
	if moved, ok := errors.AsType[*desk.MovedError](err); !ok || moved.Ticket != first.ID {
		t.Errorf("edit of a moved conversation = %v", err)
	}
}

func TestR22TheMostRecentMoveFirst(t *testing.T) {
	r, _ := ready(t, 0)
	began := time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
	cs := make([]desk.Conversation, 700) // some pages of each shard
	for i := range cs {
		at := began.Add(time.Duration(i) * time.Minute)
		cs[i] = desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c%04d", (i*37)%len(cs)), Origin: "mail", Channel: "mail", Status: desk.Open,
			Started: at, TakenIn: at, Joined: at, ChangedAt: at, Version: 1, Messages: 1, Home: desk.Inbox,
		}
	}
	if err := r.cases().Conversations.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
	var order []desk.Position
	var after desk.Position
	for more := true; more; {
		var ps []desk.Position
		var err error
		if ps, more, err = r.cases().Conversations.List(t.Context(), "acme", "mail", after, desk.Position{}, 16); err != nil {
			t.Fatal(err)
		}
		order = append(order, ps...)
		after = order[len(order)-1]
	}
	if len(order) != len(cs) {
		t.Fatalf("listed %d of %d", len(order), len(cs))
	}
	for i, p := range order {
		if want := cs[len(cs)-1-i].ID; p.ID != want {
			t.Fatalf("%d. listed is %s, want %s", i, p.ID, want)
		}
	}
}

func TestR28FailuresAreListedAndRetried(t *testing.T) {
	r, cs := ready(t, 5)
	broken := cs[3]
	broken.Started = time.Time{}
	if err := r.cases().Conversations.Save(t.Context(), broken, broken.Version); err != nil {
		t.Fatal(err)
	}
	m := r.wait(r.move(all).ID, time.Minute)
	fs, _, err := r.cases().Ledger.Failures(t.Context(), "acme", m.ID, "", 10)
	if err != nil || m.Status != desk.Attention || m.Report.Failed != 1 || m.Report.Created != 4 || len(fs) != 1 || fs[0].Code != desk.CodeNoStartDate {
		t.Fatalf("move = %+v, failures = %+v, %v", m, fs, err)
	}
	live := r.take("mail", "live", time.Now())
	r.eventually("redirection at attention", func() bool { return r.conversation(live.ID).Home == desk.HelpDesk })
	if err := r.cases().Conversations.Save(t.Context(), cs[3], broken.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := r.cases().Retrier.Retry(t.Context(), ann, m.ID); err != nil {
		t.Fatal(err)
	}
	m = r.wait(m.ID, 3*time.Minute)
	fs, _, err = r.cases().Ledger.Failures(t.Context(), "acme", m.ID, "", 10)
	if err != nil || m.Status != desk.Done || m.Report.Failed != 0 || m.Report.Created != 5 || len(fs) != 0 {
		t.Errorf("after the retry: move = %+v, failures = %+v, %v", m, fs, err)
	}
	if _, err = r.cases().Retrier.Retry(t.Context(), ann, m.ID); err == nil || !strings.Contains(err.Error(), "nothing-to-retry") {
		t.Errorf("a second retry = %v", err)
	}
	if len(r.audit(desk.ActionEnd)) != 2 || len(r.audit(desk.ActionRetry)) != 1 {
		t.Errorf("ends = %+v, retries = %+v", r.audit(desk.ActionEnd), r.audit(desk.ActionRetry))
	}
}

// TestSweeperStartsWhatHasNoExecution stores a move as one does who crashes
// right after.
func TestSweeperStartsWhatHasNoExecution(t *testing.T) {
	r, cs := ready(t, 3)
	starts := r.cases().Starter
	starts.Machine = lost{}
	starts.Now = func() time.Time { return time.Now().Add(-time.Minute) }
	m, err := starts.Start(t.Context(), ann, all, move.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if now, err := r.cases().Moves.Get(t.Context(), "acme", m.ID); err != nil || now.Status != desk.Starting {
		t.Fatalf("move = %+v, %v", now, err)
	}
	if _, err := r.App.Sweep.Use(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wait(m.ID, 3*time.Minute)
	if r.conversation(cs[0].ID).Home != desk.HelpDesk {
		t.Error("nothing moved")
	}
}

// lost is a machine that is out of reach.
type lost struct{}

func (lost) Start(context.Context, string, move.Run) error { return store.ErrThrottled }
func (lost) Running(context.Context, string) (bool, error) { return false, store.ErrThrottled }

func TestR19ChangeNeverTakesTheMarkerBack(t *testing.T) {
	r, cs := ready(t, 2)
	read := r.conversation(cs[1].ID)
	marked := read
	marked.Home, marked.Ticket, marked.Move = desk.HelpDesk, desk.TicketID(read.ID), "m1"
	if errs := r.cases().Conversations.Mark(t.Context(), []desk.Conversation{marked}); errs != nil {
		t.Fatal(errs)
	}
	late := read
	late.Version++
	if err := r.cases().Conversations.Save(t.Context(), late, read.Version); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("a change that had read the conversation before its marker = %v, want ErrChanged", err)
	}
	if now := r.conversation(read.ID); now.Home != desk.HelpDesk {
		t.Errorf("conversation = %+v", now)
	}
}
