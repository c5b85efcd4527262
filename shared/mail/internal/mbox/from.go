package mbox

import (
	"bytes"
	"strings"
	"time"

	"deskmove/shared/mail/internal/date"
)

var prefix = []byte("From ")

// maxFrom is the maximum length of a "From " line in bytes; a longer one is text.
const maxFrom = 1000

// from is the content of a "From " line.
type from struct {
	sender  string
	arrival time.Time
}

// parseFrom reads "From sender Thu Aug  1 00:50:24 1996", with or without a
// zone. dated is false if it does not end in a date.
func parseFrom(line []byte) (f from, dated bool) {
	if len(line) > maxFrom {
		return from{}, false
	}
	rest := strings.TrimSpace(string(bytes.TrimPrefix(bytes.TrimPrefix(line, []byte("\ufeff")), prefix)))
	words := strings.Fields(rest)
	// A date has five to seven words: "Thu, 1 Aug 1996 00:50:24 +0200 (CEST)".
	for i := len(words) - 5; i >= max(0, len(words)-7); i-- {
		if !isDay(words[i]) {
			continue
		}
		t, _, err := date.Parse(strings.Join(words[i:], " "))
		if err == nil && strings.Contains(strings.Join(words[i:], " "), ":") {
			return from{sender: sender(words[:i]), arrival: t}, true
		}
	}
	return from{sender: sender(words)}, false
}

func sender(words []string) string {
	if len(words) == 0 || words[0] == "-" {
		return ""
	}
	return words[0]
}

func isDay(w string) bool {
	switch strings.TrimSuffix(w, ",") {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}
