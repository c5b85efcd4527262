package api_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/auth"
	"deskmove/shared/store"
)

// TestNoMessageIsSwallowed: IDs that encoding/json would make the same are refused, and
// not taken for messages that are known.
func TestNoMessageIsSwallowed(t *testing.T) {
	r := newRig(t)
	for _, id := range []string{"<\xff@x>", "<\xfe@x>", `\ud800`, `\ud801`, `\udc00\ud800`, "\xed\xa0\x80", "\xc0\xaf"} {
		a := r.do(bot, "POST", "/v1/channels/mail/conversations", `{"author": "customer", "externalId": "`+id+`"}`).want(400)
		if a.at("code") != "not-unicode" || a.at("params", "pointer") != "/externalId" {
			t.Errorf("%q: %s", id, a.Body)
		}
	}
	for _, id := range []string{`😀`, `\ud83d\ude00 2`, "\ufffd", "é"} {
		r.do(bot, "POST", "/v1/channels/mail/conversations", `{"author": "customer", "externalId": "`+id+`"}`).want(201)
	}
}

func TestWhatIsNotOneJSONValue(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":`:                                 "not-json /a 5",
		`{"a": 1,}`:                             "not-json  7",
		`{"a": tru}`:                            "not-json /a 9",
		`{} {}`:                                 "not-json  4",
		`{}}`:                                   "not-json  2",
		"  ":                                    "not-json  0",
		"\xff":                                  "not-json  0",
		`{"a": "b` + "\n" + `"}`:                "not-json /a 8",
		`{"a": [1, {"b": "\ud800"}]}`:           "not-unicode /a/1/b 17",
		"{\"a\xff\": 1}":                        "not-unicode  3",
		`{"a": 1, "b": {}, "a": 1}`:             "name-twice /a 18",
		`{"a": [{"b": {"c": 1, "\u0063": 2}}]}`: "name-twice /a/0/b/c 22",
		`{"a": 1, "a": 2, "b": "\ud800"}`:       "name-twice /a 9",
		`{"a": "\ud800", "b": }`:                "not-json /b 21",
		`{"~/": {"x": 1, "x": 1}}`:              "name-twice /~0~1/x 16",
		strings.Repeat("[", 20_000):             "not-json",
		`{"a": [1, 2, 1e999]}`:                  "not-json /a/2 18",
		`{"a": 1, "A": 1}`:                      "invalid",
	} {
		r := newRig(t)
		a := r.do(ann, "POST", "/v1/moves", body)
		got := fmt.Sprint(a.at("code"), " ", a.at("params", "pointer"), " ", a.at("params", "offset"))
		if !strings.HasPrefix(got, want) || a.Code != 400 && a.at("code") != "invalid" {
			t.Errorf("%.80q: %d %s, want %s", body, a.Code, a.Body, want)
		}
		if detail, _ := a.at("detail").(string); a.at("remedy") == "" || detail == "" || len(a.Body.Bytes()) > 2000 {
			t.Errorf("%.80q: %.3000s", body, a.Body)
		}
	}
}

// notAudit reports whether a key is of anything but acme's audit log.
func notAudit(k store.Key) bool { return !store.OfAudit("acme", k) }

// TestNullIsNoValue sends null as each field of each body that the description knows.
func TestNullIsNoValue(t *testing.T) {
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	fields := 0
	for path, operations := range d.Paths {
		for method, operation := range operations {
			if operation.Body == nil {
				continue
			}
			method = strings.ToUpper(method)
			sample := exampleRequest(method, path)
			schema := at(operation.Body, "content", "application/json", "schema")
			d.eachField(schema, "", "%s", func(field, body string) {
				fields++
				before := len(r.Written)
				a := r.do(ann, method, sample.path, fmt.Sprintf(body, "null")).want(422)
				if a.at("errors", 0, "field") != field || a.at("errors", 0, "code") != "null" || a.at("errors", 1) != nil || slices.ContainsFunc(r.Written[before:], notAudit) {
					t.Errorf("%s with %s answered %s, want %s alone", a.request, body, a.Body, field)
				}
			})
		}
	}
	if fields < 60 {
		t.Errorf("%d fields only", fields)
	}
	// What the account keeps byte for byte may hold anything.
	inside := strings.Replace(acme, `"settings": {`, `"settings": {"mine": null, "more": [null], `, 1)
	if inside == acme {
		t.Fatal("the account has no settings")
	}
	r.do(ann, "PUT", "/v1/account", inside).want(200)
	if !strings.Contains(r.do(ann, "GET", "/v1/account", nil).want(200).Body.String(), `{"mine":null,"more":[null],`) {
		t.Error("the settings are not kept")
	}
}

