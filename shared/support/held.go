package support

import (
	"sync"
	"sync/atomic"
	"time"
)

// held keeps what was read for a while, so that a page that asks again costs
// nothing. One reader reads a value anew; who asks meanwhile gets what was there
// before, and waits only if that is nothing or too old.
type held[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]*heldValue[V]
}

type heldValue[V any] struct {
	reading sync.Mutex
	last    atomic.Pointer[reading[V]]
}

type reading[V any] struct {
	value          V
	at, due, until time.Time // when it was read, is to be read anew, and is too old
}

// of returns what is held of a key if it is not older than maxAge, else what read
// returns. What takes long to read may be up to five times as old, so that reading
// takes a tenth of the time at most. At most most values are kept.
func (h *held[K, V]) of(key K, most int, now func() time.Time, maxAge time.Duration, read func() (V, error)) (V, error) {
	v := h.at(key, most)
	if r, ok := v.get(now(), false); ok {
		return r, nil
	}
	if !v.reading.TryLock() {
		if r, ok := v.get(now(), true); ok {
			return r, nil
		}
		v.reading.Lock()
	}
	defer v.reading.Unlock()
	if r, ok := v.get(now(), false); ok { // another has read it meanwhile
		return r, nil
	}
	began := now()
	value, err := read()
	if err == nil {
		at := now()
		due := at.Add(min(max(maxAge, 9*at.Sub(began)), 5*maxAge))
		v.last.Store(&reading[V]{value, at, due, due.Add(5 * maxAge)})
	}
	return value, err
}

func (v *heldValue[V]) get(now time.Time, whileReading bool) (value V, ok bool) {
	r := v.last.Load()
	if r == nil {
		return value, false
	}
	until := r.due
	if whileReading {
		until = r.until
	}
	return r.value, !now.Before(r.at) && now.Before(until)
}

func (h *held[K, V]) at(key K, most int) *heldValue[V] {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.values[key]
	if v == nil {
		if h.values == nil || len(h.values) >= most {
			h.values = make(map[K]*heldValue[V])
		}
		v = &heldValue[V]{}
		h.values[key] = v
	}
	return v
}
