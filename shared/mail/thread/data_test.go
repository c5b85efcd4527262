package thread_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/mail"
	"deskmove/shared/mail/mailtest"
	"deskmove/shared/mail/thread"
)

// readReal reads the headers of a file of real mail.
func readReal(t *testing.T, name string) []mail.Header {
	t.Helper()
	f, err := os.Open(mailtest.File(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []mail.Header
	for m, err := range mail.Read(name, f, now()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Header)
	}
	return all
}

// sizes counts the threads, those of one message, those of twenty or more, and
// the largest.
func sizes(threads []thread.Thread) [4]int {
	n := [4]int{len(threads)}
	for _, th := range threads {
		if len(th.Items) == 1 {
			n[1]++
		}
		if len(th.Items) >= 20 {
			n[2]++
		}
		n[3] = max(n[3], len(th.Items))
	}
	return n
}

// The figures are those of the data's README, which counts by ids alone. A
// mail there twice is a thread of one here, so traps has one more.
func TestRealFigures(t *testing.T) {
	for name, want := range map[string]struct {
		byIDs                 [4]int
		bySubject, duplicates int
	}{
		"dev-2012-2013.mbox.gz": {[4]int{1416, 513, 44, 144}, 1411, 0},
		"traps.mbox.gz":         {[4]int{49, 46, 1, 30}, 49, 1},
	} {
		t.Run(name, func(t *testing.T) {
			all := readReal(t, name)
			threads, duplicates := thread.Build(all, nil)
			checkThreads(t, all, threads, duplicates)
			if got := sizes(threads); got != want.byIDs || len(duplicates) != want.duplicates {
				t.Errorf("by ids: %v and %d duplicates, want %v and %d", got, len(duplicates), want.byIDs, want.duplicates)
			}
			threads, duplicates = thread.Build(all, own)
			checkThreads(t, all, threads, duplicates)
			if len(threads) != want.bySubject {
				t.Errorf("with subjects: %d, want %d", len(threads), want.bySubject)
			}
		})
	}
}

func TestRealOrderAndSplit(t *testing.T) {
	for _, name := range []string{"dev-2012-2013.mbox.gz", "traps.mbox.gz"} {
		t.Run(name, func(t *testing.T) {
			all := readReal(t, name)
			want, _ := thread.Build(all, own)
			other := shuffle(all)
			got, _ := thread.Build(other, own)
			if diff := cmp.Diff(facts(all, want), facts(other, got)); diff != "" {
				t.Errorf("threads depend on the order of the file (-file +shuffled):\n%s", diff)
			}
			checkSplit(t, all, func(i int) bool { return i < len(all)/2 })
			checkSplit(t, all, func(i int) bool { return i%2 == 0 })
		})
	}
}

func TestRealTraps(t *testing.T) {
	all := readReal(t, "traps.mbox.gz")
	threads, duplicates := thread.Build(all, own)
	if want := []thread.Duplicate{{Index: 6, Of: 5}}; !slices.Equal(duplicates, want) {
		t.Errorf("duplicates %v, want %v", duplicates, want)
	}
	find := func(number int) thread.Thread {
		for _, th := range threads {
			for _, item := range th.Items {
				if item.Index == number-1 {
					return th
				}
			}
		}
		t.Fatalf("mail %d is in no thread", number)
		return thread.Thread{}
	}
	// 68 is stored and dated before 69, which it answers.
	th := find(68)
	if len(th.Items) != 2 || th.Items[0].Index != 68 || th.Items[1].Index != 67 || th.Started != all[67].Date || th.Subject != all[68].Subject {
		t.Errorf("68 and 69 are %+v", th)
	}
	// 73 and 74 are two messages with one Message-ID.
	th = find(73)
	if len(th.Items) != 2 || th.Items[0].ExternalID == th.Items[1].ExternalID {
		t.Errorf("73 and 74 are %+v", th)
	}
	// 47 hangs on the long thread of 2007 by a grandparent; 50's parent is absent.
	long := find(24)
	if len(long.Items) != 30 || find(47).Root != long.Root || find(50).Root != long.Root || long.Started.Format(time.DateOnly) != "2007-02-18" {
		t.Errorf("the long thread has %d messages", len(long.Items))
	}
}
