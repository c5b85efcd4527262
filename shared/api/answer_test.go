package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// TestUnchangedAnswersAreNotSentAgain, whoever reads what.
func TestUnchangedAnswersAreNotSentAgain(t *testing.T) {
	r, inbox, landed, id := moved(t)
	for name, c := range r.operations(inbox, landed, id) {
		if c.method != "GET" || name == "message" { // there is none
			continue
		}
		by := ann
		if name == "notifications" {
			by = bot
		}
		first := r.do(by, "GET", c.path, nil).want(200)
		tag := first.Header().Get("ETag")
		if len(tag) < 3 || tag[0] != '"' {
			t.Errorf("%s has the tag %q", name, tag)
		}
		for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			again := r.do(by, "GET", c.path, nil, "If-None-Match", known).want(304)
			if again.Body.Len() > 0 || again.Header().Get("ETag") != tag || again.Header().Get("Content-Type") != "" || again.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: 304 %q %v", name, again.Body, again.Header())
			}
		}
		if head := r.do(by, "HEAD", c.path, nil); head.Code != 200 || head.Header().Get("ETag") != tag {
			t.Errorf("%s: HEAD %d %v", name, head.Code, head.Header())
		}
		r.do(by, "HEAD", c.path, nil, "If-None-Match", tag).want(304)
		r.do(by, "GET", c.path, nil, "If-None-Match", `"other"`).want(200)
	}
	list := "/v1/conversations?home=inbox"
	before := r.do(ann, "GET", list, nil).Header().Get("ETag")
	r.take("mail", "another")
	if after := r.do(ann, "GET", list, nil, "If-None-Match", before).want(200).Header().Get("ETag"); after == before {
		t.Errorf("another list has the same tag %s", after)
	}
	// What is no answer is never unchanged, and what is written is not read.
	if a := r.do(ann, "GET", "/v1/conversations/none", nil, "If-None-Match", "*").want(404); a.Header().Get("ETag") != "" {
		t.Errorf("404 has the tag %s", a.Header().Get("ETag"))
	}
	r.do(nobody, "GET", "/v1/me", nil, "If-None-Match", "*").want(401)
	r.do(ann, "PATCH", "/v1/conversations/"+inbox, object{"status": "closed"}, "If-None-Match", "*").want(200)
	if a := r.do(ann, "POST", "/v1/channels/form/repair", nil, "If-None-Match", "*").want(202); a.Header().Get("ETag") != "" {
		t.Errorf("an answer to POST has the tag %s", a.Header().Get("ETag"))
	}
}

// unzipped reads a body that is coded with gzip.
func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%.40q: %v", b, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLargeAnswersAreCoded for those who read it, whatever the status.
func TestLargeAnswersAreCoded(t *testing.T) {
	r := newRig(t)
	const path = "/v1/account"
	plain := r.do(ann, "GET", path, nil).want(200)
	for accept, want := range map[string]bool{
		"gzip": true, "deflate, GZIP;q=0.1, *;q=0": true, "br, gzip; q=1.000": true,
		"": false, "*": false, "br": false, "gzip;q=0": false, "gzip; q=0.000, deflate": false, "gzipped": false,
	} {
		a := r.do(ann, "GET", path, nil, "Accept-Encoding", accept).want(200)
		if coded := a.Header().Get("Content-Encoding") == "gzip"; coded != want || a.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("with %q: %v", accept, a.Header())
		} else if coded && unzipped(t, a.Body.Bytes()) != plain.Body.String() || !coded && a.Body.String() != plain.Body.String() {
			t.Errorf("with %q it is another answer", accept)
		}
		if want && a.Body.Len() > plain.Body.Len()/2 {
			t.Errorf("%d bytes became %d", plain.Body.Len(), a.Body.Len())
		}
		// Both forms have tags of their own, and a caller who has one has the other.
		tag, own := a.Header().Get("ETag"), plain.Header().Get("ETag")
		if (tag == own) == want {
			t.Errorf("with %q the tag is %s, without %s", accept, tag, own)
		}
		if again := r.do(ann, "GET", path, nil, "Accept-Encoding", accept, "If-None-Match", own).want(304); again.Header().Get("ETag") != tag || again.Header().Get("Content-Encoding") != "" {
			t.Errorf("304 has %v", again.Header())
		}
		r.do(ann, "GET", path, nil, "If-None-Match", tag).want(304)
	}
	if a := r.do(ann, "GET", "/v1/me", nil, "Accept-Encoding", "gzip").want(200); a.Header().Get("Content-Encoding") != "" || a.Header().Get("Vary") == "" {
		t.Errorf("a small answer has %v", a.Header())
	}
	if a := r.do(nobody, "GET", "/openapi.yaml", nil, "Accept-Encoding", "gzip").want(200); !strings.HasPrefix(unzipped(t, a.Body.Bytes()), "openapi:") || a.Header().Get("ETag") == "" {
		t.Errorf("the description has %v", a.Header())
	}
	wrong := strings.ReplaceAll(acme, `"status`, `"state`) + strings.Repeat(" ", 9)
	wrong = strings.ReplaceAll(wrong, `"id"`, `"di"`)
	req := httptest.NewRequest("PUT", path, strings.NewReader(wrong))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req.WithContext(auth.WithCaller(t.Context(), ann)))
	if w.Code != 422 || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(unzipped(t, w.Body.Bytes()), `"errors"`) {
		t.Errorf("a problem is %d %v", w.Code, w.Header())
	}
}

