package desk_test

import (
	"testing"
	"time"

	"deskmove/shared/desk"
)

func BenchmarkLand(b *testing.B) {
	closed, answered := old(), old()
	closed.Status = desk.Closed
	answered.FirstReplyAt = answered.Started.Add(time.Hour)
	for name, c := range map[string]desk.Conversation{"history": old(), "answered": answered, "closed": closed, "live": fresh()} {
		b.Run(name, func(b *testing.B) {
			m := allOf("mail")
			m.Choices.SLA = desk.Original
			r := rules(b, acme(), m)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Land(c, fence); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFollow(b *testing.B) {
	r := rules(b, acme(), allOf("mail"))
	c := receive(b, acme(), land(b, r, old(), fence), desk.ByCustomer, fence.Add(time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		r.Follow(c)
	}
}

func BenchmarkNewRules(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rules(b, acme(), allOf("mail"))
	}
}

// BenchmarkScheduleAdd reads the schedule each time, as Add does; tickets
// read it once.
func BenchmarkScheduleAdd(b *testing.B) {
	s := acme().Policies[0].Schedule
	for name, d := range map[string]time.Duration{"4h": 4 * time.Hour, "40h": 40 * time.Hour, "2000h": 2000 * time.Hour} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Add(fence, d, "Europe/Berlin"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkChecksum(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		desk.Checksum("20250604083000-0123456789abcdef", fence, "solved", "bo")
	}
}
