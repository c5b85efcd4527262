package traffic

import (
	"encoding/json"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// record is the journal of one conversation.
type record struct {
	id      string
	channel string // on which it began, or to which it belonged when it was known
	began   bool   // by this traffic
	ticket  string // once it is known
	editing bool   // an edit is under way

	acked  []uint32 // numbers of acknowledged messages
	unsure []uint32 // of messages whose answer never came
	status fact     // last acknowledged edit of the status
	owner  fact     // of the owner
	spoke  span     // the latest begin and the latest end of the customer's messages
	vague  bool     // an edit or a customer's message is unsure, so that status and owner are
}

// span is from when until when a request was under way, by the traffic's own
// clock.
type span struct{ begin, end uint64 }

// fact is what an agent has set, and where.
type fact struct {
	span

	onTicket bool
	value    string // state, status or agent
}

func (f fact) known() bool { return f.end != 0 }

// began notes the acknowledged beginning of a conversation.
func (t *Traffic) noteBegin(o op, s span, p Posted) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Began++
	r := &record{id: p.Conversation, channel: o.message.Channel, began: true}
	r.acked, r.spoke = append(r.acked, number32(o.n)), s
	t.records = append(t.records, r)
}

// noteMessage notes an acknowledged message to a conversation.
func (t *Traffic) noteMessage(o op, s span) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := o.record
	switch o.kind {
	case sayAgain:
		t.stats.Repeats++
		return
	case answer:
		t.stats.Answers++
	case carryOn:
		t.stats.Continued++
	default:
		t.stats.Replies++
	}
	r.acked = append(r.acked, number32(o.n))
	if o.kind != answer {
		r.spoke.begin, r.spoke.end = max(r.spoke.begin, s.begin), max(r.spoke.end, s.end)
	}
}

// noteEdit notes an acknowledged edit.
func (t *Traffic) noteEdit(o op, s span, onTicket bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, w := o.record, o.edit
	state, owner := string(w.state), w.owner
	if onTicket {
		state, owner = string(w.status), w.able
		t.stats.Tickets++
	} else {
		t.stats.Edits++
	}
	if w.state != "" {
		r.status = fact{s, onTicket, state}
	}
	if w.owns {
		r.owner = fact{s, onTicket, owner}
	}
	r.editing = false
}

// noteUnsure notes that nobody knows what became of a change.
func (t *Traffic) noteUnsure(o op) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := o.record
	if r == nil || o.kind == sayAgain {
		return
	}
	r.vague = r.vague || o.kind != answer
	if o.kind == change {
		r.editing = false
		return
	}
	r.unsure = append(r.unsure, number32(o.n))
}

// cancel takes back a change that was planned but not made.
func (t *Traffic) cancel(o op) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.kind == change {
		o.record.editing = false
	}
}

// number32 is a change's number, which Limit keeps small.
func number32(n int) uint32 { return uint32(n) } // #nosec G115 -- see Config.Limit

// violated notes a violation that is seen at once.
func (t *Traffic) violated(v Violation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.bad) < most {
		t.bad = append(t.bad, v)
	}
}

// samples are latencies: the latest ten thousand.
type samples struct {
	all  []time.Duration
	next int
	most time.Duration
	n    int
}

const kept = 10_000

func (s *samples) add(d time.Duration) {
	s.n++
	s.most = max(s.most, d)
	if len(s.all) < kept {
		s.all = append(s.all, d)
		return
	}
	s.all[s.next%kept] = d
	s.next++
}

// Latency is how long something took.
type Latency struct {
	Samples       int
	P50, P99, Max time.Duration
}

// MarshalJSON writes milliseconds.
func (l Latency) MarshalJSON() ([]byte, error) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return json.Marshal(struct {
		Samples int     `json:"samples"`
		P50     float64 `json:"p50Ms"`
		P99     float64 `json:"p99Ms"`
		Max     float64 `json:"maxMs"`
	}{l.Samples, ms(l.P50), ms(l.P99), ms(l.Max)})
}

func (s *samples) latency() Latency {
	if s.n == 0 {
		return Latency{}
	}
	sorted := slices.Sorted(slices.Values(s.all))
	return Latency{Samples: s.n, P50: sorted[len(sorted)/2], P99: sorted[len(sorted)*99/100], Max: s.most}
}

// closes reports whether a fact closes its conversation or ticket.
func (t *Traffic) closes(f fact) bool {
	if f.onTicket {
		return t.isClosed[desk.Status(f.value)]
	}
	return f.value == string(desk.Closed)
}
