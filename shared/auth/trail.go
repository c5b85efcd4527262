package auth

import (
	"context"
	"sync/atomic"
)

// Trail is what a gateway's access log learns of a request while it is handled: which
// route it took, and the code of the problem that answered it. It may be asked while
// it is still written to.
type Trail struct{ route, code atomic.Pointer[string] }

type trail struct{}

// WithTrail returns a context that carries a trail.
func WithTrail(ctx context.Context) (context.Context, *Trail) {
	t := &Trail{}
	return context.WithValue(ctx, trail{}, t), t
}

// TrailFrom returns the trail that a context carries; nil if it carries none.
func TrailFrom(ctx context.Context) *Trail {
	t, _ := ctx.Value(trail{}).(*Trail)
	return t
}

// SetRoute notes the pattern of the route, such as "GET /v1/tickets/{id}".
func (t *Trail) SetRoute(pattern string) {
	if t != nil {
		t.route.Store(&pattern)
	}
}

// SetCode notes the code of a problem.
func (t *Trail) SetCode(code string) {
	if t != nil {
		t.code.Store(&code)
	}
}

// Route returns the pattern of the route; "" if none was found.
func (t *Trail) Route() string {
	if t == nil {
		return ""
	}
	return noted(&t.route)
}

// Code returns the code of the problem; "" if there was none, or none is known.
func (t *Trail) Code() string { return noted(&t.code) }

func noted(p *atomic.Pointer[string]) string {
	if s := p.Load(); s != nil {
		return *s
	}
	return ""
}
