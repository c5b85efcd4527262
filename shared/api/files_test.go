package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support/filetest"
)

// newFile is what is said of a file that has these bytes.
func newFile(text string) object {
	f := filetest.File("", []byte(text), time.Time{})
	return object{"sha256": f.SHA256, "size": f.Size}
}

// put puts bytes where an answer says.
func (r *rig) put(a answer, n int, text string) int {
	r.Helper()
	url, _ := a.at("files", n, "put", "url").(string)
	method, _ := a.at("files", n, "put", "method").(string)
	w := httptest.NewRecorder()
	r.Bytes.ServeHTTP(w, httptest.NewRequestWithContext(r.Context(), method, url, strings.NewReader(text)))
	return w.Code
}

// TestFiles are uploaded, named by a message and downloaded by those who see it.
func TestFiles(t *testing.T) {
	r := newRig(t)
	const picture, page, source = "\x89PNG\r\n\x1a\n...", "<html><script>alert(1)</script>", "From: jane\r\n\r\nhello"
	small := newFile(picture)
	small["data"] = base64.StdEncoding.EncodeToString([]byte(picture))
	up := r.do(bot, "POST", "/v1/files", object{"files": []object{small, newFile(page), newFile(source)}}).want(200)
	for i, there := range []bool{true, false, false} {
		if up.at("files", i, "there") != there || (up.at("files", i, "put") == nil) != there {
			t.Errorf("file %d: %s", i, up.Body)
		}
	}
	if up.at("files", 0, "sha256") != small["sha256"] || up.at("files", 1, "put", "method") != "PUT" || up.at("files", 1, "put", "headers", "X-Memory") != "1" {
		t.Errorf("uploads = %s", up.Body)
	}
	message := func(id string) object {
		return object{
			"externalId": id, "author": "customer", "from": object{"address": "jane@customer.example"}, "subject": "Files", "source": newFile(source)["sha256"],
			"attachments": []object{
				{"name": "a.png", "type": "image/png", "sha256": small["sha256"], "contentId": "logo", "inline": true},
				{"name": "a.html", "type": "text/html", "sha256": newFile(page)["sha256"], "size": len(page)},
			},
		}
	}
	refused := r.do(bot, "POST", "/v1/channels/mail/conversations", message("<f1>")).want(422)
	if refused.at("errors", 0, "field") != "attachments[1].sha256" || refused.at("errors", 0, "code") != "no-such-file" || refused.at("errors", 1, "field") != "source" {
		t.Errorf("named before it was put: %s", refused.Body)
	}
	for n, text := range map[int]string{1: page, 2: source} {
		if code := r.put(up, n, text); code != http.StatusOK {
			t.Errorf("put %d: %d", n, code)
		}
	}
	taken := r.do(bot, "POST", "/v1/channels/mail/conversations", message("<f1>")).want(201)
	at := fmt.Sprintf("/v1/conversations/%s/messages", taken.at("conversationId"))
	read := r.do(bob, "GET", at, nil).want(200)
	if read.at("items", 0, "attachments", 0, "id") != "1" || read.at("items", 0, "attachments", 1, "size") != float64(len(page)) {
		t.Errorf("message = %s", read.Body)
	}
	again := r.do(bot, "POST", "/v1/files", object{"files": []object{newFile(picture), newFile(page), newFile(source)}}).want(200)
	for i := range 3 {
		if again.at("files", i, "there") != true {
			t.Errorf("file %d again: %s", i, again.Body)
		}
	}
	at += fmt.Sprint("/", taken.at("messageId"), "/files/")
	for file, want := range map[string]struct{ text, kind, name string }{
		"1": {picture, "image/png", "a.png"}, "2": {page, "application/octet-stream", "a.html"},
		"source": {source, "application/octet-stream", fmt.Sprint(taken.at("messageId"), ".eml")},
	} {
		a := r.do(bob, "GET", at+file, nil).want(200)
		url, _ := a.at("url").(string)
		w := httptest.NewRecorder()
		r.Bytes.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil))
		if w.Code != 200 || w.Body.String() != want.text || w.Header().Get("Content-Type") != want.kind || w.Header().Get("Content-Disposition") != "attachment; filename="+want.name {
			t.Errorf("%s: %d %q %v", file, w.Code, w.Body, w.Header())
		}
		if a.Header().Get("Cache-Control") != "no-store" || a.at("expiresAt") != r.Time.Add(5*time.Minute).Format(time.RFC3339Nano) {
			t.Errorf("%s: %s %v", file, a.Body, a.Header())
		}
	}
	for _, file := range []string{"0", "3", "01", "-1", "x", "Source"} {
		r.do(bob, "GET", at+file, nil).want(404)
	}
	r.do(zoe, "GET", at+"1", nil).want(404)
	r.do(bot, "GET", at+"1", nil).want(403)
	r.do(bob, "POST", "/v1/files", object{"files": []object{newFile("x")}}).want(403)
	r.do(cem, "GET", at+"1", nil).want(200)
	r.start("mail")
	r.finish(r.ListLast())
	r.Deliver()
	r.do(cem, "GET", at+"1", nil).want(403) // it is in the help desk now
	r.do(bob, "GET", at+"1", nil).want(200)
}

