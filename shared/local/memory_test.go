package local_test

import (
	"math"
	"net"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local"
)

// TestConnectionsMakeRoom for what they keep, while they are open: below a fixed limit a
// process with many of them would do little but collect garbage.
func TestConnectionsMakeRoom(t *testing.T) {
	before := debug.SetGCPercent(100)
	debug.SetGCPercent(before)
	limit := debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(before)
		debug.SetMemoryLimit(limit)
	})
	st, _ := served(t, t.TempDir(), 0)
	host := strings.TrimPrefix(st.Gateway.URL(), "http://")
	open := func(n int) (all []net.Conn) {
		t.Helper()
		for range n {
			c, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		return all
	}
	closeAll := func(all []net.Conn) {
		for _, c := range all {
			_ = c.Close()
		}
	}
	reaches := func(says string, is func(int64) bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(debug.SetMemoryLimit(-1)); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the limit is %d", says, debug.SetMemoryLimit(-1))
			}
		}
	}
	debug.SetMemoryLimit(math.MaxInt64)
	closeAll(open(100))
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		t.Error("a process without a limit has one now")
	}

	local.LimitMemory()
	base := debug.SetMemoryLimit(-1)
	all := open(500)
	reaches("500 are open", func(is int64) bool { return is >= base+400*16<<10 && is <= base+500*64<<10 })
	closeAll(all)
	reaches("they are closed", func(is int64) bool { return is < base+128*64<<10 })
}
