package field

import (
	"iter"
	"strings"
)

// Address is one address of a header: the decoded name and the address in lower
// case. Either may be empty, and the address may lack an @.
type Address struct{ Name, Address string }

// maxAddresses is the maximum number of addresses kept from one field.
const maxAddresses = 10_000

// Addresses reads a list of addresses, separated by commas or semicolons. It
// accepts groups, comments, "addr (Name)" and unclosed quotes. It returns each
// address once, at most maxAddresses, and none that has neither name nor
// address.
func Addresses(values []string) []Address {
	seen := make(map[string]bool)
	var all []Address
	for _, value := range values {
		for item := range items(value) {
			a := item.address()
			key := a.Address
			if key == "" {
				key = "\x00" + a.Name
			}
			if len(all) == maxAddresses {
				return all
			}
			if a != (Address{}) && !seen[key] {
				seen[key] = true
				all = append(all, a)
			}
		}
	}
	return all
}

// item is one element of the list, split into its parts.
type item struct {
	text    strings.Builder // neither comment nor in brackets, unquoted
	comment strings.Builder
	angle   string // the first <...>
}

// address returns the most plausible address of an item.
func (i *item) address() Address {
	text, comment := Text(i.text.String()), Text(i.comment.String())
	if i.angle != "" {
		name := text
		if name == "" {
			name = comment
		}
		return Address{Name: name, Address: bareAddress(i.angle)}
	}
	words := strings.Fields(text)
	for n, w := range words {
		if strings.Contains(w, "@") {
			name := strings.Join(append(words[:n:n], words[n+1:]...), " ")
			if name == "" {
				name = comment
			}
			return Address{Name: name, Address: bareAddress(w)}
		}
	}
	if len(words) == 1 {
		return Address{Name: comment, Address: bareAddress(text)}
	}
	return Address{Name: text}
}

// bareAddress returns an address in lower case, without the decoration that some
// programs add.
func bareAddress(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(Text(uncomment(s))), ""))
	return strings.TrimPrefix(strings.Trim(s, "<>'\"\\,;:."), "mailto:")
}

// uncomment removes the comments from an address, as in "ann(home)@x.example".
// Quotes may hold parentheses that begin none.
func uncomment(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var out strings.Builder
	quoted := false
	for c := (scanner{value: s}); c.pos < len(s); {
		switch b := s[c.pos]; {
		case b == '(' && !quoted:
			if at := c.pos; c.between('(', ')') == "" && c.none[')'] {
				out.WriteString(s[at:c.pos])
			}
			continue
		case b == '\\' && c.pos+1 < len(s):
			out.WriteByte(b)
			c.pos++
		case b == '"':
			quoted = !quoted
		}
		out.WriteByte(s[c.pos])
		c.pos++
	}
	return out.String()
}

// items splits a list at commas and semicolons outside quotes, comments and
// brackets. It drops the names of groups.
func items(value string) iter.Seq[*item] {
	return func(yield func(*item) bool) {
		cur := &item{}
		s := scanner{value: value}
		for s.pos < len(s.value) {
			switch c := s.value[s.pos]; {
			case c == '"':
				cur.text.WriteString(s.quoted())
			case c == '(':
				if in := s.between('(', ')'); cur.comment.Len() == 0 {
					cur.comment.WriteString(in)
				}
				if !strings.HasSuffix(cur.text.String(), "@") && !strings.HasPrefix(s.value[s.pos:], "@") {
					cur.text.WriteByte(' ')
				}
			case c == '<':
				if in := s.between('<', '>'); cur.angle == "" {
					cur.angle = in
				}
				cur.text.WriteByte(' ')
			case c == ',' || c == ';':
				if !yield(cur) {
					return
				}
				cur = &item{}
				s.pos++
			case c == ':' && !strings.Contains(cur.text.String(), "@"):
				cur = &item{} // what stood before it was the name of a group
				s.pos++
			default:
				cur.text.WriteByte(c)
				s.pos++
			}
		}
		yield(cur)
	}
}

// scanner reads quotes and brackets. It remembers which closing ones are missing
// and does not search for them again.
type scanner struct {
	value string
	pos   int
	none  [256]bool // there is no such closing byte after pos
}

// quoted reads a quoted string at pos. It ignores a quote that is not closed
// before the next address.
func (s *scanner) quoted() string {
	s.pos++
	var out strings.Builder
	if s.none['"'] {
		return ""
	}
	for i := s.pos; i < len(s.value); i++ {
		switch c := s.value[i]; {
		case c == '\\' && i+1 < len(s.value):
			i++
			out.WriteByte(s.value[i])
		case c == '"':
			in := out.String()
			if _, after, ok := strings.Cut(in, ">"); ok && strings.HasPrefix(strings.TrimSpace(after), ",") {
				return ""
			}
			s.pos = i + 1
			return in
		default:
			out.WriteByte(c)
		}
	}
	s.none['"'] = true
	return ""
}

// between returns the text inside the brackets at pos; (...) may be nested. It
// ignores an opening bracket that is never closed.
func (s *scanner) between(open, end byte) string {
	s.pos++
	if s.none[end] {
		return ""
	}
	depth := 1
	for i := s.pos; i < len(s.value); i++ {
		switch {
		case s.value[i] == '\\' && open == '(':
			i++
		case s.value[i] == end:
			depth--
		case s.value[i] == '(' && open == '(':
			depth++
		}
		if depth == 0 {
			in := s.value[s.pos:i]
			s.pos = i + 1
			return in
		}
	}
	s.none[end] = true
	return ""
}
