package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tags are the labels of a conversation: at most MaxTags, each once, in order. It is a
// text, one a line, so that conversations can be compared.
type Tags string

// How many tags a conversation has, and how long they are together, so that a
// header stays within what one write pays for.
const (
	MaxTags     = 12
	MaxTagBytes = 40  // of one
	maxTagsSize = 200 // bytes of all
)

// ParseTags returns tags, or an *InvalidError for field. Blanks around them are
// dropped.
func ParseTags(field string, tags []string) (Tags, error) {
	if err := checkTags(field, tags); err != nil {
		return "", err
	}
	of, left := Tags("").With(tags)
	if left > 0 {
		return "", &InvalidError{Field: field, Code: CodeTooLarge, Params: Params{"most": strconv.Itoa(MaxTags)},
			Problem: fmt.Sprintf("they are too many: a conversation has at most %d tags, of %d bytes together", MaxTags, maxTagsSize), Remedy: "leave some out"}
	}
	return of, nil
}

// checkTags returns an *InvalidError for the first that can be none, however many fit.
func checkTags(field string, tags []string) error {
	for i, tag := range tags {
		tag = strings.TrimSpace(tag)
		switch at := fmt.Sprintf("%s[%d]", field, i); {
		case tag == "" || !utf8.ValidString(tag) || strings.ContainsFunc(tag, unicode.IsControl):
			return &InvalidError{Field: at, Code: CodeTag, Params: nil, Problem: "it is empty or has control characters", Remedy: "send its text alone"}
		case len(tag) > MaxTagBytes:
			return &InvalidError{Field: at, Code: CodeTooLarge, Params: Params{"most": fmt.Sprint(MaxTagBytes, " bytes")},
				Problem: fmt.Sprintf("it has %d bytes, and a tag has at most %d", len(tag), MaxTagBytes), Remedy: "shorten it"}
		}
	}
	return nil
}

// List returns the tags in order.
func (t Tags) List() []string {
	if t == "" {
		return []string{}
	}
	return strings.Split(string(t), "\n")
}

// Has reports whether tag is one of t.
func (t Tags) Has(tag string) bool { return slices.Contains(t.List(), tag) }

// With returns t with more tags, as many as fit, and how many are left out.
func (t Tags) With(more []string) (_ Tags, left int) {
	if len(more) == 0 {
		return t, 0
	}
	all := t.List()
	size := len(t)
	for _, tag := range more {
		tag = strings.TrimSpace(tag)
		switch {
		case tag == "" || len(tag) > MaxTagBytes || strings.Contains(tag, "\n"):
			left++
		case slices.Contains(all, tag):
		case len(all) == MaxTags || size+len(tag)+1 > maxTagsSize:
			left++
		default:
			all, size = append(all, tag), size+len(tag)+1
		}
	}
	slices.Sort(all)
	return Tags(strings.Join(all, "\n")), left
}
