package mail

import "strings"

// forged reports whether the results of a receiving server's checks (RFC 8601)
// say that a message is not from the domain of its From:
//
//   - dmarc=fail (RFC 7489), unless compauth=pass, the verdict of Microsoft 365 on all
//     of them together: then a server on the way that it trusts, such as a mailing
//     list's, changed a message that was genuine when it came there. arc=pass (RFC
//     8617) excuses nothing: it says that nobody has changed what the servers on the
//     way say, not that they are honest, and whoever forges may be one.
//   - without a verdict of dmarc, spf=fail (RFC 7208) of that domain, and no dkim=pass
//     (RFC 6376) of it. A softfail says nothing.
//
// Pass the first Authentication-Results only: the receiving server puts its own on
// top (RFC 8601, section 4.1), and whoever forges a message may have written the
// others. What a mailing list has changed may be called forged.
func forged(results, from string) bool {
	_, domain, _ := strings.Cut(from, "@")
	var dmarc, dmarcFails, excused, spfFails, dkim bool
	for _, r := range authentication(results) {
		switch r.method + "=" + r.result {
		case "dmarc=fail":
			dmarc, dmarcFails = true, true
		case "dmarc=pass", "dmarc=bestguesspass":
			dmarc = true
		case "compauth=pass":
			excused = true
		case "spf=fail":
			spfFails = spfFails || r.of(domain, "smtp.mailfrom")
		case "dkim=pass":
			dkim = dkim || r.of(domain, "header.d", "header.i")
		}
	}
	if dmarc {
		return dmarcFails && !excused
	}
	return spfFails && !dkim && !excused
}

// result is one result of a check, with what was checked, in lower case.
type result struct {
	method, result string
	properties     map[string]string // such as "header.d" to "example.com"
}

// of reports whether one of the properties names the domain, or one above or below
// it: organisations write from several. A result that names none counts.
func (r result) of(domain string, properties ...string) bool {
	named := false
	for _, p := range properties {
		checked := r.properties[p]
		checked = checked[strings.LastIndexByte(checked, '@')+1:]
		if checked == "" {
			continue
		}
		named = true
		if checked == domain || strings.HasSuffix(checked, "."+domain) || strings.HasSuffix(domain, "."+checked) {
			return true
		}
	}
	return !named
}

// authentication reads an Authentication-Results: the server's name, then results
// between semicolons, "method/version=result property=value", with comments
// anywhere.
func authentication(value string) []result {
	var all []result
	for _, part := range strings.Split(strings.ToLower(withoutComments(value)), ";")[1:] {
		part = strings.NewReplacer(" = ", "=", " =", "=", "= ", "=").Replace(strings.Join(strings.Fields(part), " "))
		r := result{properties: make(map[string]string)}
		for _, word := range strings.Fields(part) {
			name, v, ok := strings.Cut(word, "=")
			switch v = strings.Trim(v, "<>"); {
			case !ok:
			case r.method == "":
				r.method, _, _ = strings.Cut(name, "/")
				r.result = v
			default:
				r.properties[name] = v
			}
		}
		if r.method != "" {
			all = append(all, r)
		}
	}
	return all
}

// withoutComments removes what is in parentheses outside of quotes. Within quotes it
// removes what separates words, and the quotes.
func withoutComments(s string) string {
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted:
			depth = max(0, depth-1)
		case depth == 0 && (!quoted || !strings.ContainsRune(" \t;=", rune(c))):
			out.WriteByte(c)
		}
	}
	return out.String()
}
