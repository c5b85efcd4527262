package gateway

import "testing"

// TestLanesOf: the lanes have together what the setting says, and with the least of it a
// message of the largest size comes in.
func TestLanesOf(t *testing.T) {
	for _, memory := range []int64{LeastMemory, DefaultMemory, 1 << 30} {
		l := LanesOf(memory)
		if sum := l.Desk.Memory + l.Intake.Memory + l.Public.Memory + l.Files.Memory; sum > memory || sum < memory-4 {
			t.Errorf("of %d the lanes have %d", memory, sum)
		}
		if l.Intake.Share < l.Intake.Body || l.Desk.Share < l.Desk.Body || int64(l.Files.AtWork)*l.Files.Buffer > l.Files.Memory {
			t.Errorf("with %d: %+v", memory, l)
		}
	}
}
