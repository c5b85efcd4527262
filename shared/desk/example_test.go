package desk_test

import (
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// The account of the examples.
func shop() desk.Setup {
	return desk.Setup{
		Account: desk.Account{ID: "shop", Plan: desk.Professional, Zone: "Europe/Berlin"},
		Agents:  []desk.Agent{{ID: "ann", Role: desk.SuperAdmin, HelpDesk: true}},
		Pipelines: []desk.Pipeline{{ID: "support", Statuses: []desk.PipelineStatus{
			{ID: "new"}, {ID: "solved", Closed: true},
		}}},
		Channels: []desk.Channel{{Account: "shop", ID: "mail", Type: desk.Email, Home: desk.Inbox}},
	}
}

// Lands a conversation of last year in the help desk.
func ExampleRules() {
	setup, fence := shop(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	move := desk.Move{Account: "shop", ID: "m1", FenceAt: fence, Choices: desk.Choices{
		Channel: "mail", History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"}, SLA: desk.FromMove,
	}}
	rules, err := desk.NewRules(setup, move, setup.Channels[0], setup.Access())
	if err != nil {
		fmt.Println(err)
		return
	}
	arrived := fence.AddDate(-1, 0, 0)
	landed, err := rules.Land(desk.Conversation{
		Account: "shop", ID: "c1", Origin: "mail", Channel: "mail", Status: desk.Closed, Owner: "ann",
		Started: arrived, TakenIn: arrived, Rev: 1, Home: desk.Inbox,
	}, fence.Add(time.Minute))
	ticket := landed.Ticket
	fmt.Println(landed.TicketID(), ticket.Provenance, ticket.Status, ticket.Owner, ticket.Created.Format(time.DateOnly), err)
	// Output:
	// t-c1 history solved ann 2025-03-02 <nil>
}

// Lists everything that is wrong with the admin's choices for a move.
func ExampleSetup_CheckChoices() {
	choices := desk.Choices{Channel: "mail", History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "done"}, SLA: "later"}
	for _, e := range desk.Invalid(shop().CheckChoices(choices.WithDefaults())) {
		fmt.Printf("%s: %s\n  %s\n", e.Field, e.Problem, e.Remedy)
	}
	// Output:
	// sla: "later" is unknown
	//   use one of "from-move", "original", "none"
	// statusMap.closed: status "done" is unknown
	//   choose a closed status of a pipeline of the account
}

// Calculates when a reply is due that was promised within four working hours.
func ExampleSchedule_Add() {
	office := desk.Schedule{Zone: "Europe/Berlin", Weekly: []desk.Hours{
		{Day: time.Friday, From: "09:00", To: "17:00"},
		{Day: time.Monday, From: "09:00", To: "17:00"},
	}}
	friday := time.Date(2026, 3, 6, 14, 0, 0, 0, time.UTC) // 15:00 in Berlin
	due, err := office.Add(friday, 4*time.Hour, "UTC")
	fmt.Println(due.Format("Monday 15:04"), err)
	// Output:
	// Monday 10:00 <nil>
}
