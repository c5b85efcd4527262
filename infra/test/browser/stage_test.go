package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
)

// stage makes sites for the scripts, and is asked over HTTP:
//
//	POST   /sites {conversations, lambda, pool}  another site: {id, url, token}, with the token of a super administrator;
//	                                           behind events of API Gateway, and with a user pool: {pool}
//	POST   /sites/{id}/link {page}             a link to sign in, good once: {link}
//	POST   /sites/{id}/pool                    how often its user pool was asked for what: {asked, authorization_code, …}
//	POST   /sites/{id}/traffic                 from now on customers write, ten times a second
//	POST   /sites/{id}/pace {ms}               how long the converter waits before it writes; 0 at first
//	POST   /sites/{id}/damage {conversation}   takes the date it started from a conversation, so that it cannot be converted
//	POST   /sites/{id}/settle {conversation}   gives it one
//	DELETE /sites/{id}                         stops the site
type stage struct {
	t     *testing.T
	mu    sync.Mutex
	sites []*site
}

// newStage returns the URL of a stage that ends with the test, and all its sites with it.
func newStage(t *testing.T) string {
	s := &stage{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sites", s.start)
	for path, do := range map[string]func(context.Context, *site, order) (any, error){
		"POST /sites/{id}/link": func(_ context.Context, one *site, o order) (any, error) {
			return map[string]string{"link": one.link(o.Page)}, nil
		},
		"POST /sites/{id}/pool":    func(_ context.Context, one *site, _ order) (any, error) { return one.pool.counts(), nil },
		"POST /sites/{id}/traffic": func(_ context.Context, one *site, _ order) (any, error) { one.write(); return nil, nil },
		"POST /sites/{id}/pace":    func(_ context.Context, one *site, o order) (any, error) { one.brake.set(o.MS); return nil, nil },
		"POST /sites/{id}/damage": func(ctx context.Context, one *site, o order) (any, error) {
			return nil, one.damage(ctx, o.Conversation)
		},
		"POST /sites/{id}/settle": func(ctx context.Context, one *site, o order) (any, error) {
			return nil, one.settle(ctx, o.Conversation)
		},
		"DELETE /sites/{id}": func(_ context.Context, one *site, _ order) (any, error) { one.stop(); return nil, nil },
	} {
		mux.HandleFunc(path, s.on(do))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		for _, one := range s.sites {
			one.stop()
		}
	})
	return server.URL
}

// order is what a script asks for.
type order struct {
	Conversations int    `json:"conversations"`
	Lambda        bool   `json:"lambda"`
	Pool          bool   `json:"pool"`
	Page          string `json:"page"`
	MS            int    `json:"ms"`
	Conversation  string `json:"conversation"`
}

func (s *stage) start(w http.ResponseWriter, r *http.Request) {
	var o order
	err := json.NewDecoder(r.Body).Decode(&o)
	if err != nil {
		s.answer(w, nil, err)
		return
	}
	one, err := open(s.t, o)
	if err != nil {
		s.answer(w, nil, err)
		return
	}
	s.mu.Lock()
	one.ID = len(s.sites)
	s.sites = append(s.sites, one)
	s.mu.Unlock()
	s.answer(w, one, nil)
}

// on does something with a site.
func (s *stage) on(do func(context.Context, *site, order) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var o order
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
				s.answer(w, nil, err)
				return
			}
		}
		one := s.site(r.PathValue("id"))
		if one == nil {
			s.answer(w, nil, errors.New("there is no such site"))
			return
		}
		v, err := do(r.Context(), one, o)
		s.answer(w, v, err)
	}
}

func (s *stage) site(id string) *site {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(id)
	if err != nil || n < 0 || n >= len(s.sites) {
		return nil
	}
	return s.sites[n]
}

func (s *stage) answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		s.t.Error(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(v)
}
