package desk

import (
	"fmt"
	"time"
)

// Caller identifies who makes a request, according to their token.
type Caller struct {
	Account  string
	Agent    string // agent ID, or the connector's
	Role     Role
	IssuedAt time.Time // when the token was issued
	Address  string    // network address, as the gateway saw it
}

// MayMove returns a *RefusedError unless the caller is a super administrator
// (R1) both in the token and in setup, which must be current. The role in the
// token matters because a connector may have the same name as an agent.
func (c Caller) MayMove(setup Setup) error {
	if c.Role != SuperAdmin {
		c.Agent = ""
	}
	return setup.MayMove(c.Agent)
}

// holder is whose token the caller has.
func (c Caller) holder() Holder {
	if c.Role == ConnectorRole {
		return Holder{Connector: c.Agent}
	}
	return Holder{Agent: c.Agent}
}

// Membership is what an account says now of one who calls.
type Membership struct {
	Agent       *Agent     // the agent of that ID, nil if there is none
	Connector   *Connector // the connector of that ID, nil if there is none
	Withdrawals Withdrawals
}

// Admitted is a caller whose account knows them now.
type Admitted struct {
	Caller              // its Role is what they may be now: no more than the token says, and no more than the setup
	Person    Agent     // of agents and super administrators
	Connector Connector // of connectors
}

// MayUse reports whether the channel's messages are the caller's business: every
// channel's are people's, those of its own a connector's.
func (a Admitted) MayUse(channel string) bool {
	return a.Role != ConnectorRole || a.Connector.Has(channel)
}

// Admit returns the caller as the account knows them, or a *RefusedError: the token
// has been withdrawn, or its agent or connector is not, or no longer, in the setup.
func (c Caller) Admit(m Membership) (Admitted, error) {
	a := Admitted{Caller: c}
	switch {
	case m.Withdrawals.Cover(c):
		return a, &RefusedError{Code: CodeWithdrawn, Problem: "the token has been withdrawn", Remedy: "sign in again, or have another token made"}
	case c.Role == ConnectorRole && m.Connector == nil:
		return a, &RefusedError{Code: CodeNotConnector, Params: Params{"account": c.Account, "connector": c.Agent},
			Problem: fmt.Sprintf("%s is not a connector of account %s", c.Agent, c.Account),
			Remedy:  "ask a super administrator to add it to the connectors in the account's setup, with its channels"}
	case c.Role == ConnectorRole:
		a.Connector = *m.Connector
	case m.Agent == nil:
		return a, &RefusedError{Code: CodeNotAgent, Params: Params{"account": c.Account, "agent": c.Agent},
			Problem: fmt.Sprintf("%s is not an agent of account %s", c.Agent, c.Account),
			Remedy:  "ask a super administrator to add the agent to the account's setup"}
	default:
		a.Person = *m.Agent
		if a.Person.Role != SuperAdmin {
			a.Role = AgentRole
		}
	}
	return a, nil
}
