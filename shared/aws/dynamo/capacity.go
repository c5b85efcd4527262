package dynamo

import (
	"errors"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// Usage is what capacity was consumed by: an operation, as DynamoDB names it,
// on a table or on its index.
type Usage struct {
	Table     store.Table
	Index     bool
	Operation string // GetItem, BatchGetItem and Query read; the others write
}

// Reads reports whether the units are read units; else they are write units.
func (u Usage) Reads() bool {
	return u.Operation == "GetItem" || u.Operation == "BatchGetItem" || u.Operation == "Query"
}

// Units are what was consumed, in read or write request units.
//
// DynamoDB says what a call consumed, but not of one that failed, though a
// failed condition costs as much as the write. So the whole bill is Reported
// and Unreported together. Estimated is our own reckoning of all calls, by
// the rules of rounding, from what passed the waist: it checks a peer that
// reports less carefully, and stands in for one that does not report. It
// cannot know the size of an item that is replaced, changed or deleted, nor
// whether it was in the index: it takes the old item for no larger than the
// new, a replaced one's entry for unchanged, and a deleted one for outside.
//
// Attempts that the SDK makes again are in none of them: those that were
// throttled are free, and those whose answer was lost are rare.
type Units struct {
	Requests   int64   // calls; one of several tables is counted for each, and not for an index that a write changed
	Reported   float64 // in answers
	Unreported float64 // estimated, of calls whose answer does not say
	Estimated  float64
}

// Total is the bill: what was reported, and the estimate of what was not.
func (u Units) Total() float64 { return u.Reported + u.Unreported }

// Consumed returns what was consumed so far.
func (e *Engine) Consumed() map[Usage]Units {
	e.counts.mu.Lock()
	defer e.counts.mu.Unlock()
	return maps.Clone(e.counts.units)
}

// counts adds up what calls consume.
type counts struct {
	mu    sync.Mutex
	units map[Usage]Units
}

func usage(t store.Table, operation string) Usage { return Usage{Table: t, Operation: operation} }

func (c *counts) add(u Usage, more Units) {
	if more == (Units{}) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.units == nil {
		c.units = map[Usage]Units{}
	}
	n := c.units[u]
	n.Requests += more.Requests
	n.Reported += more.Reported
	n.Unreported += more.Unreported
	n.Estimated += more.Estimated
	c.units[u] = n
}

// read counts a read that succeeded.
func (c *counts) read(u Usage, consumed *types.ConsumedCapacity, estimate float64) {
	units := Units{Requests: 1, Estimated: estimate}
	if consumed == nil {
		units.Unreported = estimate
	} else {
		ofTable, ofIndex := reported(consumed)
		units.Reported = ofTable + ofIndex // the other is 0
	}
	c.add(u, units)
}

// write counts a write by itself.
func (c *counts) write(w *store.Write, consumed *types.ConsumedCapacity, err error) {
	c.wrote(usage(w.Table, operations[w.Op]), writeUnits(w), consumed, err)
}

// transaction counts a transaction, table by table: it consumes twice what its
// writes would, but for the indexes, which follow later.
func (c *counts) transaction(names Tables, ws []store.Write, consumed []types.ConsumedCapacity, err error) {
	estimates := map[store.Table]estimate{}
	for i := range ws {
		n := writeUnits(&ws[i])
		sum := estimates[ws[i].Table]
		estimates[ws[i].Table] = estimate{sum.table + 2*n.table, sum.index + n.index}
	}
	for t, n := range estimates {
		c.wrote(usage(t, "TransactWriteItems"), n, consumedOf(consumed, names.name(t)), err)
	}
}

// wrote counts the writes of a request to one table.
func (c *counts) wrote(u Usage, n estimate, consumed *types.ConsumedCapacity, err error) {
	onTable, onIndex := Units{Requests: 1}, Units{}
	switch {
	case err == nil && consumed != nil:
		onTable.Reported, onIndex.Reported = reported(consumed)
		onTable.Estimated, onIndex.Estimated = n.table, n.index
	case err == nil:
		onTable.Unreported, onIndex.Unreported = n.table, n.index
		onTable.Estimated, onIndex.Estimated = n.table, n.index
	case tried(err):
		onTable.Unreported, onTable.Estimated = n.table, n.table
	}
	c.add(u, onTable)
	u.Index = true
	c.add(u, onIndex)
}

// tried reports whether a write that failed was charged: it came as far as its
// condition, or as a conflict.
func tried(err error) bool {
	_, condition := errors.AsType[*types.ConditionalCheckFailedException](err)
	_, cancelled := errors.AsType[*types.TransactionCanceledException](err)
	return condition || cancelled
}

// consumedOf returns what was consumed of one table.
func consumedOf(all []types.ConsumedCapacity, name string) *types.ConsumedCapacity {
	for i := range all {
		if all[i].TableName != nil && *all[i].TableName == name {
			return &all[i]
		}
	}
	return nil
}

// reported splits what a call consumed between the table and its index.
func reported(c *types.ConsumedCapacity) (ofTable, ofIndex float64) {
	for _, i := range c.GlobalSecondaryIndexes {
		ofIndex += number(i.CapacityUnits)
	}
	if c.Table != nil {
		return number(c.Table.CapacityUnits), ofIndex
	}
	return max(number(c.CapacityUnits)-ofIndex, 0), ofIndex
}

func number(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
