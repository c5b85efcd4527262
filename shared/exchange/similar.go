package exchange

import (
	"strings"

	"deskmove/shared/api"
)

// Similar returns the IDs of agents who may be one of a file: of the same name, or with it in
// their ID or address.
func Similar(a api.Agent, among []api.Agent) (ids []string) {
	words := func(s string) map[string]bool {
		of := make(map[string]bool)
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return strings.ContainsRune(" .,_-@+", c) }) {
			if len(w) > 1 {
				of[w] = true
			}
		}
		return of
	}
	local := func(email string) string {
		name, _, _ := strings.Cut(email, "@")
		return name
	}
	wanted := words(a.Name + " " + local(a.Email))
	for _, h := range among {
		for w := range words(h.Name + " " + local(h.Email) + " " + h.ID) {
			if wanted[w] {
				ids = append(ids, h.ID)
				break
			}
		}
	}
	return ids
}
