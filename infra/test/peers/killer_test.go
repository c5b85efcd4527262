package peers_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// killer kills processes of a stack's functions with SIGKILL, most of them
// while they work. Its dice decide which and when; what runs at that moment is
// the machine's affair.
type killer struct {
	url     string            // of the peer that runs the functions
	printed string            // the path of what it prints
	names   map[string]string // of functions, as the stack's logical IDs
	log     func(format string, args ...any)
	dice    *rand.Rand

	odds map[string]int // by function

	mu    sync.Mutex
	left  map[string]int // how often each may still be killed
	kills map[string]int // how often each was
	idle  int            // of those, processes that waited for work
}

// glance is how often the killer looks at what runs. In that time a process
// that waits for work dies with odds of one in idleOdds.
const (
	glance   = 10 * time.Millisecond
	idleOdds = 10_000
)

// mortal is how often a function is killed at most, and with odds of one in how
// many a process of it that works dies in a glance. Those that are called all
// the time die more often than steps, of which a move has few.
func mortal(function string) (most, odds int) {
	switch function {
	case "ConvertFunction", "RedirectFunction":
		return 20, 50
	case "ApiFunction":
		return 15, 150
	case "SweepFunction":
		return 2, 20
	}
	return 2, 12
}

// newKiller makes a killer of a deployment's functions, which a peer runs that
// prints to a file.
func newKiller(d *deployment, url, printed string, seed uint64, log func(string, ...any)) *killer {
	k := &killer{
		url: url, printed: printed, log: log, dice: rand.New(rand.NewPCG(seed, 2)),
		names: make(map[string]string), left: make(map[string]int), odds: make(map[string]int), kills: make(map[string]int),
	}
	for id, name := range d.resources {
		if function, ok := strings.CutSuffix(id, "Function"); ok && function != "Claims" { // nobody signs in meanwhile
			k.names[name] = id
			k.left[id], k.odds[id] = mortal(id)
		}
	}
	return k
}

// run kills until ctx is done.
func (k *killer) run(ctx context.Context) error {
	read := make(map[int]string) // what each process had read and written at the last glance
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		running, err := k.processes()
		if err != nil {
			return err
		}
		for _, pid := range slices.Sorted(maps.Keys(running)) {
			busy := atWork(pid)
			works := busy != read[pid] // a new process too: it starts
			read[pid] = busy
			odds := idleOdds
			if works {
				odds = k.odds[running[pid]]
			}
			if k.dice.IntN(odds) != 0 {
				continue
			}
			// Not always at the begin of its work.
			time.Sleep(time.Duration(k.dice.Int64N(int64(glance))))
			if err := k.kill(pid, running[pid], works); err != nil {
				return err
			}
		}
	}
}

// kill kills a process if it is still that of the function, and the function
// may be killed yet.
func (k *killer) kill(pid int, function string, works bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left[function] == 0 {
		return nil
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	// From here on the number cannot become another process's unnoticed: p is a
	// handle of this one, whichever it is.
	if k.function(pid) != function || p.Kill() != nil {
		return nil // it has ended by itself
	}
	k.left[function]--
	k.kills[function]++
	doing := "at work"
	if !works {
		k.idle++
		doing = "idle"
	}
	k.log("killed %s, %s", function, doing)
	return nil
}

// spare ends the killing of some functions.
func (k *killer) spare(functions ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range functions {
		k.left[f] = 0
	}
}

// processes are the functions that run, by process.
func (k *killer) processes() (map[int]string, error) {
	folders, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	running := make(map[int]string)
	for _, f := range folders {
		pid, err := strconv.Atoi(f.Name())
		if err != nil {
			continue
		}
		if function := k.function(pid); function != "" {
			running[pid] = function
		}
	}
	return running, nil
}

// function is the function that a process runs for the peer, or "". A process
// that is not ours to look at, or has ended, runs none.
func (k *killer) function(pid int) string {
	at := fmt.Sprintf("/proc/%d/", pid)
	if program, err := os.Readlink(at + "exe"); err != nil || filepath.Base(program) != "bootstrap" {
		return ""
	}
	environment, err := os.ReadFile(at + "environ")
	if err != nil {
		return ""
	}
	ours, function := false, ""
	for variable := range bytes.SplitSeq(environment, []byte{0}) {
		switch name, value, _ := strings.Cut(string(variable), "="); name {
		case "AWS_ENDPOINT_URL": // with a port that only this peer has
			ours = value == k.url
		case "AWS_LAMBDA_FUNCTION_NAME":
			function = k.names[value]
		}
	}
	if !ours {
		return ""
	}
	return function
}

// atWork changes while a process works: it is what it has read and written. A
// function that waits for work does neither.
func atWork(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// enough sees that the killer did what it is for.
func (k *killer) enough(t *testing.T) {
	t.Helper()
	said, enough, err := k.tally()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(said)
	if !enough {
		t.Error("that is too little to show anything")
	}
}

// tally counts kills, and what they cost.
func (k *killer) tally() (said string, enough bool, _ error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	died, err := k.died()
	if err != nil {
		return "", false, err
	}
	total, steps := 0, 0
	for _, f := range slices.Sorted(maps.Keys(k.kills)) {
		total += k.kills[f]
		said += fmt.Sprintf(" %s %d/%d", f, k.kills[f], died[f])
		switch f {
		case "ConvertFunction", "RedirectFunction", "ApiFunction", "SweepFunction":
		default:
			steps += died[f]
		}
	}
	said = fmt.Sprintf("%d kills, %d of them of idle processes; by function, and how many of its events that cost:%s", total, k.idle, said)
	return said, total >= 24 && died["ConvertFunction"] >= 3 && died["RedirectFunction"] >= 3 && steps >= 1, nil
}

// died counts the events whose function died, by what the peer says of them.
func (k *killer) died() (map[string]int, error) {
	b, err := os.ReadFile(k.printed)
	if err != nil {
		return nil, err
	}
	died := make(map[string]int)
	for _, m := range deaths.FindAllStringSubmatch(string(b), -1) {
		if function := k.names[m[1]+m[2]]; function != "" {
			died[function]++
		}
	}
	return died, nil
}

var deaths = regexp.MustCompile(`Lambda (\S+): Runtime exited before returning|execution error for (\S+): bootstrap exited during init`)
