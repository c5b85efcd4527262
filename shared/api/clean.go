package api

import (
	"context"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// What of an HTML part is cleaned. It bounds the memory that one request takes.
const (
	maxHTML = 1 << 20
	// maxWord is the longest run without a blank, a quote or a bracket of a tag that
	// is read. What is longer is an image inside an address, which is never shown.
	maxWord = 64 << 10
)

// shown is what of a mail's HTML is shown: nothing that runs, that is fetched, or that
// changes more than the text it stands in.
var shown = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "div", "span", "center", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "address",
		"b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "small", "big", "sub", "sup", "code", "tt", "kbd", "samp", "q", "cite", "abbr",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th",
	)
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").Matching(regexp.MustCompile(`(?i)^\s*(https?|mailto|tel):`)).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel", cid)
	// Of images, those that came with the mail are left to be replaced: see pictures.
	p.AllowAttrs("src").Matching(regexp.MustCompile(`(?i)^\s*` + cid + `:`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[0-9]{1,4}$`)).OnElements("img")
	p.AllowNoAttrs().OnElements("img") // so that no closing tag of theirs is waited for
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
})

// cid is the scheme by which the HTML part of a mail refers to what came with it (RFC 2392).
const cid = "cid"

// cleaned returns at most n bytes of a cleaned HTML part from an offset on, and
// whether the part is so long that its end is left out. Files are those of its message.
func cleaned(ctx context.Context, b store.Body, files []desk.Attachment, offset int64, n int) (text string, cut bool, err error) {
	in := &htmlReader{ctx: ctx, body: b}
	out := &window{skip: offset, left: n}
	err = shown().SanitizeReaderToWriter(in, pictures{out, files})
	if errors.Is(err, errFull) {
		err = nil
	}
	return out.text.String(), in.cut, err
}

// pictures puts a mark in place of each image that came with the mail, which says which
// file of the message it is and has no address: <img data-file="2" alt="Logo">. Other
// images are left out. It is given one token at a time.
type pictures struct {
	to    io.StringWriter
	files []desk.Attachment
}

// Write implements io.Writer.
func (p pictures) Write(b []byte) (int, error) { return p.WriteString(string(b)) }

// WriteString implements io.StringWriter.
func (p pictures) WriteString(s string) (int, error) {
	mark := s
	if strings.HasPrefix(s, "<img") {
		mark = p.mark(s)
	}
	_, err := p.to.WriteString(mark)
	return len(s), err
}

func (p pictures) mark(tag string) string {
	z := html.NewTokenizer(strings.NewReader(tag))
	z.Next()
	is := make(map[string]string)
	for _, a := range z.Token().Attr {
		is[a.Key] = a.Val
	}
	n := p.number(is["src"])
	if n == 0 {
		return ""
	}
	mark := `<img data-file="` + strconv.Itoa(n) + `"`
	for _, key := range []string{"width", "height", "alt"} {
		if v, ok := is[key]; ok {
			mark += " " + key + `="` + html.EscapeString(v) + `"`
		}
	}
	return mark + ">"
}

// number is that of the file to which a URL refers; 0 if it refers to none.
func (p pictures) number(src string) int {
	u, err := url.Parse(src)
	if err != nil {
		return 0
	}
	id, err := url.PathUnescape(u.Opaque)
	if err != nil || id == "" {
		return 0
	}
	for i, f := range p.files {
		if f.ContentID == id {
			return i + 1
		}
	}
	return 0
}

// htmlReader reads an HTML part without words that are too long, to its limit.
type htmlReader struct {
	ctx   context.Context // of the one request that it serves
	body  store.Body
	at    int64
	rest  string
	word  int  // length of the word so far
	skips bool // the rest of the word
	read  int
	cut   bool
}

// Read implements io.Reader.
func (r *htmlReader) Read(p []byte) (n int, err error) {
	for n == 0 {
		if r.rest == "" {
			if r.rest, err = r.body.Read(r.ctx, r.at, store.PartSize); err != nil {
				return 0, err
			}
			if r.at += int64(len(r.rest)); r.rest == "" {
				return 0, io.EOF
			}
		}
		i := 0
		for ; i < len(r.rest) && n < len(p); i++ {
			c := r.rest[i]
			if r.word++; strings.IndexByte(" \t\r\n\"'<>", c) >= 0 {
				r.word, r.skips = 0, false
			}
			// No character is cut in two.
			if r.skips = r.skips || r.word > maxWord && utf8.RuneStart(c); r.skips {
				continue
			}
			if r.read >= maxHTML && utf8.RuneStart(c) {
				r.cut = true
				return n, io.EOF
			}
			p[n] = c
			n++
			r.read++
		}
		r.rest = r.rest[i:]
	}
	return n, nil
}

// errFull ends the cleaning when enough is there.
var errFull = errors.New("enough")

// window keeps what is written from some place on, until it is full.
type window struct {
	skip int64
	left int
	text strings.Builder
}

// Write implements io.Writer.
func (w *window) Write(p []byte) (int, error) { return w.WriteString(string(p)) }

// WriteString implements io.StringWriter.
func (w *window) WriteString(s string) (int, error) {
	n := len(s)
	skip := min(w.skip, int64(n))
	w.skip -= skip
	s = s[skip:]
	if len(s) > w.left {
		s = s[:w.left]
	}
	w.text.WriteString(s)
	if w.left -= len(s); w.left == 0 {
		return n, errFull
	}
	return n, nil
}