// TestCodedAnswersPassLambda, which carries text, and HEAD.
func TestCodedAnswersPassLambda(t *testing.T) {
	r := newRig(t)
	e := event("GET", "/v1/account")
	plain := serve(t, r, e)
	e.Headers["accept-encoding"] = "gzip, br"
	coded := serve(t, r, e)
	b, err := base64.StdEncoding.DecodeString(coded.Body)
	if err != nil || !coded.IsBase64Encoded || coded.Headers["Content-Encoding"] != "gzip" || coded.Headers["Vary"] != "Accept-Encoding" || unzipped(t, b) != plain.Body {
		t.Errorf("answer = %+v, %v", coded, err)
	}
	me := event("GET", "/v1/me")
	me.Headers["accept-encoding"] = "gzip"
	if small := serve(t, r, me); small.IsBase64Encoded {
		t.Errorf("small = %+v", small)
	}
	e.Headers["if-none-match"] = coded.Headers["Etag"]
	if res := serve(t, r, e); res.StatusCode != 304 || res.Body != "" || res.Headers["Etag"] != coded.Headers["Etag"] {
		t.Errorf("again = %+v", res)
	}
	delete(e.Headers, "if-none-match")
	e.RequestContext.HTTP.Method = "HEAD"
	if res := serve(t, r, e); res.StatusCode != 200 || res.Body != "" || res.Headers["Etag"] != coded.Headers["Etag"] {
		t.Errorf("HEAD = %+v", res)
	}
}

// TestCodedAnswersPassAServer: a usual client decodes them without being told.
func TestCodedAnswersPassAServer(t *testing.T) {
	r := newRig(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.ServeHTTP(w, req.WithContext(auth.WithCaller(req.Context(), ann)))
	}))
	defer server.Close()
	for _, method := range []string{"GET", "HEAD"} {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/v1/account", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		want := ""
		if method == "GET" {
			want = r.do(ann, "GET", "/v1/account", nil).Body.String()
		}
		if err != nil || string(b) != want || strings.HasSuffix(res.Header.Get("ETag"), `-gzip"`) != (method == "GET") { // it does not ask for gzip with HEAD
			t.Errorf("%s: %s %v, %v", method, b, res.Header, err)
		}
	}
}

// TestHalfAnAnswerIsNotSent: what cannot be written to its end is an error.
func TestHalfAnAnswerIsNotSent(t *testing.T) {
	r := newRig(t)
	setup, err := r.Setups.Setup(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	setup.Channels[0].Settings = []byte(`{"broken`)
	if _, err := r.Setups.Replace(t.Context(), setup, r.Time); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "HEAD"} {
		a := r.do(ann, method, "/v1/account", nil).want(500)
		if a.at("code") != "internal" || a.Header().Get("ETag") != "" || a.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("answer = %s %v", a.Body, a.Header())
		}
	}
}

// TestPollAfter: the API sets the pace of those who watch.
func TestPollAfter(t *testing.T) {
	r := newRig(t)
	pace := func(path, want string) {
		t.Helper()
		a := r.do(ann, "GET", path, nil).want(200)
		again := r.do(ann, "GET", path, nil, "If-None-Match", a.Header().Get("ETag")).want(304)
		if a.Header().Get("Poll-After") != want || again.Header().Get("Poll-After") != want {
			t.Errorf("%s says %q, again %q, want %s", path, a.Header().Get("Poll-After"), again.Header().Get("Poll-After"), want)
		}
	}
	pace("/v1/notices", "30")
	r.take("mail", "m1")
	id := r.start("mail")
	pace("/v1/notices", "5")
	pace("/v1/moves/"+id, "1")
	pace("/v1/moves/"+id+"/samples", "1")
	r.Run()
	pace("/v1/moves/"+id, "30")
	pace("/v1/moves/"+id+"/samples", "30")
	pace("/v1/notices", "30")
}

// edits are the two things that agents edit, in the states in which they can be.
func edits(t *testing.T) (r *rig, paths map[string]string) {
	r, inbox, landed, _ := moved(t)
	return r, map[string]string{"conversation": "/v1/conversations/" + inbox, "ticket": "/v1/tickets/t-" + landed}
}

