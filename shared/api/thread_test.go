package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

// onDisk puts the rig's app on the engine of one machine.
func (r *rig) onDisk(t *testing.T) {
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
	r.Handler = r.API()
}

// takes is how many bytes a request allocates.
func (r *rig) takes(path string) uint64 {
	var before, after runtime.MemStats
	req := httptest.NewRequest("GET", path, nil)
	a := httptest.NewRecorder()
	a.Body.Grow(2 << 20)
	runtime.ReadMemStats(&before)
	r.ServeHTTP(a, req.WithContext(auth.WithCaller(req.Context(), ann)))
	runtime.ReadMemStats(&after)
	if a.Code != 200 {
		r.Fatalf("GET %s answered %d %s", path, a.Code, a.Body)
	}
	return after.TotalAlloc - before.TotalAlloc
}

// TestALargeThreadIsReadInBoundedMemory: 30 mails of 3 MB each, and what is long in
// them is whole.
func TestALargeThreadIsReadInBoundedMemory(t *testing.T) {
	r := newRig(t)
	r.onDisk(t)
	text := strings.Repeat("All work and no play.\n", 1<<20/22)
	html := "<p>" + strings.Repeat("All <b>work</b> and no <i>play</i>.<br>\n", 1<<20/40)
	var id string
	for i := range 30 {
		r.Time = r.Time.Add(time.Second)
		m := r.Message("mail", fmt.Sprint("x", i))
		m.At, m.Subject, m.Text, m.HTML = r.Time, fmt.Sprint("Number ", i), text, html
		taken, err := r.Intake.TakeIn(t.Context(), m, []string{"x0"})
		if err != nil {
			t.Fatal(err)
		}
		id = taken.Conversation.ID
	}
	path := "/v1/conversations/" + id + "/messages"
	page := r.do(ann, "GET", path, nil).want(200)
	ids := page.ids()
	if len(ids) != 30 || page.at("items", 0, "subject") != "Number 29" || page.at("items", 29, "subject") != "Number 0" ||
		page.at("items", 3, "textCut") != true || page.at("items", 3, "size") != float64(len(text)+len(html)) || page.Body.Len() > 1<<20 {
		t.Errorf("a page of %d messages and %d bytes", len(ids), page.Body.Len())
	}
	for _, limit := range []int{1, 7, 29, 30} {
		if got, n := r.pages(fmt.Sprintf("%s?limit=%d", path, limit)); !slices.Equal(got, ids) || n != (29+limit)/limit {
			t.Errorf("%d pages of %d have %v, want %v", n, limit, got, ids)
		}
	}
	if got := r.part(id, ids[7], "text"); got != text {
		t.Errorf("the text has %d bytes, want %d", len(got), len(text))
	}
	if got := r.part(id, ids[7], "html-source"); got != html {
		t.Errorf("the HTML part has %d bytes, want %d", len(got), len(html))
	}
	if got := r.part(id, ids[7], "html"); got != html { // it is clean
		t.Errorf("the cleaned HTML part has %d bytes, want %d", len(got), len(html))
	}
	// Twice of what is taken, which the race detector takes.
	for part, most := range map[string]uint64{
		"": 12 << 20, "/" + ids[7] + "/text?offset=524288": 4 << 20, "/" + ids[7] + "/html-source?offset=917504": 4 << 20,
		"/" + ids[7] + "/html": 8 << 20,
	} {
		n := r.takes(path + part)
		t.Logf("GET messages%s takes %d KB", part, n>>10)
		if n > most {
			t.Errorf("GET messages%s takes %d KB, want at most %d KB", part, n>>10, most>>10)
		}
	}
}

