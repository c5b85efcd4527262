package simulation

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// hash is a number that looks random and is the same for the same text.
func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, s := range parts {
		_, _ = h.Write([]byte(s)) // never fails
		_, _ = h.Write([]byte{0})
	}
	// FNV's high bits differ little between similar texts: mix them.
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// chance draws numbers that depend on the seed and on whose it is, not on
// what others have drawn.
type chance struct{ *rand.Rand }

func newChance(seed uint64, whose string) chance {
	return chance{rand.New(rand.NewPCG(seed, hash(whose)))}
}

// hit is true in so many of 1,000 cases.
func (c chance) hit(perMille int) bool { return c.IntN(1000) < perMille }

// span is a time between two.
func (c chance) span(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(c.Int64N(int64(most-least)))
}

// one draws one of a list.
func one[T any](c chance, list []T) T { return list[c.IntN(len(list))] }
