package api

import "deskmove/shared/desk"

// Route is an operation as it is registered.
type Route struct {
	ID, Method, Path string
	Roles            []desk.Role // who may call it; nil if it needs no token
}

// Routes are all operations.
func Routes() (all []Route) {
	for _, op := range newRoutes(&api{}).all {
		all = append(all, Route{op.id, op.method, op.path, op.roles})
	}
	return all
}

// FactsOf writes a conversation as facts, and reads them.
func FactsOf(c desk.Conversation) (desk.Conversation, error) { return writeFacts(c).read(c.Account) }

// FactsOfMove writes a move that is done as facts, and reads them.
func FactsOfMove(m desk.Move, access []string) (desk.Move, []string) {
	w := writeMove(m)
	w.Access = access
	f := w.Facts(writeReport(m))
	return f.read(m.Choices.Channel), f.Access
}
