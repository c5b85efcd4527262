package desk

import "slices"

// Role determines what a person or program may do in an account.
type Role string

// The roles. Only a super administrator may start a move (R1). A connector may
// only deliver messages of its channels.
const (
	SuperAdmin    Role = "super-admin"
	AgentRole     Role = "agent"
	ConnectorRole Role = "connector"
)

// ParseRole returns the role named s, or an *InvalidError for field.
func ParseRole(field, s string) (Role, error) {
	return parse(field, s, SuperAdmin, AgentRole, ConnectorRole)
}

// Agent is a person who answers customers.
type Agent struct {
	ID       string
	Name     string
	Email    string // imports recognise the agent's mails by this address
	Role     Role   // SuperAdmin or AgentRole
	HelpDesk bool   // has help desk access
}

// Team is a named group of agents.
type Team struct {
	ID     string
	Name   string
	Agents []string // agent IDs
}

// Connector is a program that delivers what customers and agents write on some
// channels. It has just the channels that its account's owner names, so that one
// that is added later is no concern of a connector that nobody thought of.
type Connector struct {
	ID       string // none of the agents' IDs: whoever reads a log takes it for who did it
	Name     string
	Channels []string // channel IDs, at least one
}

// Has reports whether the channel is one of the connector's.
func (c Connector) Has(channel string) bool { return slices.Contains(c.Channels, channel) }
