package demo

import (
	"testing"
	"time"
)

// TestAStoryAtEachHour: a sample of 120 has one, whenever the demo runs.
func TestAStoryAtEachHour(t *testing.T) {
	_, setup, err := Account("demo")
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for hour := range 120 {
		now := time.Date(2026, 11, 30, hour, 0, 0, 0, time.UTC)
		threads, hero, err := sampleWithStory(120, 7, setup, now)
		if err != nil || threads[hero].Owner != without {
			t.Errorf("at %s: %v", now, err)
		}
		if threads, err = Sample(120, 7, setup, now); err != nil {
			t.Fatal(err)
		}
		if _, err := cast(threads); err != nil {
			others++
		}
	}
	if others == 0 {
		t.Error("the seed alone has one at each hour: this test tests nothing")
	}
}
