package desk

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"time"
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// CheckID returns an *InvalidError for field unless id is a valid ID of an
// account, agent, team, channel, pipeline, status or policy. IDs become parts
// of table keys, so they must not contain the separator '#'.
func CheckID(field, id string) error {
	if !idForm.MatchString(id) {
		return &InvalidError{Field: field, Code: CodeBadID, Params: Params{"value": Truncate(id, 80)}, Problem: fmt.Sprintf("%.80q is not a valid ID", id),
			Remedy: "use 1 to 64 letters, digits, '.', '_', '@' or '-', and start with a letter or digit"}
	}
	return nil
}

// IDText writes bytes as letters and digits that IDs may have, in order.
var IDText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ConversationID makes the ID of the conversation that m begins at now. It begins with the
// time: neighbours in time are neighbours in the tables, which makes moving them cheap.
func ConversationID(now time.Time, m Message) string {
	sum := sha256.Sum256([]byte(m.Account + "#" + m.Channel + "#" + m.External))
	return "c" + stamp(now) + IDText.EncodeToString(sum[:6])
}

// MessageID makes the ID of a message of its channel, external ID and date. It begins
// with when the message was written: a conversation's messages are kept in the order of their IDs.
func MessageID(channel, external string, at time.Time) string {
	sum := sha256.Sum256([]byte(channel + "#" + external))
	return stamp(at) + IDText.EncodeToString(sum[:10])
}

// stamp is a time as text that sorts by it; times before 1970 are 1970.
func stamp(t time.Time) string {
	ms := max(t.UnixMilli(), 0)
	return IDText.EncodeToString([]byte{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms)}) // #nosec G115 -- cuts the number into bytes
}
