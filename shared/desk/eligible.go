package desk

// MayMove reports why the agent may not start a move; nil for a super
// administrator (R1). Give it the setup as the store has it now: a token can
// be older than a demotion.
func (s Setup) MayMove(agentID string) error {
	if a, ok := s.Agent(agentID); ok && a.Role == SuperAdmin {
		return nil
	}
	return &RefusedError{Code: CodeNotSuperAdmin, Problem: "only a super administrator of the account moves a channel",
		Remedy: "ask a super administrator to start the move"}
}

// MayUseDesk reports why the account cannot use the help desk; nil if its
// plan includes it (R2).
func (a Account) MayUseDesk() error {
	if a.Plan.HasHelpDesk() {
		return nil
	}
	return &RefusedError{Code: CodePlan, Problem: "the account's plan does not include the help desk",
		Remedy: "change to the professional or enterprise plan"}
}

// Movable reports why the channel cannot move to the help desk; nil if it
// can (R3). It cannot move twice, whatever was chosen the first time (R5).
func (c Channel) Movable() error {
	switch {
	case c.Home == Moving:
		return &RefusedError{Code: CodeAlreadyMoving, Problem: "the channel is moving",
			Remedy: "wait for the move; it cannot be stopped or repeated"}
	case c.Home == HelpDesk:
		return &RefusedError{Code: CodeAlreadyMoved, Problem: "the channel is in the help desk",
			Remedy: "nothing is left to do; history that was left behind stays in the inbox"}
	case c.Fallback:
		return &RefusedError{Code: CodeFallbackAddress, Problem: "the account's fallback e-mail address cannot move",
			Remedy: "connect an address of your own and move that"}
	}
	switch c.Type {
	case Chat, Email, Form, Calling:
		return nil
	case WhatsApp, Messenger:
		return &RefusedError{Code: CodeReconnect, Problem: "WhatsApp and Facebook Messenger channels cannot move",
			Remedy: "delete it from the inbox and connect it to the help desk"}
	}
	return &RefusedError{Code: CodeNotMovable, Problem: "channels of this type cannot move",
		Remedy: "move a chat flow, e-mail, form or calling channel"}
}
