package body

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text converts HTML to text as a person would read it: paragraphs, list items
// and links with their addresses, without styles and scripts. It takes time
// linear in the length of s.
func Text(s string) string {
	w := &writer{}
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(strings.ReplaceAll(w.out.String(), "\u00a0", " "))
		case html.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		}
	}
}

// writer arranges text in lines.
type writer struct {
	out    strings.Builder
	breaks int  // line ends to write before the next word
	space  bool // whether to write a blank before the next word
	pre    int
	hidden atom.Atom // the element whose text is not shown
	link   string    // the address of the link that is open
	linked int       // start of its text
}

func (w *writer) text(s string) {
	if w.pre > 0 {
		w.flush()
		w.out.WriteString(s)
		return
	}
	for i, word := range strings.FieldsFunc(s, blank) {
		if i > 0 || strings.IndexFunc(s, blank) == 0 {
			w.space = true
		}
		w.flush()
		w.out.WriteString(word)
		w.space = false
	}
	if n := len(s); n > 0 && blank(rune(s[n-1])) {
		w.space = true
	}
}

func blank(r rune) bool { return r <= ' ' }

// flush writes the pending line ends and blank.
func (w *writer) flush() {
	switch {
	case w.out.Len() == 0:
	case w.breaks > 0:
		w.out.WriteString(strings.Repeat("\n", w.breaks))
	case w.space:
		w.out.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
}

func (w *writer) line(n int) { w.breaks = max(w.breaks, n) }

func (w *writer) start(t html.Token) {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Title:
		if t.Type == html.StartTagToken {
			w.hidden = t.DataAtom
		}
	case atom.Br:
		w.breaks = min(w.breaks+1, 2)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Table, atom.Ul, atom.Ol, atom.Hr:
		w.line(2)
	case atom.Div, atom.Tr, atom.Dt, atom.Dd:
		w.line(1)
	case atom.Td, atom.Th:
		w.space = true
	case atom.Li:
		w.line(1)
		w.text("- ")
	case atom.Pre:
		w.line(2)
		w.pre++
	case atom.A:
		w.link, w.linked = attribute(t, "href"), w.out.Len()
	case atom.Img:
		w.text(attribute(t, "alt"))
	}
}

func (w *writer) end(a atom.Atom) {
	switch a {
	case w.hidden:
		w.hidden = 0
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Table, atom.Ul, atom.Ol:
		w.line(2)
	case atom.Div, atom.Tr, atom.Li, atom.Dt, atom.Dd:
		w.line(1)
	case atom.Pre:
		w.line(2)
		w.pre = max(0, w.pre-1)
	case atom.A:
		w.closeLink()
	}
}

// closeLink appends the address of a link unless its text shows it.
func (w *writer) closeLink() {
	shown := w.out.String()[w.linked:]
	if (strings.HasPrefix(w.link, "http://") || strings.HasPrefix(w.link, "https://")) && !strings.Contains(shown, w.link) {
		w.text(" <" + w.link + ">")
	}
	w.link = ""
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