// TestAnEditOfAnotherVersionIsRefused, with the item as it is now.
func TestAnEditOfAnotherVersionIsRefused(t *testing.T) {
	r, paths := edits(t)
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			r.T = t
			own := func(owner string) object { return object{"owner": owner} }
			seen := r.do(ann, "GET", path, nil).want(200).Header().Get("ETag")
			edited := r.do(bob, "PATCH", path, own("bob"), "If-Match", seen).want(200)
			is := edited.Header().Get("ETag")
			if is == seen || edited.at("owner") != "bob" || r.do(ann, "GET", path, nil).Header().Get("ETag") != is {
				t.Errorf("edited %s to %s: %s", seen, is, edited.Body)
			}
			before := len(r.Written)
			a := r.do(ann, "PATCH", path, own("ann"), "If-Match", seen).want(412)
			if a.at("code") != "changed" || a.at("current", "owner") != "bob" || a.at("current", "id") != edited.at("id") {
				t.Errorf("answer = %s", a.Body)
			}
			if len(r.Written) != before {
				t.Errorf("it wrote %v", r.Written[before:])
			}
			for _, form := range []string{"*", `W/"%"`, `"%-gzip"`} { // some proxies weaken tags
				now := strings.ReplaceAll(form, "%", strings.Trim(is, `"`))
				is = r.do(ann, "PATCH", path, own("ann"), "If-Match", now).want(200).Header().Get("ETag")
			}
			for _, bad := range []string{"7", `""`, `"0"`, `"-1"`, `"07"`, `"x"`, `"1", "2"`, `"99999999999999999999"`} {
				a := r.do(ann, "PATCH", path, own("bob"), "If-Match", bad).want(422)
				if a.at("errors", 0, "field") != "If-Match" || a.at("errors", 0, "code") != "not-a-version" {
					t.Errorf("%s: %s", bad, a.Body)
				}
			}
		})
	}
}

// TestAnEditIsRepeatedWithItsVersion: after a lost answer it finds that it was done,
// and is refused once another edit came between.
func TestAnEditIsRepeatedWithItsVersion(t *testing.T) {
	for _, headers := range [][]string{nil, {"Idempotency-Key", "k"}} {
		r, paths := edits(t)
		for name, path := range paths {
			seen := r.do(ann, "GET", path, nil).want(200).Header().Get("ETag")
			with := append([]string{"If-Match", seen}, headers...)
			edit := object{"owner": "bob"}
			first := r.do(ann, "PATCH", path, edit, with...).want(200)
			if again := r.do(ann, "PATCH", path, edit, with...).want(200); again.Body.String() != first.Body.String() {
				t.Errorf("%s: again it is %s, first %s", name, again.Body, first.Body)
			}
			r.do(bob, "PATCH", path, edit, "If-Match", seen).want(412) // who it is counts
			if headers == nil {
				r.do(ann, "PATCH", path, object{"owner": ""}, with...).want(412) // and what it is
			}
			r.do(bob, "PATCH", path, object{"owner": "ann"}).want(200)
			r.do(ann, "PATCH", path, edit, with...).want(412)
		}
	}
}

// TestAMessageChangesTheVersion, and the move does: a stale edit does not go over
// either. What has moved is edited on its ticket, whatever the version.
func TestAMessageChangesTheVersion(t *testing.T) {
	r := newRig(t)
	id := r.take("mail", "m1")
	path := "/v1/conversations/" + id
	seen := r.do(ann, "GET", path, nil).want(200).Header().Get("ETag")
	r.take("mail", "m2", "m1")
	a := r.do(ann, "PATCH", path, object{"status": "closed"}, "If-Match", seen).want(412)
	if a.at("current", "messageCount") != 2.0 || a.at("current", "status") != "open" {
		t.Errorf("answer = %s", a.Body)
	}
	seen = r.do(ann, "GET", path, nil).want(200).Header().Get("ETag")
	r.start("mail")
	r.Run()
	if a := r.do(ann, "PATCH", path, object{"status": "closed"}, "If-Match", seen).want(409); a.at("code") != "moved" {
		t.Errorf("answer = %s", a.Body)
	}
	a = r.do(ann, "PATCH", "/v1/tickets/"+desk.TicketID(id), object{"status": "solved"}, "If-Match", seen).want(412)
	if a.at("current", "home") != "helpdesk" || a.at("current", "status") != "waiting" {
		t.Errorf("answer = %s", a.Body)
	}
	// Who may not see what it has become does not see it here.
	r.do(cem, "PATCH", "/v1/tickets/"+desk.TicketID(id), object{"status": "solved"}, "If-Match", seen).want(403)
}
