package desk

import "time"

// Plan is the subscription of an account.
type Plan string

// The plans, from smallest to largest. The last two include the help desk (R2).
const (
	Free         Plan = "free"
	Starter      Plan = "starter"
	Professional Plan = "professional"
	Enterprise   Plan = "enterprise"
)

// HasHelpDesk reports whether p includes the help desk (R2).
func (p Plan) HasHelpDesk() bool {
	return p == Professional || p == Enterprise
}

// ParsePlan returns the plan named s, or an *InvalidError for field.
func ParsePlan(field, s string) (Plan, error) {
	return parse(field, s, Free, Starter, Professional, Enterprise)
}

// Account is a tenant of the support platform.
type Account struct {
	ID   string
	Name string
	Plan Plan
	Zone string // IANA time zone of the account, such as "Europe/Berlin"; "" is UTC
}

// Location returns the account's time zone. An unknown one makes the setup invalid,
// and is UTC until that is corrected.
func (a Account) Location() *time.Location {
	var ignored problems
	return ignored.zone("zone", a.Zone)
}

// MayUseDesk returns a *RefusedError if the account's plan does not include
// the help desk (R2).
func (a Account) MayUseDesk() error {
	if a.Plan.HasHelpDesk() {
		return nil
	}
	return &RefusedError{Code: CodePlan, Problem: "the account's plan does not include the help desk",
		Remedy: "change to the professional or enterprise plan"}
}
