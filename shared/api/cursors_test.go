package api_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// onSQLite puts the rig on the engine of one machine.
func (r *rig) onSQLite(t *testing.T) {
	t.Helper()
	e, err := sqlite.Open(t.TempDir(), sqlite.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	r.Platform.Engine = e
	r.App = app.New(r.Platform)
	apptest.Apply(t, r.App)
	r.UseCases.Log = r.logger()
	r.Handler = r.API()
}

// TestHostileCursors sends each list cursors that nobody gave out: text that is none,
// and places with the right sum, in the way of each engine, inside and outside of what
// the list reads. None may end as an error of the server, on any engine.
func TestHostileCursors(t *testing.T) {
	places := []string{
		"\x00", "0", "9", "A", "Z", "z", "~", "\xff", "\U0010FFFF", "#", "$", "a#b", strings.Repeat("x", 2000),
		"1795000000000.c1", "-1.", "9999999999999999999.c", "0.", ".", "1795000000000.", "1795000000000.\xff", "1e9.c1",
		"3,3:abcdef", "0,0:", "99,99:x", "-1,0:x", "3,3:", "1,1:a", "9223372036854775807,1:x",
	}
	for _, sk := range []string{
		store.MoveKey("acme", "").SK, store.MoveKey("acme", "m1").SK, store.MoveKey("acme", "~").SK, "MOVE$", "RUN#", "RUN#m1", "RUN$", "OUT#", "AUDIT#", "M#", "M$", "H", "FAIL#", "FAIL$", "T#",
	} {
		places = append(places, sk, sk+"~", sk+"\x00")
	}
	for _, place := range places[:20] { // as the engines in memory and on AWS write them
		for _, text := range []string{`["` + place + `"]`, `["` + place + `","a","b"]`, `["1","` + place + `",""]`, `["",""]`, `{}`, `[`} {
			places = append(places, base64.RawURLEncoding.EncodeToString([]byte(text)))
		}
	}
	for name, on := range map[string]func(*rig, *testing.T){"in memory": func(*rig, *testing.T) {}, "on SQLite": (*rig).onSQLite} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			on(r, t)
			inbox := r.take("phone", "p1")
			for i := range 3 {
				r.take("mail", fmt.Sprint("m", i))
				r.take("phone", fmt.Sprint("p1 ", i), "p1")
			}
			move := r.start("mail")
			r.Run()
			r.Changed(r.take("mail", "live"))
			lists := map[string]string{
				"/v1/conversations": "conversations", "/v1/conversations?home=inbox": "conversations", "/v1/conversations?home=helpdesk&channel=mail": "conversations",
				"/v1/tickets": "tickets", "/v1/tickets?open=true&unowned=true": "tickets", "/v1/tickets?due=2027-01-01T00:00:00Z": "tickets", "/v1/tickets?sort=activity": "tickets activity",
				"/v1/conversations?sort=activity": "conversations activity", "/v1/moves": "moves", "/v1/moves?channel=mail": "moves", "/v1/moves/" + move + "/failures": "failures",
				"/v1/audit": "audit", "/v1/notifications": "notifications", "/v1/notifications?all=true": "notifications",
				"/v1/conversations/" + inbox + "/messages": "messages of " + inbox,
			}
			refused, taken := 0, 0
			for path, of := range lists {
				for _, place := range places {
					for _, cursor := range []string{place, oldCursor(of, place), oldCursor("moves", place)} {
						a := r.do(ann, "GET", fmt.Sprintf("%s%climit=2&cursor=%s", path, separator(path), url.QueryEscape(cursor)), nil)
						switch a.Code {
						case 200:
							taken++
						case 422:
							refused++
							if a.at("errors", 0, "field") != "cursor" || a.at("errors", 0, "remedy") == "" {
								t.Errorf("%s: %s", a.request, a.Body)
							}
						default:
							t.Errorf("%s, of %q: %d %s", a.request, place, a.Code, a.Body)
						}
					}
				}
			}
			if r.log.Len() > 0 || refused < 5000 || taken < 50 {
				t.Errorf("%d refused, %d taken, log: %.2000s", refused, taken, &r.log)
			}
		})
	}
}
