// Package faults makes the local engine as unkind as AWS may be, on demand:
// messages come twice, late, out of order; answers get lost; functions crash
// or wake up after their time; shards stall.
//
// Whether a fault strikes depends on the seed and on what it would strike
// (which message, which attempt), not on the order in which goroutines ask.
package faults

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"strconv"
	"sync"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The kinds of faults.
const (
	Duplicate Kind = "duplicate" // a sent message is delivered twice
	Delay     Kind = "delay"     // a sent message is invisible for a while
	Reorder   Kind = "reorder"   // the newest messages are received first
	Expire    Kind = "expire"    // a received message is visible again too early
	DropAck   Kind = "drop-ack"  // a deleted message comes back

	Throttle    Kind = "throttle"     // a function is not run: too many requests
	Service     Kind = "service"      // a function is not run: Lambda fails
	Lost        Kind = "lost"         // a function has run, but Lambda's client gets no answer
	CrashBefore Kind = "crash-before" // a function is not run: its process died
	CrashAfter  Kind = "crash-after"  // a function has run, but its process died then
	TimeOut     Kind = "time-out"     // a function's time is up early
	Zombie      Kind = "zombie"       // a function has timed out, yet runs later

	Replay Kind = "replay" // a batch of a stream is delivered again after its success
	Stall  Kind = "stall"  // a shard is not read for a while

	StartLost Kind = "start-lost" // an execution has started, but the caller gets an error
	Overlap   Kind = "overlap"    // a schedule fires twice at the same time
)

// Faults says which faults strike, and how often. Nil is none. It must not
// change once in use.
type Faults struct {
	Seed uint64
	// Rate is the share, from 0 to 1, of the occasions at which a kind
	// strikes.
	Rate map[Kind]float64
	// Longest bounds what a fault takes: a delay, a stall, a zombie's sleep.
	// Zero is a minute.
	Longest time.Duration
	// Script decides instead of Rate and Seed if it is not nil. Key names
	// what would be struck, n counts the attempts at it from 1.
	Script func(k Kind, key string, n int) bool

	mu     sync.Mutex
	struck map[Kind]int
}

// Strike reports whether a fault strikes attempt n at key, and counts it.
func (f *Faults) Strike(k Kind, key string, n int) bool {
	if f == nil {
		return false
	}
	hit := false
	if f.Script != nil {
		hit = f.Script(k, key, n)
	} else {
		hit = f.share("strike", k, key, n) < f.Rate[k]
	}
	if hit {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.struck == nil {
			f.struck = map[Kind]int{}
		}
		f.struck[k]++
	}
	return hit
}

// Span is how long a fault that struck takes: from a millisecond to Longest.
func (f *Faults) Span(k Kind, key string, n int) time.Duration {
	longest := f.Longest
	if longest == 0 {
		longest = time.Minute
	}
	return max(time.Millisecond, time.Duration(f.share("span", k, key, n)*float64(longest)))
}

// Struck is how often each kind has struck.
func (f *Faults) Struck() map[Kind]int {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.struck)
}

// share is a number in [0,1) that looks random.
func (f *Faults) share(use string, k Kind, key string, n int) float64 {
	b := binary.LittleEndian.AppendUint64(nil, f.Seed)
	for _, s := range []string{use, string(k), key, strconv.Itoa(n)} {
		b = append(append(b, s...), 0)
	}
	h := fnv.New64a()
	_, _ = h.Write(b) // never fails
	// FNV's high bits differ little between similar inputs: mix them.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / math.Exp2(53)
}
