package demo

import (
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/cli/traffic"
	"deskmove/shared/cli/verify"
)

// TestKept checks that each kind of violation is one.
func TestKept(t *testing.T) {
	good := Outcome{Verify: verify.Result{OK: true}, Report: api.Report{Checksum: api.Checksum{Equal: true}}}
	if !good.kept() {
		t.Error("nothing is wrong, but it is not kept")
	}
	for what, spoil := range map[string]func(*Outcome){
		"verify":   func(o *Outcome) { o.Verify.OK = false },
		"traffic":  func(o *Outcome) { o.Check.Violations = []traffic.Violation{{}} },
		"checksum": func(o *Outcome) { o.Report.Checksum.Equal = false },
		"failures": func(o *Outcome) { o.Report.Failed = 1 },
	} {
		bad := good
		spoil(&bad)
		if bad.kept() {
			t.Errorf("%s: kept", what)
		}
	}
}