// eachField calls do with the path of each field below a schema, and a body in which %s
// stands for its value.
func (d described) eachField(schema any, at, body string, do func(field, body string)) {
	s, _ := schema.(object)
	if ref, isRef := s["$ref"].(string); isRef {
		s, _ = d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(object)
	}
	if items := s["items"]; items != nil {
		do(at+"[0]", fmt.Sprintf(body, "[%s]"))
		d.eachField(items, at+"[0]", fmt.Sprintf(body, "[%s]"), do)
	}
	properties, _ := s["properties"].(object)
	for name, property := range properties {
		field := strings.TrimPrefix(at+"."+name, ".")
		inner := fmt.Sprintf(body, fmt.Sprintf("{%q:%%s}", name))
		do(field, inner)
		d.eachField(property, field, inner, do)
	}
}

func TestManyNullsAreNotAllNamed(t *testing.T) {
	r := newRig(t)
	a := r.do(bot, "POST", "/v1/channels/mail/conversations", `{"references":[null`+strings.Repeat(",null", 149_999)+`],"author":"customer","externalId":"x"}`).want(422)
	if n := len(a.at("errors").([]any)); n != 21 || a.at("errors", 19, "field") != "references[19]" || a.at("errors", 20, "params", "more") != "149980" {
		t.Errorf("%d errors: %s", n, a.Body)
	}
}

// TestOneParameterOneValue: what would be ignored in silence is refused.
func TestOneParameterOneValue(t *testing.T) {
	r := newRig(t)
	get := func(query, field, remedy string) refusal {
		return refusal{as: ann, method: "GET", path: "/v1/conversations?" + query, status: 422, code: "invalid", field: field, remedy: remedy}
	}
	cases := map[string]refusal{
		"not escaped": get("q=%zz", "query", "hexadecimal"),
		"semicolon":   get("limit=1;home=inbox", "query", "&"),
	}
	for _, name := range []string{"home", "channel", "status", "owner", "unowned", "waiting", "sort", "q", "cursor", "limit", "colour"} {
		cases["no "+name] = get(name+"=", name, "leave it out")
		cases["bare "+name] = get(name, name, "leave it out")
		cases["two of "+name] = get(name+"=1&"+name+"=1", name, "once")
	}
	r.refuse(cases)
}

// TestAnswersAreData: no browser makes a page of an answer, or tells another site of it.
func TestAnswersAreData(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/v1/me", "/v1/conversations", "/v1/nothing", "/v1/conversations/none", "/healthz", "/openapi.yaml", "/"} {
		h := r.do(ann, "GET", path, nil).Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") ||
			h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
		if path != "/openapi.yaml" && h.Get("Cache-Control") != "no-store" && path != "/healthz" {
			t.Errorf("%s may be stored: %v", path, h)
		}
	}
}

// BenchmarkStrict is what it costs to look at a mail of 4 KB before it is taken in, and
// what all of the intake costs, in memory.
func BenchmarkStrict(b *testing.B) {
	text := strings.Repeat("I ordered on Monday, and nothing has come — not even an answer. ", 60)
	mail := func(id int) string {
		return fmt.Sprintf(`{"externalId":"<%d@customer.example>","references":["<a@b>","<c@d>"],"author":"customer","from":{"address":"jane@customer.example"},"subject":"Order","text":%q}`, id, text)
	}
	b.Run("check", func(b *testing.B) {
		body := []byte(mail(1))
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := api.CheckJSON(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("intake", func(b *testing.B) {
		r, n := newRig(b), 0
		for b.Loop() {
			n++
			req := httptest.NewRequest("POST", "/v1/channels/mail/conversations", strings.NewReader(mail(n)))
			w := httptest.NewRecorder()
			if r.ServeHTTP(w, req.WithContext(auth.WithCaller(req.Context(), bot))); w.Code != 201 {
				b.Fatal(w.Body)
			}
		}
	})
}
