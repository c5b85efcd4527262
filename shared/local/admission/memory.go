package admission

import "sync"

// memory is what bodies and answers may take together, in bytes, and each caller
// of it. It is only ever asked, not waited for: whoever waited for memory would hold
// some.
type memory struct {
	mu    sync.Mutex
	free  int64
	share int64
	taken map[string]int64 // by caller
}

func newMemory(all, share int64) *memory {
	return &memory{free: all, share: share, taken: make(map[string]int64)}
}

// take takes n bytes, and reports whether there were as many.
func (m *memory) take(caller string, n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n > m.free || m.taken[caller]+n > m.share {
		return false
	}
	if n > 0 {
		m.free -= n
		m.taken[caller] += n
	}
	return true
}

func (m *memory) give(caller string, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.free += n
	if m.taken[caller] -= n; m.taken[caller] <= 0 {
		delete(m.taken, caller)
	}
}
