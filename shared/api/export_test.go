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
