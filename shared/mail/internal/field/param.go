package field

import (
	"sort"
	"strconv"
	"strings"

	"deskmove/shared/mail/internal/charset"
)

// maxParams is the number of bytes of a value in which parameters are read.
const maxParams = 64 << 10

// Params splits a value with parameters, such as Content-Type's. The value and
// the names are in lower case. It decodes RFC 2231 continuations and charsets,
// and also encoded words, which programs use for file names although they must
// not. Semicolons may be missing.
func Params(value string) (main string, params map[string]string) {
	main, params, _ = ReadParams(value)
	return main, params
}

// ReadParams is Params. repaired tells whether a semicolon is missing.
func ReadParams(value string) (main string, params map[string]string, repaired bool) {
	list, repaired := separate(splitQuoted(value[:min(len(value), maxParams)]))
	params = make(map[string]string)
	pieces := make(map[string][]piece)
	for i, p := range list {
		key, val, ok := strings.Cut(p, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		switch {
		case i == 0 && !ok:
			main = strings.ToLower(firstWord(p))
		case !ok || key == "":
		case strings.Contains(key, "*"):
			name, rest, _ := strings.Cut(key, "*")
			n, _ := strconv.Atoi(strings.TrimSuffix(rest, "*"))
			pieces[name] = append(pieces[name], piece{n: n, encoded: strings.HasSuffix(key, "*"), text: unquote(val)})
		case params[key] != "":
		case key == "boundary":
			params[key] = unquote(val) // to be found in the body as it is
		default:
			params[key] = Text(unquote(val))
		}
	}
	for name, list := range pieces {
		params[name] = joinPieces(list) // better than the plain one beside it
	}
	return main, params, repaired
}

// separate splits what lacks a semicolon: a value and its first parameter, as in
// "text/html charset=utf-8", and parameters that are known.
func separate(list []string) (all []string, repaired bool) {
	for i, p := range list {
		p = strings.TrimSpace(p)
		if i == 0 {
			end := strings.IndexAny(p+" ", " \t,")
			if !strings.Contains(p[:end], "=") {
				all, p = append(all, p[:end]), strings.TrimLeft(p[end:], " \t,")
				if key, _, ok := strings.Cut(p, "="); !ok || !isToken(strings.TrimSpace(key)) {
					continue // nothing, a comment, or what nobody knows
				}
				repaired = true
			}
		}
		for {
			at := missing(p)
			if at < 0 {
				break
			}
			all, p = append(all, p[:at]), p[at:]
			repaired = true
		}
		all = append(all, p)
	}
	return all, repaired
}

// missing returns where in p, after its own name, the next known parameter begins;
// -1 if nowhere. File names may have blanks in them, so that a word with "=" is not
// enough.
func missing(p string) int {
	quoted := false
	for i := 1; i < len(p); i++ {
		switch {
		case p[i] == '\\' && quoted:
			i++
		case p[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t,\"", p[i-1]) >= 0 && isKnown(p[i:]):
			return i
		}
	}
	return -1
}

// isKnown reports whether s begins with a parameter that mails have, and "=".
func isKnown(s string) bool {
	name, _, ok := strings.Cut(s[:min(len(s), 20)], "=")
	if !ok {
		return false
	}
	name, _, _ = strings.Cut(name, "*")
	switch strings.ToLower(strings.TrimRight(name, " \t")) {
	case "boundary", "charset", "filename", "format", "name", "reply-type", "report-type", "type", "x-unix-mode":
		return true
	}
	return false
}

// isToken reports whether s can be the name of a parameter.
func isToken(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t()<>@,;:\\\"/[]?=")
}

// piece is one part of an RFC 2231 value, "filename*1*=...".
type piece struct {
	n       int
	encoded bool
	text    string
}

func joinPieces(list []piece) string {
	sort.SliceStable(list, func(i, j int) bool { return list[i].n < list[j].n })
	label := ""
	var raw []byte
	for i, p := range list {
		if !p.encoded {
			raw = append(raw, p.text...)
			continue
		}
		if i == 0 {
			if f := strings.SplitN(p.text, "'", 3); len(f) == 3 {
				label, p.text = f[0], f[2]
			}
		}
		raw = append(raw, Unescape([]byte(p.text), '%')...)
	}
	s, _ := charset.Decode(label, raw)
	return Text(s)
}

// splitQuoted splits at semicolons outside of quotes.
func splitQuoted(s string) []string {
	var all []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			all = append(all, s[start:i])
			start = i + 1
		}
	}
	return append(all, s[start:])
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	var out strings.Builder
	for i := 1; i < len(s) && s[i] != '"'; i++ {
		// A backslash before a letter is a path of Windows, not an escape.
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}
