package desk

import (
	"fmt"
	"regexp"
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
