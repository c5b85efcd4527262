package desk

import (
	"strconv"
	"strings"
	"time"
)

// LoggedEdit is what an agent did to a conversation or its ticket. What was not
// changed is nil.
type LoggedEdit struct {
	At     time.Time
	By     string // agent ID
	Made   bool   // the ticket was made
	Status *string
	Owner  *string // "" for nobody
	Tags   bool    // the tags were changed
}

// EditLog are the last edits of a conversation, at most maxLogged, kept with it so
// that each costs no further write. It is a text, so that conversations can be
// compared.
type EditLog string

// maxLogged is how many edits are kept with a conversation: its item stays within
// what one write pays for. Each takes about 30 bytes.
const maxLogged = 8

// add returns the log with one more edit.
func (l EditLog) add(e LoggedEdit) EditLog {
	var line strings.Builder
	line.WriteString(strconv.FormatInt(e.At.UnixMilli(), 36) + "|" + e.By + "|")
	if e.Made {
		line.WriteString("m")
	}
	if e.Tags {
		line.WriteString("t")
	}
	line.WriteString("|")
	if e.Status != nil {
		line.WriteString("=" + *e.Status)
	}
	line.WriteString("|")
	if e.Owner != nil {
		line.WriteString("=" + *e.Owner)
	}
	lines := append(l.lines(), line.String())
	return EditLog(strings.Join(lines[max(0, len(lines)-maxLogged):], "\n"))
}

func (l EditLog) lines() []string {
	if l == "" {
		return nil
	}
	return strings.Split(string(l), "\n")
}

// Edits returns the edits, the oldest first.
func (l EditLog) Edits() (es []LoggedEdit) {
	for _, line := range l.lines() {
		f := strings.Split(line, "|")
		if len(f) != 5 {
			continue
		}
		ms, err := strconv.ParseInt(f[0], 36, 64)
		if err != nil {
			continue
		}
		e := LoggedEdit{At: time.UnixMilli(ms).UTC(), By: f[1], Made: strings.Contains(f[2], "m"), Tags: strings.Contains(f[2], "t")}
		if status, ok := strings.CutPrefix(f[3], "="); ok {
			e.Status = &status
		}
		if owner, ok := strings.CutPrefix(f[4], "="); ok {
			e.Owner = &owner
		}
		es = append(es, e)
	}
	return es
}
