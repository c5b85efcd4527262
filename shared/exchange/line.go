package exchange

import (
	"cmp"
	"reflect"
	"strings"

	"deskmove/shared/api"
)

// Version is the version of the format that this package writes and reads.
const Version = 1

const format = "deskmove"

// MaxLine is the most bytes of a line. A message is taken in with at most 10 MB, and
// is no more than three times as long here.
const MaxLine = 32 << 20

// Header is the first line.
type Header struct {
	Format  string `json:"format" enum:"deskmove" doc:"Always deskmove."`
	Version int    `json:"version" minimum:"1" maximum:"1" example:"1" doc:"Of the format: 1. A program that does not know it reads nothing."`
	Account string `json:"account" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"acme" doc:"Whose all this is, or for whom it was written."`
}

// Line is a line after the first. One of its fields is set.
type Line struct {
	Agent        *api.AgentFacts        `json:"agent,omitempty"`
	Team         *api.Team              `json:"team,omitempty"`
	Pipeline     *api.PipelineFacts     `json:"pipeline,omitempty"`
	Channel      *api.ChannelFacts      `json:"channel,omitempty"`
	Policy       *api.PolicyFacts       `json:"policy,omitempty"`
	Tag          *Tag                   `json:"tag,omitempty"`
	File         *File                  `json:"file,omitempty"`
	Conversation *api.ConversationFacts `json:"conversation,omitempty"`
	Message      *api.MessageFacts      `json:"message,omitempty"`
	End          *End                   `json:"end,omitempty"`
}

// Tag is a label that conversations have.
type Tag struct {
	ID string `json:"id" minLength:"1" maxLength:"40" example:"invoice" doc:"Its text."`
}

// File is a file that messages name. Its bytes are in the folder beside the lines.
type File struct {
	SHA256 string `json:"sha256" pattern:"^[0-9a-f]{64}$" patternDescription:"a SHA-256 in hexadecimal digits" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"Of its bytes, in hexadecimal digits."`
	Size   int64  `json:"size" minimum:"0" maximum:"41943040" example:"48213" doc:"In bytes."`
}

// End is the last line: without it the file is not whole.
type End struct {
	Lines int64 `json:"lines" minimum:"0" example:"3" doc:"How many lines there are between the first and this."`
}

// kinds are the fields of a line by their names in JSON.
var kinds = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Line]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// Kinds returns the kinds of lines in the order in which they stand.
func Kinds() []string { return append([]string(nil), kinds...) }

// key says where a line stands. The zero key is of the first.
type key struct {
	rank   int // of its kind, from 1
	id, of string
}

func (k key) compare(with key) int {
	return cmp.Or(cmp.Compare(k.rank, with.rank), cmp.Compare(k.of, with.of), cmp.Compare(k.id, with.id))
}

// kind returns the name of the line's kind.
func (k key) kind() string { return kinds[k.rank-1] }

func (l Line) key() key {
	switch {
	case l.Agent != nil:
		return key{1, l.Agent.ID, ""}
	case l.Team != nil:
		return key{2, l.Team.ID, ""}
	case l.Pipeline != nil:
		return key{3, l.Pipeline.ID, ""}
	case l.Channel != nil:
		return key{4, l.Channel.ID, ""}
	case l.Policy != nil:
		return key{5, l.Policy.ID, ""}
	case l.Tag != nil:
		return key{6, l.Tag.ID, ""}
	case l.File != nil:
		return key{7, l.File.SHA256, ""}
	case l.Conversation != nil:
		return key{8, l.Conversation.ID, ""}
	case l.Message != nil:
		return key{9, l.Message.ID, l.Message.ConversationID}
	}
	return key{10, "", ""}
}

// Compare orders lines as they stand in a file. Two that it takes for equal are of the
// same thing.
func Compare(a, b Line) int { return a.key().compare(b.key()) }
