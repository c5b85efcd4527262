package drills_test

import (
	"container/heap"
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/aws"
	"deskmove/shared/local/asl"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// cloud is a model of AWS on which a channel of 100 million conversations moves. The app
// is the real one, on an engine in memory: it lists, looks, compares, finishes, sweeps and
// measures. Each conversation there stands for many, also in what the app itself says of
// its progress. What the model reckons is how long everything takes, and what queue,
// stream, table and functions measure.
type cloud struct {
	*apptest.Rig

	t       *testing.T
	record  *metrics.Recorder
	alarms  map[string]alarm
	seen    map[string]bool // alarms that have been on; nil before the start
	chance  *rand.Rand
	begun   time.Time
	unit    int     // conversations that one in the engine stands for
	landed  float64 // conversations that a converter lands a second
	servers servers

	ready    []*message // that nobody has received yet
	returned messages   // that are received again
	inFlight map[*message]bool
	dead     []*message
	undone   []*message // by when they were sent; those that are done are dropped from the front

	capacity float64 // write units a second of the table
	grown    time.Time
	tokens   float64
	refilled time.Time
	behind   float64    // live changes that wait
	failed   []*message // changes that the stream gave up, and those that nobody tries any more
	givenUp  []*message

	fault fault
	ended time.Time
	most  int     // times that a message was received
	stuck float64 // the longest, in seconds
}

// fault is what is wrong.
type fault struct {
	noConverters, batchesFail, changesFail, slowChanges, executionsFail, noSweeper, apiPanics, apiBusy, noConcurrency, nobodySignsIn bool

	customers float64 // changes a second, beside those that there are always
}

// What AWS and the program can do. A table on demand begins with 4,000 write units a second,
// and bears twice as many after each half hour; 40,000 is its quota. Queue and converters
// are those of the template. The other figures are on the safe side of what was measured.
const (
	hundredMillion    = 100_000_000
	listedPerSecond   = 50_000
	listedAStep       = 60_000
	comparedPerSecond = 2000 // by a converter
	unitsOfALanding   = 1.03 // of the table; the indexes have their own
	coldUnits         = 4000
	quotaUnits        = 40_000
	visibility        = 180 * time.Second
	receives          = 10
	standsBack        = 5 * time.Second
	liveChanges       = 50   // a second
	redirects         = 2000 // a second
)

// message is a batch in the queue.
type message struct {
	of       *sent
	at       time.Time // when it was sent
	left     float64   // conversations
	received int
	visible  time.Time
	done     bool // or dead
}

// sent is a batch of the app, which stands for as many messages as it takes.
type sent struct {
	batch move.Batch
	left  int // messages
}

type messages []*message

func (m messages) Len() int           { return len(m) }
func (m messages) Less(i, j int) bool { return m[i].visible.Before(m[j].visible) }
func (m messages) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *messages) Push(x any)        { *m = append(*m, x.(*message)) }
func (m *messages) Pop() any {
	last := len(*m) - 1
	x := (*m)[last]
	*m = (*m)[:last]
	return x
}

// servers are the converters, by when each is free.
type servers []time.Time

