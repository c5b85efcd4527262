package desk_test

import (
	"testing"

	"deskmove/shared/desk"
)

func TestR02_PlanMustIncludeTheHelpDesk(t *testing.T) {
	for plan, want := range map[desk.Plan]string{
		desk.Free: "plan", desk.Starter: "plan", desk.Professional: "", desk.Enterprise: "", "": "plan", "gold": "plan",
	} {
		if got := code(desk.Account{Plan: plan}.MayUseDesk()); got != want {
			t.Errorf("MayUseDesk on %q = %q; want %q", plan, got, want)
		}
	}
}
