package store

import (
	"fmt"
	"testing"
)

// TestShardsAreEven for IDs that were counted up, as imports and benchmarks make
// them, and for those of ledger entries, in which the same number stands twice.
func TestShardsAreEven(t *testing.T) {
	const ids = 16_000
	for name, id := range map[string]func(int) string{
		"counted": func(i int) string { return fmt.Sprintf("c%013d", 1_795_424_400_000+i) },
		"entries": func(i int) string { n := 1_795_424_400_000 + 7000*i; return fmt.Sprintf("1.0-%013dc%013d", n, n) },
		"agents":  func(i int) string { return fmt.Sprint("agent", i) },
	} {
		for _, shards := range []int{ownerGroups, ListShards, counterShards} {
			counts := make([]int, shards)
			for i := range ids {
				counts[shardOf(id(i), shards)]++
			}
			for _, n := range counts {
				if mean := ids / shards; n > mean*3/2 || n < mean/2 {
					t.Errorf("%s: %v in %d shards", name, counts, shards)
					break
				}
			}
		}
	}
}