// templateSays returns a figure of the template.
func templateSays(t *testing.T, pattern string) float64 {
	t.Helper()
	text, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(pattern).FindSubmatch(text)
	if found == nil {
		t.Fatalf("the template does not say %s", pattern)
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(string(found[1]), ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// shortPages is an engine of which a page of a channel's listing stands for no more than it
// has on AWS.
type shortPages struct{ store.Engine }

func (e shortPages) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if q.Index == store.ByChannel {
		q.Limit = 1
	}
	return e.Engine.Query(ctx, q)
}

// newCloud starts a move of 100 million, by so many stand-ins, to a table that bears so many
// write units.
func newCloud(t *testing.T, standIns int, units float64, undated bool) *cloud {
	c := &cloud{
		Rig: apptest.New(t), t: t, record: &metrics.Recorder{}, alarms: alarms(t), chance: rand.New(rand.NewPCG(1, 2)),
		unit: hundredMillion / standIns, inFlight: map[*message]bool{}, capacity: units,
		landed: templateSays(t, `One lands about ([0-9,]+) conversations a second`),
	}
	c.servers = make(servers, int(templateSays(t, `(?s)\n  ConvertConcurrency:.*?\n    Default: ([0-9]+)`)))
	now := func() time.Time { return c.Time }
	c.Platform.Batch, c.Platform.PerStep, c.Platform.Engine = 1, listedAStep/c.unit+1, shortPages{c.Platform.Engine}
	c.Platform.Metrics = &metrics.Writer{Record: c.record, Namespace: "deskmove", Now: now}
	c.App = app.New(c.Platform)
	c.Import("mail", standIns)
	if undated {
		c.Undated("mail")
	}
	c.Time = c.Time.Add(time.Hour).Truncate(time.Minute)
	c.begun, c.grown, c.refilled = c.Time, c.Time, c.Time
	for i := range c.servers {
		c.servers[i] = c.Time
	}
	c.tick(10 * time.Minute)
	c.begun, c.seen = c.Time, map[string]bool{}
	c.StartMove(apptest.History("mail"))
	c.measure("AWS/States ExecutionsStarted MoveMachine", 1)
	return c
}

// run takes the move further for so long, or to its end.
func (c *cloud) run(most time.Duration) {
	for end := c.Time.Add(most); c.Time.Before(end) && c.ended.IsZero(); {
		last := c.LastRun()
		name := last.Name()
		e := c.Executions[name]
		if c.fault.executionsFail || e.Ended() {
			if !e.Ended() {
				e.Status, e.State = asl.Failed, "Broken"
				c.Executions[name] = e
				c.measure("AWS/States ExecutionsFailed MoveMachine", 1)
			}
			c.tick(time.Second)
			continue
		}
		if e.WakeAt.After(c.Time) {
			c.tick(min(e.WakeAt.Sub(c.Time), end.Sub(c.Time)))
			continue
		}
		took := 200 * time.Millisecond // of a step
		listed := 0
		c.OnTask = func(state string, _ move.Run) { listed = len(c.Sent) }
		c.Executions[name] = c.Advance(e)
		for _, b := range c.Sent {
			c.send(b)
		}
		c.Sent, c.Written = nil, nil
		took += seconds(float64(listed*c.unit) / listedPerSecond)
		c.tick(took)
		m, err := c.Moves.Get(c.Context(), "acme", last.Move)
		if err != nil {
			c.t.Fatal(err)
		}
		if c.ended = m.EndedAt; !m.EndedAt.IsZero() {
			c.measure("AWS/States ExecutionsSucceeded MoveMachine", 1)
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// send sends a batch of the app, as messages; as one, if it is sent again: as many are at a
// time, however many there are.
func (c *cloud) send(b move.Batch) {
	of := &sent{b, c.unit / aws.BatchSize}
	if b.Again {
		of.left = 1
	}
	for range of.left {
		m := &message{of: of, at: c.Time, left: aws.BatchSize, visible: c.Time}
		c.ready, c.undone = append(c.ready, m), append(c.undone, m)
	}
}

// tick lets time pass, second by second.
func (c *cloud) tick(d time.Duration) {
	for end := c.Time.Add(d); c.Time.Before(end); {
		next := c.Time.Add(min(time.Second, end.Sub(c.Time)))
		isNew := next.Truncate(time.Second).After(c.Time.Truncate(time.Second))
		minute := next.Truncate(time.Minute).After(c.Time.Truncate(time.Minute))
		c.Time = next
		c.convert()
		if isNew {
			c.live()
		}
		if minute {
			c.minute()
		}
	}
}

// convert has the converters work until now.
func (c *cloud) convert() {
	if c.fault.noConverters {
		for i := range c.servers {
			c.servers[i] = c.Time
		}
		return
	}
	for {
		i := 0
		for j := range c.servers {
			if c.servers[j].Before(c.servers[i]) {
				i = j
			}
		}
		if !c.servers[i].Before(c.Time) {
			return
		}
		m := c.receive(c.servers[i])
		if m == nil {
			c.servers[i] = c.Time
			continue
		}
		c.servers[i] = c.work(m, c.servers[i])
	}
}

// receive returns the next message that is there at a time.
func (c *cloud) receive(at time.Time) *message {
	for len(c.returned) > 0 && !c.returned[0].visible.After(at) {
		m := heap.Pop(&c.returned).(*message)
		delete(c.inFlight, m)
		if m.received < receives {
			m.received++
			return m
		}
		m.done, c.dead = true, append(c.dead, m)
	}
	if len(c.ready) == 0 || c.ready[0].visible.After(at) {
		return nil
	}
	m := c.ready[0]
	c.ready = c.ready[1:]
	m.received++
	return m
}

// work has a converter work on a message, and returns when it is free again.
func (c *cloud) work(m *message, at time.Time) time.Time {
	c.most = max(c.most, m.received)
	c.measureAt(at, "AWS/Lambda Invocations ConvertFunction", 1)
	if c.fault.batchesFail {
		return c.fails(m, at, at.Add(time.Second))
	}
	free := at.Add(seconds(m.left / comparedPerSecond))
	if m.of.batch.Kind == move.Convert {
		c.refill(at)
		lands := min(m.left, c.tokens/unitsOfALanding)
		free = at.Add(seconds(lands / c.landed))
		c.tokens -= lands * unitsOfALanding
		m.left -= lands
		c.measureAt(at, "AWS/DynamoDB ConsumedWriteCapacityUnits ConversationsTable", int64(lands*unitsOfALanding))
		c.measureAt(at, "AWS/DynamoDB WriteThrottleEvents ConversationsTable", int64(m.left))
		if m.left >= 1 {
			return c.fails(m, at, free.Add(standsBack))
		}
	}
	c.measureAt(free, metrics.BatchTime, free.Sub(at).Milliseconds())
	m.done = true
	compares := m.of.batch.Kind == move.Compare
	if compares {
		c.measureAt(free, metrics.Compared, aws.BatchSize)
	} else {
		c.measureAt(free, metrics.Converted, aws.BatchSize)
	}
	if m.of.left--; m.of.left == 0 {
		found, err := c.Convert.Use(c.Context(), m.of.batch, 3)
		if err != nil {
			c.t.Fatal(err)
		}
		c.measureAt(free, metrics.Failed, found.Failed*int64(c.unit))
		if compares {
			c.measureAt(free, metrics.Missing, found.Landed*int64(c.unit))
		}
	}
	return free
}

// fails returns a message to the queue.
func (c *cloud) fails(m *message, at, free time.Time) time.Time {
	m.visible = at.Add(visibility)
	c.inFlight[m] = true
	heap.Push(&c.returned, m)
	return free
}

// refill gives the table what it has earned, for a second at most, and lets it grow.
func (c *cloud) refill(at time.Time) {
	if at.Sub(c.grown) > 30*time.Minute {
		c.capacity, c.grown = min(2*c.capacity, quotaUnits), at
	}
	c.tokens = min(c.tokens+at.Sub(c.refilled).Seconds()*c.capacity, c.capacity)
	c.refilled = at
}

// live has customers write, and their changes redirected.
func (c *cloud) live() {
	changes := liveChanges + c.fault.customers
	done := min(c.behind+changes, redirects)
	c.behind += changes - done
	wait := c.behind / redirects * 1000
	c.measure("AWS/Lambda Invocations RedirectFunction", 1)
	c.measure("AWS/Lambda Errors RedirectFunction", 0)
	c.measure("AWS/Lambda IteratorAge RedirectFunction", int64(wait)+c.chance.Int64N(20_000))
	if c.fault.changesFail {
		c.measure(string(metrics.RedirectFailed), int64(changes))
		return
	}
	c.measure(string(metrics.Redirected), int64(done))
	for range 3 {
		lag := int64(wait) + 300 + c.chance.Int64N(3000)
		if c.fault.slowChanges {
			lag += 70_000
		}
		c.measure(string(metrics.RedirectLag), lag)
	}
}

// minute has the sweeper run, and AWS measure; and looks which alarms are on. What goes
// wrong now and then, and comes right by itself, is part of it.
func (c *cloud) minute() {
	n := int(c.Time.Unix() / 60)
	now := func(every, at int) int64 {
		if n%every == at {
			return 1
		}
		return 0
	}
	if !c.fault.noSweeper {
		c.measure("AWS/Lambda Invocations SweepFunction", 1)
		c.measure("AWS/Lambda Errors SweepFunction", 0)
		if _, err := c.Sweep.Use(c.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
	c.measure("AWS/Lambda Errors ConvertFunction", now(4, 1)) // a time-out
	c.measure("AWS/Lambda Errors ApiFunction", ifElse(c.fault.apiPanics, 20, now(30, 2)))
	c.measure("AWS/ApiGateway Count Api", 600)
	c.measure("AWS/ApiGateway 4xx Api", 6)
	c.measure("AWS/ApiGateway 5xx Api", ifElse(c.fault.apiPanics || c.fault.apiBusy, 20, now(2, 0)))
	c.measure("AWS/ApiGateway Latency Api", 40+c.chance.Int64N(400))
	c.measure("AWS/Lambda Errors ClaimsFunction", ifElse(c.fault.nobodySignsIn, 5, now(10, 3)))
	for _, f := range []string{"Api", "Fence", "List", "Drain", "Finish", "Convert", "Redirect", "Sweep"} { // a burst of five minutes
		c.measure("AWS/Lambda Throttles "+f+"Function", ifElse(c.fault.noConcurrency, 30, ifElse(f == "Convert" && n%60 < 5, 5, 0)))
	}
	if n%30 == 29 { // a shard splits
		c.measure("AWS/Lambda IteratorAge RedirectFunction", 80_000)
		c.measure(string(metrics.RedirectLag), 70_000)
	}
	for len(c.undone) > 0 && c.undone[0].done {
		c.undone = c.undone[1:]
	}
	c.queue("Batches", len(c.ready), len(c.inFlight), c.undone)
	c.queue("BatchesDead", len(c.dead), 0, c.dead)
	c.changes()
	if v, ok := c.alarms["MovesStuckAlarm"].value(c.t, c.record, c.Time, 0); ok {
		c.stuck = max(c.stuck, v)
	}
	for name, a := range c.alarms {
		if a.on(c.t, c.record, c.Time) && c.seen != nil && !c.seen[name] {
			c.seen[name] = true
			v, _ := a.value(c.t, c.record, c.Time, 0)
			c.t.Logf("after %v %s is on, at %.0f", c.Time.Sub(c.begun).Round(time.Second), name, v)
		}
	}
}

// changes has the queue of what the stream gave up try again, each six minutes, and give up
// after fifty times.
func (c *cloud) changes() {
	if !c.fault.changesFail {
		c.failed, c.givenUp = nil, nil
	} else if len(c.failed)+len(c.givenUp) == 0 {
		c.failed = []*message{{at: c.Time}}
	}
	if len(c.failed) > 0 && c.Time.Sub(c.failed[0].at) > 50*6*time.Minute {
		c.failed, c.givenUp = nil, c.failed
	}
	c.queue("StreamFailures", 0, len(c.failed), c.failed)
	c.queue("StreamFailuresDead", len(c.givenUp), 0, c.givenUp)
}

func ifElse(is bool, then, otherwise int64) int64 {
	if is {
		return then
	}
	return otherwise
}

// queue measures a queue.
func (c *cloud) queue(name string, visible, inFlight int, all []*message) {
	age := time.Duration(0)
	if len(all) > 0 {
		age = c.Time.Sub(all[0].at)
	}
	c.measure("AWS/SQS ApproximateNumberOfMessagesVisible "+name+"Queue", int64(visible))
	c.measure("AWS/SQS ApproximateNumberOfMessagesNotVisible "+name+"Queue", int64(inFlight))
	c.measure("AWS/SQS ApproximateAgeOfOldestMessage "+name+"Queue", int64(age.Seconds()))
}

func (c *cloud) measure(name string, v int64) { c.measureAt(c.Time, metrics.Name(name), v) }

func (c *cloud) measureAt(at time.Time, name metrics.Name, v int64) {
	c.record.Record(at, metrics.Value{Name: name, Value: v})
}

// underRace says that the race detector is at work.
var underRace bool

func withoutRace(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("SKIPPED: with the race detector it takes minutes; make test runs it without")
	}
}

// TestHundredMillion: no alarm is on at any time of a move of 100 million, whether or not
// the table was warmed for it.
func TestHundredMillion(t *testing.T) {
	withoutRace(t)
	for name, units := range map[string]float64{"cold": coldUnits, "warm": quotaUnits} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, 4000, units, false)
			c.run(24 * time.Hour)
			if c.ended.IsZero() {
				t.Fatal("the move does not end")
			}
			took := c.ended.Sub(c.begun).Round(time.Minute)
			c.tick(30 * time.Minute)
			t.Logf("it takes %v; a batch was received %d times at most; stuck for %.0f s at most", took, c.most, c.stuck)
			keep(t, "hundred million, "+name, c.record, c.Time)
			if len(c.seen) > 0 {
				t.Errorf("alarms were on: %v", c.seen)
			}
			// A model in which nothing is ever short would prove little.
			if isCold := name == "cold"; took < time.Hour || isCold != (c.most > 1) {
				t.Errorf("it takes %v, a batch was received %d times", took, c.most)
			}
		})
	}
}

// TestSickHundredMillion: of what may go wrong in such a move, the right alarms tell, and no
// others.
func TestSickHundredMillion(t *testing.T) {
	withoutRace(t)
	const hour = time.Hour
	for name, sick := range map[string]struct {
		fault
		lasts   time.Duration
		undated bool
		want    string
	}{
		"no converter runs":          {fault: fault{noConverters: true}, lasts: hour, want: "MovesStuck"},
		"no batch can be converted":  {fault: fault{batchesFail: true}, lasts: hour, want: "BatchesDead MovesStuck"},
		"dead letters stay":          {fault: fault{batchesFail: true}, lasts: 10 * 24 * hour, want: "BatchesDead DeadLettersOld MovesStuck"},
		"a date is missing":          {undated: true, want: "MovesAtAttention"},
		"executions fail":            {fault: fault{executionsFail: true}, lasts: hour, want: "Executions MovesRestarted MovesStuck"},
		"no sweeper runs":            {fault: fault{noSweeper: true}, lasts: hour, want: "Sweeper"},
		"changes fail":               {fault: fault{changesFail: true}, lasts: hour, want: "StreamFailures"},
		"changes fail for long":      {fault: fault{changesFail: true}, lasts: 6 * hour, want: "StreamFailures StreamFailuresDead"},
		"too many customers write":   {fault: fault{customers: 3000}, lasts: hour, want: "RedirectLate StreamLate"},
		"single changes are slow":    {fault: fault{slowChanges: true}, lasts: hour, want: "RedirectLate"},
		"the API panics":             {fault: fault{apiPanics: true}, lasts: hour, want: "ApiErrors FunctionErrors"},
		"the API is busy":            {fault: fault{apiBusy: true}, lasts: hour, want: "ApiErrors"},
		"no concurrency is left":     {fault: fault{noConcurrency: true}, lasts: hour, want: "FunctionThrottles"},
		"nobody can sign in":         {fault: fault{nobodySignsIn: true}, lasts: hour, want: "ClaimsErrors"},
		"customers write for a time": {fault: fault{customers: 3000}, lasts: time.Minute, want: ""},
		"converters rest for a time": {fault: fault{noConverters: true}, lasts: 10 * time.Minute, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, 1000, quotaUnits, sick.undated)
			c.run(35 * time.Minute) // all is listed, and much of it converted
			if len(c.seen) > 0 || !c.ended.IsZero() {
				t.Fatalf("before the fault: %v, %v", c.seen, c.ended)
			}
			c.fault = sick.fault
			over := c.Time.Add(min(sick.lasts, 6*hour))
			c.run(over.Sub(c.Time))
			c.tick(over.Sub(c.Time))
			if sick.lasts > 6*hour { // not every minute is gone through
				seen := c.seen
				c.seen, c.Time = nil, c.Time.Add(sick.lasts)
				c.tick(10 * time.Minute)
				c.seen = seen
			}
			if c.fault = (fault{}); sick.want == "" || sick.undated { // it goes on as if nothing had been
				c.run(12 * hour)
			}
			c.tick(10 * time.Minute)
			if on := strings.ReplaceAll(strings.Join(slices.Sorted(maps.Keys(c.seen)), " "), "Alarm", ""); on != sick.want {
				t.Errorf("on were %q, want %q", on, sick.want)
			}
		})
	}
}
