package desk

import (
	"fmt"
	"regexp"
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// CheckID reports whether id may name an account, agent, team, channel,
// pipeline, status or policy: 1 to 64 letters, digits, dots, underscores, at
// signs and hyphens, the first one a letter or digit. IDs become parts of
// table keys, whose separator is '#'.
func CheckID(field, id string) error {
	if !idForm.MatchString(id) {
		return &InvalidError{Field: field, Problem: fmt.Sprintf("%.80q is not an ID", id),
			Remedy: "use 1 to 64 letters, digits, '.', '_', '@' or '-', and start with a letter or digit"}
	}
	return nil
}
