package desk

// Caller is who calls a use case, as their token says.
type Caller struct {
	Account string
	Agent   string // agent ID, or the connector's name
	Role    Role
	Address string // from where, as the gateway saw it
}

// MayMove reports why the caller may not start a move; nil only if the token
// and the store, as it is now, both say super administrator (R1). A connector
// may have an agent's name.
func (c Caller) MayMove(setup Setup) error {
	if c.Role != SuperAdmin {
		c.Agent = ""
	}
	return setup.MayMove(c.Agent)
}