// TestAThreadIsAlwaysReadable through the gateway of Lambda, whatever it has in it.
func TestAThreadIsAlwaysReadable(t *testing.T) {
	for name, unit := range map[string]string{
		"letters": "word ", "brackets": "<", "quotes": `"`, "backslashes": `\`, "control": "\u0001", "lines": "\u2028", "smileys": "😀", "tags": "<b>", "entities": "&lt;",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			body := strings.Repeat(unit, 400_000/len(unit))
			var id string
			long := map[string]string{"text": "text", "html": "html-source", "subject": "subject"}
			for i := range 60 {
				r.Time = r.Time.Add(time.Second)
				m := object{"externalId": fmt.Sprint("x", i), "author": "customer", "references": []string{"x0"}, "at": r.Time}
				if field := []string{"text", "html", "subject"}; i < len(field) {
					m[field[i]] = body
				} else {
					m["text"], m["from"], m["subject"] = body[:16<<10/len(unit)*len(unit)], object{"name": strings.Repeat(unit, 1000/len(unit))}, strings.Repeat(unit, 1000/len(unit))
				}
				id, _ = r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(201).at("conversationId").(string)
			}
			read := func(path string) (o object) {
				t.Helper()
				res := serve(t, r, event("GET", path))
				if res.StatusCode != 200 {
					t.Fatalf("GET %s answered %d %.200s", path, res.StatusCode, res.Body)
				}
				if err := json.Unmarshal([]byte(res.Body), &o); err != nil {
					t.Fatal(err)
				}
				return o
			}
			var ids []string
			for path, cursor := "/v1/conversations/"+id+"/messages", ""; ; {
				page := read(path + cursor)
				items, _ := page["items"].([]any)
				if len(items) == 0 || len(items) > 50 {
					t.Fatalf("a page of %d", len(items))
				}
				for _, m := range items {
					ids = append(ids, at(m, "id").(string))
				}
				if page["next"] == nil {
					break
				}
				cursor = fmt.Sprint("?cursor=", page["next"])
			}
			if len(ids) != 60 || !slices.IsSortedFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) {
				t.Fatalf("messages %v", ids)
			}
			for i, field := range []string{"text", "html", "subject"} {
				whole := func(part string) string {
					var whole strings.Builder
					for offset := any(0.0); offset != nil; {
						piece := read(fmt.Sprintf("/v1/conversations/%s/messages/%s/%s?offset=%.0f", id, ids[59-i], part, offset))
						text, _ := piece["text"].(string)
						whole.WriteString(text)
						offset = piece["next"]
					}
					return whole.String()
				}
				if got := whole(long[field]); got != body {
					t.Errorf("%s has %d bytes, want %d", field, len(got), len(body))
				}
				if got := whole("html"); (got == "") == (field == "html") {
					t.Errorf("the cleaned HTML part of a message with %s has %d bytes", field, len(got))
				}
			}
		})
	}
}

// TestBadPieces of messages are refused by name.
func TestBadPieces(t *testing.T) {
	r := newRig(t)
	id, other := r.take("mail", "m1"), r.take("mail", "m2")
	r.take("mail", "m3", "m1")
	r.do(bot, "POST", "/v1/conversations/"+id+"/messages", object{"externalId": "x", "author": "customer", "text": "€uro"}).want(201)
	path := "/v1/conversations/" + id + "/messages"
	page := r.do(ann, "GET", path+"?limit=1", nil).want(200)
	newest, cursor := path+"/"+page.ids()[0], page.at("next").(string)
	get := func(path, field string) refusal {
		return refusal{as: ann, method: "GET", path: path, status: 422, code: "invalid", field: field}
	}
	missing := func(path string) refusal {
		return refusal{as: ann, method: "GET", path: path, status: 404, code: "not-found", remedy: "check the ID"}
	}
	r.refuse(map[string]refusal{
		"limit":              get(path+"?limit=51", "limit"),
		"cursor":             get(path+"?cursor=x", "cursor"),
		"cursor of another":  get("/v1/conversations/"+other+"/messages?cursor="+cursor, "cursor"),
		"part":               get(newest+"/body", "part"),
		"before the start":   get(newest+"/text?offset=-1", "offset"),
		"half a character":   get(newest+"/text?offset=1", "offset"),
		"no message":         missing(path + "/none/text"),
		"of another":         missing("/v1/conversations/" + other + "/messages/" + page.ids()[0] + "/text"),
		"no conversation":    missing("/v1/conversations/none/messages"),
		"of no conversation": missing("/v1/conversations/none/messages/none/text"),
	})
	if a := r.do(ann, "GET", newest+"/text?offset=999", nil).want(200); a.at("text") != "" || a.at("next") != nil || a.at("size") != 6.0 {
		t.Errorf("beyond the end: %s", a.Body)
	}
	if a := r.do(ann, "GET", newest+"/html", nil).want(200); a.at("text") != "" || a.at("size") != 0.0 {
		t.Errorf("no HTML part: %s", a.Body)
	}
}

// TestHTMLIsCleaned: nothing of it runs, and nothing is fetched.
func TestHTMLIsCleaned(t *testing.T) {
	r := newRig(t)
	link := func(href, text string) string {
		return `<a href="` + href + `" rel="nofollow noreferrer noopener" target="_blank">` + text + `</a>`
	}
	cases := []struct{ html, want string }{
		{`<p dir="rtl">Hei <b>du</b></p><ul><li>1</li></ul><table><tr><td colspan="2">x</td></tr></table>`, ""},
		{`a<script>alert(1)</script>b<SCRIPT SRC=//evil.example/x.js></SCRIPT>c`, "abc"},
		{`<scr<script>ipt>alert(1)</script>x`, ""},
		{`<b onclick="x()" onmouseover=x() style="color:red" class="c" id="i">t</b>`, "<b>t</b>"},
		{`<a href="https://a.example/?q=1&amp;r=2" onclick="x()">t</a>`, link("https://a.example/?q=1&amp;r=2", "t")},
		{`<a href="mailto:a@b.example">t</a>`, `<a href="mailto:a@b.example" rel="nofollow noreferrer">t</a>`},
		{`<a href="javascript:alert(1)">t</a>`, "t"},
		{`<a href=" java&#x0A;script:alert(1)">t</a>`, "t"},
		{`<a href="JaVaScRiPt&colon;alert(1)">t</a>`, "t"},
		{`<a href="vbscript:x">t</a><a href="data:text/html,<script>alert(1)</script>">u</a><a href="file:///etc/passwd">v</a>`, "tuv"},
		{`<a href="//evil.example/">t</a><a href="/v1/me">u</a>`, "tu"},
		{`<img src="https://evil.example/pixel.gif" onerror="x()">t`, "t"},
		{`<a href="javascript:x"><b><img src="https://evil.example/x"></b>t</a>`, "<b></b>t"},
		{`<img src="cid:nobody@x" alt="t"><a href="cid:logo@x">t</a>`, "t"},
		{`<img src="data:image/png;base64,` + strings.Repeat("A", 3<<20) + `">t`, "t"},
		{`<svg><image href="https://evil.example/x"/><script>alert(1)</script><a xlink:href="javascript:x">t</a></svg>`, "t"},
		{`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>`, "<table></table>"},
		{`<style>@import url(https://evil.example/x.css); p{background:url(https://evil.example/x)}</style><p style="background:url(https://evil.example/x)">t</p>`, "<p>t</p>"},
		{`<table background="https://evil.example/x" bgcolor="red"><tr><td background="https://evil.example/x">t</td></tr></table>`, "<table><tr><td>t</td></tr></table>"},
		{`<iframe src="https://evil.example"></iframe><object data="https://evil.example"></object><embed src="https://evil.example">t`, "t"},
		{`<video src="https://evil.example" poster="https://evil.example"></video><audio src="https://evil.example"></audio><source srcset="https://evil.example">t`, "t"},
		{`<form action="https://evil.example"><input name="password"><button formaction="https://evil.example">t</button></form>`, "t"},
		{`<link rel="stylesheet" href="https://evil.example/x"><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example">t`, "t"},
		{`<!--[if mso]><img src="https://evil.example/x"><![endif]-->t<!-- <script>alert(1)</script> --!><b>u</b>`, "t<b>u</b>"},
		{`<html><head><title>T</title></head><body onload="x()" background="https://evil.example/x">t</body></html>`, "t"},
		{`<noscript><p title="</noscript><img src=x onerror=alert(1)>">t`, ""},
		{`<textarea><script>alert(1)</script></textarea><xmp><script>alert(2)</script></xmp>`, ""},
		{"\u202egnp.exe\u202c &lt;script&gt; \"t\" <b\x00>u</b>", ""},
		{strings.Repeat("<div>", 50_000) + "t", strings.Repeat("<div>", 50_000) + "t"},
	}
	for i, c := range cases {
		external := fmt.Sprint("x", i)
		r.Time = r.Time.Add(time.Second)
		id, _ := r.do(bot, "POST", "/v1/channels/mail/conversations", object{"externalId": external, "author": "customer", "html": c.html}).want(201).at("conversationId").(string)
		message := r.do(ann, "GET", "/v1/conversations/"+id+"/messages", nil).want(200).ids()[0]
		got := r.part(id, message, "html")
		if c.want != "" && got != c.want || i == 0 && got != c.html {
			t.Errorf("%.200q is %.300q, want %.300q", c.html, got, c.want)
		}
		for _, bad := range []string{"<script", "<img", "<svg", "<style", "<noscript", "<textarea", "onerror=\"", "evil.example", "javascript:", "style="} {
			if rest := strings.ReplaceAll(got, "&#34;", ""); strings.Contains(strings.ToLower(rest), bad) {
				t.Errorf("%.200q is %.300q, with %q", c.html, got, bad)
			}
		}
	}
}

