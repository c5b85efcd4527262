package thread_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/mail"
	"deskmove/shared/mail/thread"
)

// mails draws mails with few ids, so that they collide, answer one another
// and what is not there.
func mails(t *rapid.T) []string {
	id := rapid.SampledFrom(strings.Fields("a b c d e f g h i j k"))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		name := id.Draw(t, "id")
		if rapid.IntRange(0, 9).Draw(t, "without id") == 0 {
			name = ""
		}
		refs := rapid.SliceOfN(id, 0, 3).Draw(t, "refs")
		date := rapid.SampledFrom([]string{"", "Jan 2020", "Feb 2020", "Mar 2020", "Dec 2021"}).Draw(t, "date")
		from := rapid.SampledFrom([]string{"ann@x", "bob@x", "agent@desk.example > ann@x"}).Draw(t, "from")
		subject := rapid.SampledFrom([]string{"printer smokes", "Re: printer smokes", "other thing"}).Draw(t, "subject")
		text := rapid.SampledFrom([]string{"hi", "you"}).Draw(t, "text")
		return fmt.Sprintf("%s<%s|%s|%s|%s|%s", name, strings.Join(refs, ","), date, from, subject, text)
	}), 1, 25).Draw(t, "mails")
}

// facts are the threads without what depends on where the messages stood.
func facts(all []mail.Header, threads []thread.Thread) []thread.Thread {
	out := slices.Clone(threads)
	for n := range out {
		out[n].Items = slices.Clone(out[n].Items)
		for i := range out[n].Items {
			out[n].Items[i].Index = 0
		}
	}
	return out
}

// TestOrderOfFileDoesNotMatter: the same mails in another order, or imported
// again, give the same threads, external IDs and orders.
func TestOrderOfFileDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := mails(t)
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		all, again := headers(t, mbox(list...)), headers(t, mbox(shuffled...))
		a, _ := thread.Build(all, own)
		b, _ := thread.Build(again, own)
		if diff := cmp.Diff(facts(all, a), facts(again, b)); diff != "" {
			t.Fatalf("threads differ (-as drawn +shuffled):\n%s", diff)
		}
	})
}

// TestNothingIsLost: every message is in just one thread or a duplicate, every
// external ID is unique, every alias belongs to one thread, parents come first.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := headers(t, mbox(mails(t)...))
		threads, duplicates := thread.Build(all, own)
		checkThreads(t, all, threads, duplicates)
	})
}

func checkThreads(t tester, all []mail.Header, threads []thread.Thread, duplicates []thread.Duplicate) {
	place := make([]int, len(all))
	external, alias, root := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, th := range threads {
		if root[th.Root] {
			t.Errorf("root %s twice", th.Root)
		}
		root[th.Root] = true
		for _, a := range th.Aliases {
			if alias[a] {
				t.Errorf("alias %s in two threads", a)
			}
			alias[a] = true
		}
		before := make(map[string]bool)
		for _, item := range th.Items {
			place[item.Index]++
			if external[item.ExternalID] || !slices.Contains(th.Aliases, item.ExternalID) {
				t.Errorf("external ID %s twice, or no alias", item.ExternalID)
			}
			external[item.ExternalID] = true
			if item.Parent != "" && !before[item.Parent] {
				t.Errorf("%s comes before its parent %s", item.ExternalID, item.Parent)
			}
			before[item.ExternalID] = true
			if d := all[item.Index].Date; !d.IsZero() && (th.Started.IsZero() || d.Before(th.Started)) {
				t.Errorf("thread %s started after its message %s", th.Root, item.ExternalID)
			}
		}
	}
	for _, d := range duplicates {
		place[d.Index]++
		if all[d.Index].Content != all[d.Of].Content || all[d.Index].ExternalID() != all[d.Of].ExternalID() {
			t.Errorf("message %d is no copy of %d", d.Index, d.Of)
		}
	}
	for i, n := range place {
		if n != 1 {
			t.Errorf("message %d is in %d places", i, n)
		}
	}
}

// TestSplitFile: a file imported in two parts, in either order, ends in the
// same conversations as the whole, if the importer joins threads by aliases.
// Replies tied by their subject alone need their thread in the same import.
func TestSplitFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := mails(t)
		all := headers(t, mbox(list...))
		first := rapid.SliceOfN(rapid.Bool(), len(list), len(list)).Draw(t, "in the first part")
		checkSplit(t, all, func(i int) bool { return first[i] })
	})
}

func checkSplit(t tester, all []mail.Header, first func(i int) bool) {
	var one, two []mail.Header
	for i, h := range all {
		if first(i) {
			one = append(one, h)
		} else {
			two = append(two, h)
		}
	}
	whole := conversations(all)
	if diff := cmp.Diff(whole, conversations(one, two)); diff != "" {
		t.Errorf("conversations differ (-whole +in parts):\n%s", diff)
	}
	if diff := cmp.Diff(whole, conversations(two, one)); diff != "" {
		t.Errorf("conversations differ (-whole +in parts, second first):\n%s", diff)
	}
}

// conversations is what a server has after these imports: sets of messages. It
// joins what shares an alias, and knows a message by external ID and content.
func conversations(imports ...[]mail.Header) []string {
	type conversation struct{ aliases, messages map[string]bool }
	of := make(map[string]*conversation) // by alias
	for _, headers := range imports {
		threads, _ := thread.Build(headers, nil)
		for _, th := range threads {
			c := &conversation{aliases: make(map[string]bool), messages: make(map[string]bool)}
			for _, a := range th.Aliases {
				c.aliases[a] = true
				if known := of[a]; known != nil && known != c {
					maps.Copy(c.aliases, known.aliases)
					maps.Copy(c.messages, known.messages)
				}
			}
			for a := range c.aliases {
				of[a] = c
			}
			for _, item := range th.Items {
				c.messages[headers[item.Index].TwinID()] = true
			}
		}
	}
	var out []string
	seen := make(map[*conversation]bool)
	for _, c := range of {
		if !seen[c] {
			seen[c] = true
			out = append(out, strings.Join(slices.Sorted(maps.Keys(c.messages)), " "))
		}
	}
	slices.Sort(out)
	return out
}

// shuffle is a fixed permutation of all.
func shuffle(all []mail.Header) []mail.Header {
	out := slices.Clone(all)
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
