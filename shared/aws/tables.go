package aws

import (
	"net/http"

	"deskmove/shared/app"
	"deskmove/shared/store"
)

// Missing returns a *store.TablesError if tables have the names by which template.yaml
// knows them. CloudFormation puts names of its own in their place; SAM local, which makes
// no tables, does not.
func (t Tables) Missing() error {
	var variables []string
	if t.Conversations == "ConversationsTable" {
		variables = append(variables, "CONVERSATIONS_TABLE")
	}
	if t.Control == "ControlTable" {
		variables = append(variables, "CONTROL_TABLE")
	}
	if variables == nil {
		return nil
	}
	return &store.TablesError{Variables: variables}
}

// Refuse returns a site that answers whatever is asked with an error, and logs it.
func (c *Cloud) Refuse(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Log.ErrorContext(r.Context(), "request not done", "cause", err)
		app.Refuse(w, r, err)
	})
}
