package hubspot

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/exchange"
)

// pipeline reads a pipeline of tickets.
func (c *converter) pipeline(r record) error {
	of := r.text("id")
	if of == "" {
		return missing("id")
	}
	order, _ := strconv.Atoi(r.text("displayOrder"))
	p := &api.PipelineFacts{Order: max(order, 0) + 1, Pipeline: api.Pipeline{ID: id(of), Name: r.text("label")}}
	if desk.CheckID("id", p.ID) != nil {
		return fmt.Errorf("one has an ID that is none here")
	}
	archived := r.flag("archived")
	stages := r.list("stages")
	slices.SortStableFunc(stages, func(a, b record) int { return cmp.Compare(a.number("displayOrder"), b.number("displayOrder")) })
	for _, s := range stages {
		stage := s.text("id")
		if stage == "" || desk.CheckID("id", id(stage)) != nil {
			return fmt.Errorf("a stage has an ID that is none here")
		}
		s.text("displayOrder")
		if s.flag("archived") {
			s.back("archived", "true")
		}
		meta := s.object("metadata")
		state, closed := meta.text("ticketState"), meta.flag("isClosed")
		p.Statuses = append(p.Statuses, api.Status{ID: id(stage), Name: s.text("label"), Closed: state == "CLOSED" || closed})
		c.statuses[stage] = true
	}
	p.Left = archived
	c.unused.count("pipeline", r)
	return c.to.Add(exchange.Line{Pipeline: p})
}

// ticket is a ticket, as its page has it.
type ticket struct {
	id, stage, owner, subject, text, priority string
	createdAt                                 time.Time
	used                                      bool
}

func (c *converter) ticket(r record) error {
	t := &ticket{id: r.text("id")}
	if t.id == "" {
		return missing("id")
	}
	if r.flag("archived") {
		if !c.options.Archived {
			c.leftOut.add(t.id, "tickets that are archived")
			return nil
		}
		c.notes.add(t.id, "tickets that are archived: they are like any other here")
	}
	p := r.object("properties")
	t.stage, t.owner, t.subject, t.text = p.text("hs_pipeline_stage"), p.text("hubspot_owner_id"), p.text("subject"), p.text("content")
	t.priority = p.text("hs_ticket_priority")
	p.text("hs_pipeline") // that of the stage
	p.text("hs_object_id")
	created := p.instant("createdate")
	t.createdAt = r.instant("createdAt")
	if !created.IsZero() {
		t.createdAt = created
	}
	switch {
	case t.createdAt.IsZero():
		c.leftOut.add(t.id, "tickets without a date")
		return nil
	case !c.statuses[t.stage]:
		c.leftOut.add(t.id, "tickets in a stage that is in no pipeline saved")
		return nil
	}
	c.unused.count("ticket", r)
	c.tickets[t.id] = t
	return nil
}

// ticketOf gives a conversation its ticket, and returns the event that says what else is
// known of it.
func (c *converter) ticketOf(t *ticket, v *api.ConversationFacts) exchange.Line {
	t.used = true
	v.Ticket = &api.TicketFacts{Status: id(t.stage), CreatedAt: t.createdAt, Provenance: string(desk.Native)}
	if t.owner != "" {
		agent, known := c.owners[t.owner]
		if !known {
			c.notes.add(t.owner, "the owner of tickets is not among the owners saved: only an ID is known")
			agent = ownerOf(t.owner)
		}
		if desk.CheckID("id", agent) == nil {
			v.Ticket.Owner = c.agent(agent)
		}
	}
	if v.Subject == "" {
		v.Subject = desk.Truncate(t.subject, desk.MaxSubject)
	}
	text := []string{"Ticket " + t.id + " of HubSpot"}
	for _, of := range []struct{ name, value string }{{"Subject", t.subject}, {"Priority", t.priority}} {
		if of.value != "" {
			text = append(text, of.name+": "+of.value)
		}
	}
	if t.text != "" {
		text = append(text, "", t.text)
	}
	return c.event(v, "ticket-"+t.id, t.createdAt, actorOf("S-hubspot"), strings.Join(text, "\n"))
}

// event returns a message that says what was done.
func (c *converter) event(v *api.ConversationFacts, of string, at time.Time, by author, text string) exchange.Line {
	m := &api.MessageFacts{ConversationID: v.ID, TakenInAt: at, MessageContent: api.MessageContent{
		ExternalID: external(of), Kind: string(desk.Event), Author: string(cmp.Or(by.is, desk.BySystem)), Agent: by.agent, Visibility: string(desk.Internal), At: at, Text: text,
	}}
	m.ID = desk.MessageID(v.ChannelID, m.ExternalID, at)
	return exchange.Line{Message: m}
}

// external is the external ID of something of HubSpot's.
func external(of string) string { return "hubspot:" + of }
