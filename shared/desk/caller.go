package desk

// Caller identifies who makes a request, according to their token.
type Caller struct {
	Account string
	Agent   string // agent ID, or the connector's name
	Role    Role
	Address string // network address, as the gateway saw it
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
