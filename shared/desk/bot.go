package desk

// BotFindings reports why the bot of c is not fit for a desk; none for a
// channel without a bot (R6). Whoever asks for a person must reach one:
//
//  1. the bot hands over to somebody;
//  2. everybody it hands over to has help desk access, every member of a
//     team, for any of them may get the conversation, and a team has members;
//  3. the bot makes no tickets, for the desk does and there would be two;
//  4. no action of it points at the old inbox, where nobody looks any more.
//
// The published list is not available to us. These four are our reading.
func (s Setup) BotFindings(c Channel) []Finding {
	if c.Bot == nil {
		return nil
	}
	var found []Finding
	if len(c.Bot.HandsOverTo) == 0 {
		found = append(found, Finding{Code: CodeBotNoHandover, Problem: "the bot hands over to nobody",
			Remedy: "let it hand over to an agent or team with help desk access"})
	}
	if without := s.targetsWithoutAccess(c.Bot.HandsOverTo); len(without) > 0 {
		found = append(found, Finding{Code: CodeBotTargetNoAccess, Count: int64(len(without)), About: without,
			Problem: "the bot hands over to agents or teams without help desk access",
			Remedy:  "give them help desk access, or let the bot hand over to others"})
	}
	if c.Bot.CreatesTickets {
		found = append(found, Finding{Code: CodeBotCreatesTickets, Problem: "the bot creates tickets, which the help desk does itself",
			Remedy: "remove the action that creates tickets"})
	}
	if c.Bot.UsesInbox {
		found = append(found, Finding{Code: CodeBotUsesInbox, Problem: "an action of the bot points at the inbox",
			Remedy: "point it at the help desk or remove it"})
	}
	return found
}

// targetsWithoutAccess returns, in order and once each, the agents among
// targets and their teams who lack help desk access, and the teams without
// members.
func (s Setup) targetsWithoutAccess(targets []Target) []string {
	var reached, without []string
	for _, t := range targets {
		if t.Agent != "" {
			reached = append(reached, t.Agent)
			continue
		}
		team, _ := s.Team(t.Team)
		if len(team.Agents) == 0 {
			without = append(without, t.Team)
		}
		reached = append(reached, team.Agents...)
	}
	return append(without, s.withoutAccess(reached)...)
}
