package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Table is one of the two tables.
type Table string

// The tables. Conversations has the change stream.
const (
	Conversations Table = "conversations"
	Control       Table = "control"
)

// Key is an item's primary key: partition and sort key.
type Key struct{ PK, SK string }

// Attributes that engines know. PK and SK are the key, where an item is written
// as one list of attributes. An item of Control may vanish some time after
// Expires, in seconds since 1970; engines need not see to it.
const (
	PK      = "pk"
	SK      = "sk"
	Home    = "home"
	Expires = "ttl"
)

// Streamed reports whether the change stream reports a change that leaves an
// item of Conversations like this: a conversation that lives in the inbox. The
// function that reads DynamoDB's stream is given no other change, by the filter
// of its event source mapping; engines with a stream of their own record none.
func Streamed(a Attrs) bool { return a.Str(Home) == "inbox" }

// Index is a sparse index of a table: it has the items with both of its keys.
type Index struct {
	Table    Table
	Name     string   // unique in its table
	PK, SK   string   // the attributes that are its partition and its sort key
	Projects []string // what it holds beside its keys and the item's own key
}

// The indexes.
var (
	// ByChannel lists all conversations of a channel by when they joined it. The
	// move changes nothing in it.
	ByChannel = &Index{Table: Conversations, Name: "channel", PK: "cpk", SK: "csk"}
	// ByOwner lists what is open, in the inbox or the help desk, of an owner or
	// nobody, in the same order. What is closed is not in it.
	ByOwner = &Index{
		Table: Conversations, Name: "open", PK: "opk", SK: "csk",
		Projects: []string{Home, "cpk", aTicketStatus, aOwner, aTicketOwner, aDue, aProvenance},
	}
	// ByDueTime lists the moves that somebody must look after, and the notifications that
	// wait for a mailer.
	ByDueTime = &Index{Table: Control, Name: "due", PK: "dpk", SK: "dsk"}
)

// Indexes are all indexes of both tables.
var Indexes = []*Index{ByChannel, ByOwner, ByDueTime}

// Item is a key and its attributes.
type Item struct {
	Key   Key
	Attrs Attrs
}

// Consistency says what a read may miss.
type Consistency bool

// An Eventual read may be old; a Strong one sees every write that was
// answered before it began.
const (
	Eventual Consistency = false
	Strong   Consistency = true
)

// Op is what a write does.
type Op byte

// The operations. Put replaces the whole item. Update sets, adds or removes
// some attributes, and makes the item if it is absent; one that only removes
// may leave it absent. Delete of an absent item succeeds.
const (
	Put Op = iota
	Update
	Delete
)

// Write is one conditional write.
type Write struct {
	Op     Op
	Table  Table
	Key    Key
	Set    Attrs    // of Put: the whole item; of Update: what to set
	Add    Attrs    // of Update: numbers to add; an absent one counts as 0
	Remove []string // of Update: attributes to take away
	If     Cond
}

// Query asks for the items of one partition in the order of their sort keys,
// or, with Index, for those of one partition of that index.
type Query struct {
	Table      Table
	Index      *Index // nil for the table; eventual; items carry their keys, the index's keys and what it projects only
	PK         string
	From, To   string // bounds of the sort key, both inclusive; "" is open
	Descending bool
	After      string // Next of the page before; "" at first
	Limit      int    // most items a page, at least 1
	Read       Consistency
}

// Page is one page of a query's answer. A page may be short, even empty,
// before the last; Next is "" on the last only.
type Page struct {
	Items []Item
	Next  string
}

// Engine is a database. Engines are safe for concurrent use; storetest.Run
// tests what else they promise.
type Engine interface {
	// Get reads items by key, any number of them. Missing ones are left out;
	// the order is any.
	Get(ctx context.Context, t Table, keys []Key, c Consistency) ([]Item, error)
	// Write does independent writes, in any order and without atomicity. It
	// returns nil if all succeeded, else one error or nil for each write; where
	// the condition failed, a *ConditionError. No key may occur twice.
	Write(ctx context.Context, ws []Write) []error
	// Transact does up to 100 writes, all or none. If conditions fail the
	// error is a *ConditionError. No key may occur twice.
	Transact(ctx context.Context, ws []Write) error
	// Query reads one page.
	Query(ctx context.Context, q Query) (Page, error)
	// Count counts what all pages of a query would hold, but no further than
	// q.Limit: where it is reached, there may be more. It ignores q.After.
	Count(ctx context.Context, q Query) (int, error)
}

// Stream is the stream of changes of the conversations table, those only for
// which Streamed holds. The changes of an item all go to one shard, in order.
type Stream interface {
	// Shards returns the names of the shards.
	Shards(ctx context.Context) ([]string, error)
	// Changes reads at most limit changes of a shard after a sequence number,
	// "" for the oldest kept.
	Changes(ctx context.Context, shard, after string, limit int) ([]Change, error)
	// Between reads the changes of a shard from one sequence number to
	// another, both inclusive, as far as they are kept.
	Between(ctx context.Context, shard, first, last string) ([]Change, error)
}

// Change is one committed change of an item. Old is nil for an insert, New
// for a removal.
type Change struct {
	Sequence string // rises within a shard; compare as the engine orders them
	At       time.Time
	Key      Key
	Old, New Attrs
}

// Errors of engines. Test with errors.Is.
var (
	// ErrCondition says that a condition did not hold; nothing was written,
	// unless by an attempt of the same call whose answer was lost.
	ErrCondition = errors.New("condition failed")
	// ErrThrottled says that the engine is too busy, or that a transaction met
	// another; trying again later helps.
	ErrThrottled error = temporary("throttled")
	// ErrCursor says that a cursor was not made by a query like this one.
	ErrCursor = errors.New("cursor is not one of this query")
	// ErrFull says that no storage is left.
	ErrFull error = temporary("storage is full")
)

// TablesError says that the names of tables, in these environment variables, are of none.
type TablesError struct{ Variables []string }

func (e *TablesError) Error() string {
	return "there are no tables: " + strings.Join(e.Variables, " and ") + " have the names of template.yaml, and not those of a stack's tables; " +
		"make sam-local runs the functions with tables"
}

// temporary is an error that says nothing about what was to be written.
type temporary string

func (t temporary) Error() string { return string(t) }

// Temporary tells package move so.
func (temporary) Temporary() bool { return true }

// ConditionError says which writes failed their condition, and what they found.
// It is an ErrCondition.
type ConditionError struct {
	Failed []int   // numbers of a transaction's writes; of a single write, 0
	Old    []Attrs // the items of Failed as they were, nil if absent; itself nil if the engine cannot tell
}

func (e *ConditionError) Error() string {
	return fmt.Sprintf("conditions of writes %v failed", e.Failed)
}

// Is makes errors.Is(err, ErrCondition) hold.
func (e *ConditionError) Is(target error) bool { return target == ErrCondition }

// FirstError returns the first error of Write's answer, or nil.
func FirstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
