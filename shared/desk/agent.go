package desk

// Role determines what a person or program may do in an account.
type Role string

// The roles. Only a super administrator may start a move (R1). A connector may
// only deliver messages.
const (
	SuperAdmin Role = "super-admin"
	AgentRole  Role = "agent"
	Connector  Role = "connector"
)

// ParseRole returns the role named s, or an *InvalidError for field.
func ParseRole(field, s string) (Role, error) {
	return parse(field, s, SuperAdmin, AgentRole, Connector)
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