// TestPicturesOfTheMailAreMarked by the file that they are, and by nothing that a
// browser would fetch.
func TestPicturesOfTheMailAreMarked(t *testing.T) {
	r := newRig(t)
	file := func(data string) string {
		f := filetest.File("acme", []byte(data), r.Time)
		if _, err := r.Files.Announce(t.Context(), "acme", []support.NewFile{{SHA256: f.SHA256, Size: f.Size, Data: []byte(data)}}); err != nil {
			t.Fatal(err)
		}
		return f.SHA256
	}
	attachments := []object{
		{"name": "a.pdf", "sha256": file("a")},
		{"name": "logo.png", "type": "image/png", "sha256": file("b"), "contentId": "logo@x", "inline": true},
		{"name": "b.png", "sha256": file("c"), "contentId": `a b"<c>&`},
	}
	for i, c := range []struct{ html, want string }{
		{`<p>Hei<img src="cid:logo@x" width="120" height=40 alt="Our &quot;logo&quot;" onerror="x()" style="x" srcset="https://evil.example/x">!</p>`,
			`<p>Hei<img data-file="2" width="120" height="40" alt="Our &#34;logo&#34;">!</p>`},
		{`<IMG alt='t' SRC=" CID:logo@x "/>`, `<img data-file="2" alt="t">`},
		{`<img src="cid:a%20b%22%3Cc%3E%26" width="99999" height="1em">`, `<img data-file="3">`},
		{`<img src="cid:logo%40x"><img src="cid:logo@x">`, `<img data-file="2"><img data-file="2">`},
		{`<img src="https://evil.example/x" src="cid:logo@x"><img src="cid:LOGO@x"><img src="cid:"><img src="//cid:logo@x"><img>t`, "t"},
		{`<img data-file="2"><img data-file="2" alt="t"><img src="x" data-file="2">&lt;img data-file="2"&gt;`, `&lt;img data-file=&#34;2&#34;&gt;`},
		{strings.Repeat(`<img src="cid:logo@x">`, 10_000), strings.Repeat(`<img data-file="2">`, 10_000)},
	} {
		r.Time = r.Time.Add(time.Second)
		m := object{"externalId": fmt.Sprint("x", i), "author": "customer", "html": c.html, "attachments": attachments}
		id, _ := r.do(bot, "POST", "/v1/channels/mail/conversations", m).want(201).at("conversationId").(string)
		message := r.do(ann, "GET", "/v1/conversations/"+id+"/messages", nil).want(200).ids()[0]
		if got := r.part(id, message, "html"); got != c.want {
			t.Errorf("%.200q is %.300q, want %.300q", c.html, got, c.want)
		}
	}
}

