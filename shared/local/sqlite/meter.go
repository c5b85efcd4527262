package sqlite

import (
	"context"
	"errors"

	"deskmove/shared/store"
)

// Meter is told what CloudWatch's metrics of DynamoDB would say of an engine.
type Meter interface {
	// Wrote is called after a commit with the write units that DynamoDB would have taken
	// for it, of a table or of an index of it. An engine calls it one call at a time.
	Wrote(of store.Table, index *store.Index, units int64)
	// Refused is called for each write, and each read, that was not done because others
	// kept the engine busy: until the time of who asked for it was over, or for longer than
	// the engine waits for another program to let go of the file.
	Refused(of store.Table, isWrite bool)
}

type noMeter struct{}

func (noMeter) Wrote(store.Table, *store.Index, int64) {}
func (noMeter) Refused(store.Table, bool)              {}

// How many times its units a write takes.
const (
	alone      = 1
	transacted = 2
)

// takes counts the units of a row's write.
func (w *writer) takes(r *row, times int64) {
	w.tables[r.table].units += times * store.WriteUnits(max(store.Size(r.key, r.oldAttrs), store.Size(r.key, r.newAttrs)))
}

// measure tells the units of the group that has ended.
func (w *writer) measure(tell func(store.Table, *store.Index, int64)) {
	for n := range w.tables {
		if t := &w.tables[n]; t.units > 0 {
			tell(tables[n], nil, t.units)
			t.units = 0
		}
		for i := range w.indexes[n] {
			if l := &w.indexes[n][i]; l.units > 0 {
				tell(tables[n], l.Index, l.units)
				l.units = 0
			}
		}
	}
}

// isBusy reports whether something was not done for want of time.
func isBusy(err error) bool {
	return errors.Is(err, store.ErrThrottled) || errors.Is(err, context.DeadlineExceeded)
}
