package api

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"

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
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
})

// cleaned returns at most n bytes of a cleaned HTML part from an offset on, and
// whether the part is so long that its end is left out.
func cleaned(ctx context.Context, b store.Body, offset int64, n int) (text string, cut bool, err error) {
	in := &htmlReader{ctx: ctx, body: b}
	out := &window{skip: offset, left: n}
	err = shown().SanitizeReaderToWriter(in, out)
	if errors.Is(err, errFull) {
		err = nil
	}
	return out.text.String(), in.cut, err
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
