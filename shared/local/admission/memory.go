package admission

import "sync"

// memory is what bodies and answers may take together, in bytes, and each caller
// of it. An account has half of it, whoever asks for it there, or one caller's share
// if that is more. It is only ever asked, not waited for: whoever waited for memory
// would hold some.
type memory struct {
	mu        sync.Mutex
	free      int64
	share     int64 // of a caller
	half      int64 // of an account
	byCaller  map[string]int64
	byAccount map[string]int64
}

func newMemory(all, share int64) *memory {
	return &memory{free: all, share: share, half: max(share, all/2), byCaller: make(map[string]int64), byAccount: make(map[string]int64)}
}

// take takes n bytes, and reports whether there were as many.
func (m *memory) take(w who, n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n > m.free || m.byCaller[w.key()]+n > m.share || w.account != "" && m.byAccount[w.account]+n > m.half {
		return false
	}
	m.add(w, n)
	return true
}

func (m *memory) give(w who, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(w, -n)
}

func (m *memory) add(w who, n int64) {
	m.free -= n
	for _, of := range []struct {
		taken map[string]int64
		key   string
	}{{m.byCaller, w.key()}, {m.byAccount, w.account}} {
		if of.taken[of.key] += n; of.taken[of.key] <= 0 {
			delete(of.taken, of.key)
		}
	}
}
