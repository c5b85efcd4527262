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

// Site returns the site, or if there are no tables, one that says so whatever is asked.
func (c *Cloud) Site(t Tables, site http.Handler) http.Handler {
	err := t.Missing()
	if err == nil {
		return site
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Log.ErrorContext(r.Context(), "request not done", "cause", err)
		app.Refuse(w, r, err)
	})
}
