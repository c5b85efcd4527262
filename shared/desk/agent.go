package desk

// Role is what a person or program may do in an account.
type Role string

// The roles. Only a super administrator starts a move (R1); a connector
// takes in messages and nothing else.
const (
	SuperAdmin Role = "super-admin"
	AgentRole  Role = "agent"
	Connector  Role = "connector"
)

// ParseRole reads a role; an unknown one is an *InvalidError about field.
func ParseRole(field, s string) (Role, error) {
	return parse(field, s, SuperAdmin, AgentRole, Connector)
}

// Agent is a person who answers customers.
type Agent struct {
	ID       string
	Name     string
	Email    string // the address by which imports recognise the agent's mails
	Role     Role   // SuperAdmin or AgentRole
	HelpDesk bool   // has help desk access
}

// Team is a named group of agents.
type Team struct {
	ID     string
	Name   string
	Agents []string // agent IDs
}
