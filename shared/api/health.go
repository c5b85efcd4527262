package api

import (
	"context"
	"net/http"

	"deskmove/shared/desk"
)

func (r *routes) health() {
	add(r, operation{
		id: "get-health", method: http.MethodGet, path: "/healthz", tag: tagLog,
		summary: "Is it up?", description: "Answers 200 as long as requests can be served. Needs no token.",
	}, r.api.getHealth)
}

type health struct {
	Status string `json:"status" enum:"ok" example:"ok"`
}

func (a *api) getHealth(ctx context.Context, _ desk.Admitted, _ *struct{}) (*body[health], error) {
	if a.Health != nil {
		if err := a.Health(ctx); err != nil {
			return nil, err
		}
	}
	return &body[health]{health{"ok"}}, nil
}
