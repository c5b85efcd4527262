package desk

// Plan is what an account has bought.
type Plan string

// The plans, in rising order. Help desk comes with the last two (R2).
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

// ParsePlan reads a plan; an unknown one is an *InvalidError about field.
func ParsePlan(field, s string) (Plan, error) {
	return parse(field, s, Free, Starter, Professional, Enterprise)
}

// Account is a customer of the support platform, the tenant.
type Account struct {
	ID   string
	Name string
	Plan Plan
	Zone string // IANA time zone of the account, such as "Europe/Berlin"; "" is UTC
}

// MayUseDesk reports why the account cannot use the help desk; nil if its
// plan includes it (R2).
func (a Account) MayUseDesk() error {
	if a.Plan.HasHelpDesk() {
		return nil
	}
	return &RefusedError{Code: CodePlan, Problem: "the account's plan does not include the help desk",
		Remedy: "change to the professional or enterprise plan"}
}
