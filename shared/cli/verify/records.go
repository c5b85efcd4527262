package verify

import (
	"cmp"
	"slices"
	"time"

	"deskmove/shared/api"
)

// record is a conversation as far as it is checked, in about 100 bytes.
type record struct {
	id              string
	started         int64 // milliseconds since 1970; 0 if not known
	takenIn         int64
	joined          int64
	customerAt      int64
	version         int32
	customerVersion int32
	channel         int32 // these three are numbers of names
	owner           int32
	move            int32
	open            bool
	moved           bool // it is in the help desk
	ticketed        bool // names a ticket
	odd             bool // names another ticket than its own
	past            bool // it was brought in as history after the fence
	seen            bool // its ticket was read
}

// ticketID is the ID of the one ticket that a conversation may have.
func ticketID(conversation string) string { return "t-" + conversation }

// records are the conversations of the account.
type records struct {
	all     []record
	numbers map[string]int32
	names   []string
}

func (r *records) number(name string) int32 {
	n, ok := r.numbers[name]
	if !ok {
		if r.numbers == nil {
			r.numbers = make(map[string]int32)
		}
		n = int32(len(r.names)) // #nosec G115 -- channels, agents and moves are few
		r.numbers[name] = n
		r.names = append(r.names, name)
	}
	return n
}

func (r *records) name(n int32) string { return r.names[n] }

func (r *records) read(c api.Conversation) record {
	return record{
		id: c.ID, started: millis(c.StartedAt), takenIn: millis(c.TakenInAt), joined: millis(c.JoinedAt), customerAt: millis(c.CustomerAt),
		version: int32(c.Version), customerVersion: int32(c.CustomerVersion), // #nosec G115 -- nobody changes one so often
		channel: r.number(c.ChannelID), owner: r.number(c.Owner), move: r.number(c.MoveID),
		open: c.Status == "open", past: c.History, moved: c.Home == "helpdesk",
		ticketed: c.TicketID != "", odd: c.TicketID != "" && c.TicketID != ticketID(c.ID),
	}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// sort makes find work. A conversation that went from a form to its e-mail
// channel while it was read may be there twice; the later one stays.
func (r *records) sort() {
	slices.SortFunc(r.all, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(b.version, a.version))
	})
	r.all = slices.CompactFunc(r.all, func(a, b record) bool { return a.id == b.id })
}

// find returns the record of a conversation, nil if there is none.
func (r *records) find(id string) *record {
	i, ok := slices.BinarySearchFunc(r.all, id, func(c record, id string) int { return cmp.Compare(c.id, id) })
	if !ok {
		return nil
	}
	return &r.all[i]
}
