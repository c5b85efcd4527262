package store_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/mail"
	"deskmove/shared/mail/mailtest"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// headers keeps the headers that are written from now on.
func headers(r *apptest.Rig) map[store.Key]int {
	sizes := map[store.Key]int{}
	r.Memory.Wrote = func(ws []storetest.Written) {
		for _, w := range ws {
			if _, ok := store.ReadConversation(w.Key, w.New); ok && w.New != nil {
				sizes[w.Key] = store.Size(w.Key, w.New)
			}
		}
	}
	return sizes
}

// TestAUsualHeaderFitsIntoAKilobyte, through everything that may be in it: with an
// owner, all clocks, tags, a reply that has reopened it and agents' edits. Landing pays
// for a unit of writing each kilobyte.
func TestAUsualHeaderFitsIntoAKilobyte(t *testing.T) {
	for subject, most := range map[int]int{60: 600, desk.MaxSubject: 800} {
		r := apptest.New(t)
		sizes := headers(r)
		m := r.Message("mail", "<20261123090000.4711.order@mail.customer.example>")
		m.Subject, m.From = strings.Repeat("x", subject), desk.Address{Name: strings.Repeat("J", 20), Address: strings.Repeat("j", 30) + "@customer.example"}
		m.Tags = []string{"invoice", "important", "from the shop"}
		taken, err := r.Intake.TakeIn(t.Context(), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := taken.Conversation.ID
		r.Edit(id, desk.Edit{Owner: new("bob"), Status: new(desk.Closed)})
		choices := apptest.History("mail")
		choices.SLA = desk.Original
		choices.Acknowledged = append(choices.Acknowledged, desk.CodeWouldBreach)
		r.StartMove(choices)
		r.Run()
		landed := sizes[store.HeaderKey("acme", id)]
		r.Append(id, "mail", "reply")
		if _, err := r.Editor.EditTicket(t.Context(), apptest.Admin, id, "", desk.TicketEdit{Owner: new("ann"), Status: new(desk.Status("new"))}); err != nil {
			t.Fatal(err)
		}
		later := sizes[store.HeaderKey("acme", id)]
		t.Logf("with a subject of %d: %d bytes when it lands, %d later", subject, landed, later)
		if c := r.Conversation(id); c.Ticket.Edited.At.IsZero() || c.Ticket.Landed.Status != "solved" || c.Ticket.Clocks.Due().IsZero() {
			t.Errorf("conversation = %+v", c)
		}
		if landed == 0 || landed > later || later > most {
			t.Errorf("with a subject of %d: %d bytes when it lands, %d later; want at most %d", subject, landed, later, most)
		}
	}
}

// TestHeadersOfRealMail measures them when they have landed. Agents own half of the
// conversations and have closed most; most have tags.
func TestHeadersOfRealMail(t *testing.T) {
	const name = "dev-2012-2013.mbox.gz"
	f, err := os.Open(mailtest.File(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := apptest.New(t)
	sizes := headers(r)
	n := 0
	for m, err := range mail.Read(name, f, r.Time) {
		if err != nil {
			t.Fatal(err)
		}
		x := desk.Message{
			Account: "acme", Channel: "mail", External: m.ExternalID(), Author: desk.ByCustomer, From: desk.Address(m.From), At: m.Date, Subject: m.Subject,
			Tags: []string{"invoice", "important", "from the shop"}[:n%4],
		}
		taken, err := r.Intake.TakeIn(t.Context(), x, slices.Concat(m.InReplyTo, m.References))
		if err != nil {
			t.Fatal(err)
		}
		if n++; taken.Began {
			edit := desk.Edit{Owner: new([]string{"", "bob"}[n%2])}
			if n%10 < 7 {
				edit.Status = new(desk.Closed)
			}
			r.Time = r.Time.Add(time.Second)
			r.Edit(taken.Conversation.ID, edit)
		}
	}
	r.StartMove(apptest.History("mail"))
	done := r.Run()
	all := make([]int, 0, len(sizes))
	sum, above := 0, 0
	for _, size := range sizes {
		all = append(all, size)
		if sum += size; size > 1024 {
			above++
		}
	}
	slices.Sort(all)
	mean, p99 := sum/len(all), all[len(all)*99/100]
	t.Logf("%d mails, %d headers: mean %d bytes, 99th percentile %d, greatest %d; %.2f %% above 1 KB",
		n, len(all), mean, p99, all[len(all)-1], 100*float64(above)/float64(len(all)))
	if done.Status != desk.Done || int64(len(all)) != done.Report.Found || p99 > 1024 {
		t.Errorf("move = %+v", done)
	}
}