// TestLongHTMLIsCut where cleaning it would take too much; its source is whole.
func TestLongHTMLIsCut(t *testing.T) {
	r := newRig(t)
	html := strings.Repeat("<a b c d e f g='h'>ä ", 2<<20/21) + "<script>"
	id, _ := r.do(bot, "POST", "/v1/channels/mail/conversations", object{"externalId": "x", "author": "customer", "html": html}).want(201).at("conversationId").(string)
	message := r.do(ann, "GET", "/v1/conversations/"+id+"/messages", nil).want(200).ids()[0]
	if got := r.part(id, message, "html-source"); got != html {
		t.Errorf("the source has %d bytes, want %d", len(got), len(html))
	}
	got := r.part(id, message, "html")
	if words := strings.Count(got, "ä"); words != strings.Count(html[:1<<20], "ä") || strings.Contains(got, "\ufffd") {
		t.Errorf("cleaned, %d of %d words remain", words, strings.Count(html, "ä"))
	}
	path := "/v1/conversations/" + id + "/messages/" + message + "/html?offset=" + fmt.Sprint(len(got))
	if a := r.do(ann, "GET", path, nil).want(200); a.at("cut") != true || a.at("text") != "" {
		t.Errorf("the end is %s", a.Body)
	}
	n := r.takes("/v1/conversations/" + id + "/messages/" + message + "/html?offset=" + fmt.Sprint(len(got)))
	t.Logf("the last piece takes %d KB", n>>10)
}