// TestBadFiles: what is wrong with a file names its field, and nothing is taken in.
func TestBadFiles(t *testing.T) {
	r := newRig(t)
	with := func(o object, name string, v any) object {
		o[name] = v
		return o
	}
	used := newFile("used")
	used["data"] = base64.StdEncoding.EncodeToString([]byte("used"))
	r.do(bot, "POST", "/v1/files", object{"files": []object{used}}).want(200)
	r.do(zoe, "POST", "/v1/files", object{"files": []object{with(newFile("zoe's"), "data", base64.StdEncoding.EncodeToString([]byte("zoe's")))}}).want(200)
	kept := r.Bytes.Len()
	many := make([]object, 101)
	for i := range many {
		many[i] = newFile(fmt.Sprint(i))
	}
	for name, c := range map[string]struct {
		files  []object
		status int
		field  string
		code   string
	}{
		"none":                 {[]object{}, 422, "files", "items-out-of-range"},
		"too many":             {many, 422, "files", "items-out-of-range"},
		"no hash":              {[]object{{"size": 1}}, 422, "files[0].sha256", "missing"},
		"half a hash":          {[]object{with(newFile("x"), "sha256", "abc")}, 422, "files[0].sha256", "not-a-sha256"},
		"too large":            {[]object{with(newFile("x"), "size", desk.MaxFile+1)}, 422, "files[0].size", "above-limit"},
		"a negative size":      {[]object{with(newFile("x"), "size", -1)}, 422, "files[0].size", "above-limit"},
		"another hash":         {[]object{newFile("ok"), with(newFile("x"), "data", "eQ==")}, 422, "files[1].sha256", "other-file"},
		"larger than said":     {[]object{with(newFile("x"), "data", "eHg=")}, 422, "files[0].size", "other-file"},
		"no base64":            {[]object{with(newFile("x"), "data", "x")}, 422, "files[0].data", "not-base64"},
		"another base64":       {[]object{with(newFile("\xff\xff\xff"), "data", "____")}, 422, "files[0].data", "not-base64"},
		"base64 with a rest":   {[]object{with(newFile("x"), "data", "eB==")}, 422, "files[0].data", "not-base64"},
		"data that is too big": {[]object{with(newFile("x"), "data", strings.Repeat("AAAA", 1500<<10))}, 413, "", ""},
		"an unknown field":     {[]object{with(newFile("x"), "name", "a.pdf")}, 422, "files[0].name", "unknown-field"},
	} {
		a := r.do(bot, "POST", "/v1/files", object{"files": c.files}).want(c.status)
		if c.field != "" && (a.at("errors", 0, "field") != c.field || a.at("errors", 0, "code") != c.code) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	sum := newFile("used")["sha256"]
	for name, c := range map[string]struct {
		attachment object
		field      string
		code       string
	}{
		"never uploaded":       {object{"name": "a", "sha256": newFile("never")["sha256"]}, "sha256", "no-such-file"},
		"of another account":   {object{"name": "a", "sha256": newFile("zoe's")["sha256"]}, "sha256", "no-such-file"},
		"no hash":              {object{"name": "a", "sha256": "A"}, "sha256", "not-a-sha256"},
		"another size":         {object{"name": "a", "sha256": sum, "size": 5}, "size", "other-file"},
		"slashes":              {object{"name": "../../etc/passwd", "sha256": sum}, "name", "bad-file-name"},
		"NUL":                  {object{"name": "a\x00.pdf", "sha256": sum}, "name", "bad-file-name"},
		"1,000 characters":     {object{"name": strings.Repeat("x", 1000), "sha256": sum}, "name", "above-limit"},
		"turned writing":       {object{"name": "a\u202efdp.exe", "sha256": sum}, "name", "bad-file-name"},
		"a type that is a lie": {object{"name": "a", "sha256": sum, "type": strings.Repeat("x", 300)}, "type", "length-out-of-range"},
	} {
		m := object{"externalId": name, "author": "customer", "text": "x", "attachments": []object{{"name": "ok", "sha256": sum}, c.attachment}}
		a := r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(422)
		if a.at("errors", 0, "field") != "attachments[1]."+c.field || a.at("errors", 0, "code") != c.code {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	if n := r.Bytes.Len(); n != kept {
		t.Errorf("%d files are kept, want %d", n, kept)
	}
	if a := r.do(bob, "GET", "/v1/conversations?home=inbox", nil).want(200); len(a.ids()) > 0 {
		t.Errorf("taken in: %s", a.Body)
	}
}
