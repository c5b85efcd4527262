package support

import (
	"sync"
	"time"
)

// held keeps what was read for a while, so that a page that asks again costs
// nothing. Those who ask for the same at the same time wait for one of them.
type held[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]*heldValue[V]
}

type heldValue[V any] struct {
	mu    sync.Mutex
	value V
	at    time.Time // zero if nothing was read
}

// maxHeld is how many values are kept.
const maxHeld = 1000

// of returns what is held of a key if it is not older than maxAge, else what read
// returns.
func (h *held[K, V]) of(key K, now func() time.Time, maxAge time.Duration, read func() (V, error)) (V, error) {
	v := h.at(key)
	v.mu.Lock()
	defer v.mu.Unlock()
	if age := now().Sub(v.at); !v.at.IsZero() && age >= 0 && age < maxAge {
		return v.value, nil
	}
	value, err := read()
	if err == nil {
		v.value, v.at = value, now()
	}
	return value, err
}

func (h *held[K, V]) at(key K) *heldValue[V] {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.values[key]
	if v == nil {
		if h.values == nil || len(h.values) >= maxHeld {
			h.values = make(map[K]*heldValue[V])
		}
		v = &heldValue[V]{}
		h.values[key] = v
	}
	return v
}
