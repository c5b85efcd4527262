package store

import "sync"

// How much a SetupCache keeps.
const (
	maxCached      = 1000    // generations
	maxCachedBytes = 8 << 20 // of them as they are kept
)

// SetupCache keeps generations of accounts' setups in memory. They never change, so
// that it never holds what is out of date: which of them counts is read each time. It
// is safe for concurrent use.
type SetupCache struct {
	mu    sync.Mutex
	of    map[[2]string]*generation // by account and version
	bytes int
}

func (c *SetupCache) get(account, version string) *generation {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[[2]string{account, version}]
}

// put keeps a generation. Others go, whichever they are, until there is room.
func (c *SetupCache) put(account string, g *generation) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{account, g.setup.Version}
	if c.of == nil {
		c.of = make(map[[2]string]*generation)
	}
	if c.of[key] != nil {
		return
	}
	for other, old := range c.of {
		if len(c.of) < maxCached && c.bytes+len(g.text) <= maxCachedBytes {
			break
		}
		delete(c.of, other)
		c.bytes -= len(old.text)
	}
	c.of[key] = g
	c.bytes += len(g.text)
}
