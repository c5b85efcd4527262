package simulation

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// hash returns a pseudo-random number that depends on parts only.
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

// random draws numbers that depend on the seed and on the name it was made for,
// not on what other randoms have drawn.
type random struct{ *rand.Rand }

func newRandom(seed uint64, name string) random {
	return random{rand.New(rand.NewPCG(seed, hash(name)))}
}

// perMille returns true in n of 1,000 cases.
func (c random) perMille(n int) bool { return c.IntN(1000) < n }

// between returns a duration from least to most.
func (c random) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(c.Int64N(int64(most-least)))
}

// pick draws an element of list.
func pick[T any](c random, list []T) T { return list[c.IntN(len(list))] }
