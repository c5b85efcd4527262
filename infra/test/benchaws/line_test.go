package main

import (
	"math"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	need := func(n int) counted { // 100 units whatever the size, and 2 for each conversation
		return counted{
			conversations: n, writes: 100 + 2*float64(n), reads: 50, sqsRequests: int64(10 + n/10), transitions: 20,
			cpu: time.Duration(n) * time.Millisecond, units: map[string]float64{"conversations UpdateItem": float64(n)},
		}
	}
	got, want := line(need(1000), need(50_000)).at(1_000_000), need(1_000_000)
	if math.Abs(got.writes-want.writes) > 1 || got.reads != want.reads || got.sqsRequests != want.sqsRequests ||
		got.transitions != want.transitions || got.cpu.Round(time.Second) != want.cpu || math.Abs(got.units["conversations UpdateItem"]-1e6) > 1 {
		t.Errorf("at a million: %+v, want %+v", got, want)
	}
}

func TestBill(t *testing.T) {
	b := counted{
		conversations: 1000, writes: 2000, indexWrites: 1000, reads: 1500, sqsRequests: 10, transitions: 1, invocations: 5, cpu: time.Second,
	}.bill()
	want := 2*0.625 + 1.5*0.125 + 0.01*0.40 + 25e-6 + 0.005*0.20 + 0.001*1.769*13.3333334
	if math.Abs(b.Total-want) > 1e-6 || math.Abs(b.Index-0.625) > 1e-6 {
		t.Errorf("bill = %+v, want %v in all", b, want)
	}
}

func TestBillOfWrites(t *testing.T) {
	if b := (counted{conversations: 1_000_000, writes: 2e6}).bill(); math.Abs(b.Total-1.25) > 1e-9 {
		t.Errorf("two units each are $%v a million, want $1.25", b.Total)
	}
}
