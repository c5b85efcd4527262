package desk

// Plan is what an account has bought.
type Plan string

// The plans, in rising order. Help desk comes with the last two (R2).
const (
	Free         Plan = "free"
	Starter      Plan = "starter"
	Professional Plan = "professional"
	Enterprise   Plan = "enterprise"
)

// Role is what a person or program may do in an account.
type Role string

// The roles. Only a super administrator starts a move (R1); a connector
// takes in messages and nothing else.
const (
	SuperAdmin Role = "super-admin"
	AgentRole  Role = "agent"
	Connector  Role = "connector"
)

// Account is a customer of the support platform, the tenant.
type Account struct {
	ID   string
	Name string
	Plan Plan
	Zone string // IANA time zone of the account, such as "Europe/Berlin"; "" is UTC
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

// Setup is all of an account's configuration, as far as moves and tickets
// depend on it. Orders matter: the first matching policy applies, the first
// pipeline is the default.
type Setup struct {
	Account   Account
	Agents    []Agent
	Teams     []Team
	Pipelines []Pipeline
	Policies  []Policy
	Channels  []Channel
}
