package thread

import (
	"strings"
	"unicode"
)

// minSubject is the minimum length of a meaningful subject, in letters.
const minSubject = 4

// Subject removes prefixes that mean reply or forward in many languages, and
// [tags] without numbers; "[PATCH 2/3]" and "[#4711]" distinguish messages. base
// is in lower case, or "" if it is too short to compare. reply reports whether a
// prefix marks the message as a reply.
func Subject(s string) (base string, reply bool) {
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	for {
		rest, kind := cutPrefix(s)
		if kind == none {
			break
		}
		reply = reply || kind == isReply
		s = rest
	}
	if letters(s) < minSubject {
		return "", reply
	}
	return s, reply
}

type prefixKind int

const (
	none prefixKind = iota
	isReply
	isForward
	isTag
)

// cutPrefix removes one prefix, such as "re:", "re[2]:", "aw :" or "[list]".
func cutPrefix(s string) (rest string, kind prefixKind) {
	if strings.HasPrefix(s, "[") {
		tag, after, ok := strings.Cut(s[1:], "]")
		if after = strings.TrimSpace(after); ok && after != "" && !strings.ContainsFunc(tag, unicode.IsDigit) {
			return after, isTag
		}
		return s, none
	}
	word, after, ok := strings.Cut(strings.Replace(s, "：", ":", 1), ":")
	if !ok {
		return s, none
	}
	word = strings.TrimSpace(word)
	if i := strings.IndexAny(word, "[(^*"); i > 0 && strings.Trim(word[i:], "[]()^*0123456789 ") == "" {
		word = word[:i] // a count: "re[2]", "re^3", "re(4)"
	}
	switch strings.TrimSpace(word) {
	case "re", "aw", "antw", "antwort", "antwoord", "sv", "vs", "ref", "r", "res", "rif", "odp", "vá", "ynt", "rép", "réf",
		"ответ", "απ", "σχετ", "回复", "回覆", "答复", "答覆", "返信", "回信", "답장", "hà", "bls", "atb", "در پاسخ":
		return strings.TrimSpace(after), isReply
	case "fwd", "fw", "wg", "vl", "vb", "tr", "rv", "enc", "i", "doorst", "pd", "továbbítás", "ilt", "пересл",
		"πρθ", "转发", "轉寄", "転送", "전달":
		return strings.TrimSpace(after), isForward
	}
	return s, none
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
