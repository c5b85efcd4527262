// Package meter counts what passes the waist. It goes around any engine, so
// that a benchmark or a test can say how many writes and reads of a table a
// conversation costs, whatever the database makes of them.
package meter

import (
	"context"
	"errors"
	"sync/atomic"

	"deskmove/shared/store"
)

// Counts are calls and items of one table. An item in a transaction counts
// as one in a call of its own does.
type Counts struct {
	Puts, Updates, Deletes int64 // tried, whether done or not
	Conditions             int64 // writes whose condition failed
	Failures               int64 // writes that failed for any other reason
	Asked, Found           int64 // items that Get was asked for, and gave
	Queries, Items         int64 // pages, and items in them
}

// Writes is the number of items that were to be written: what a database
// that charges for failed conditions charges for.
func (c Counts) Writes() int64 { return c.Puts + c.Updates + c.Deletes }

// Meter is an engine that counts.
type Meter struct {
	engine       store.Engine
	tables       map[store.Table]*counters
	transactions atomic.Int64
}

type counters struct {
	ops                  [3]atomic.Int64 // by store.Op
	conditions, failures atomic.Int64
	asked, found         atomic.Int64
	queries, items       atomic.Int64
}

var _ store.Engine = (*Meter)(nil)

// New returns a meter around an engine.
func New(engine store.Engine) *Meter {
	m := &Meter{engine: engine, tables: map[store.Table]*counters{}}
	for _, t := range []store.Table{store.Conversations, store.Tickets, store.Control} {
		m.tables[t] = &counters{}
	}
	return m
}

// Table returns the counts of a table so far; zeros if there is no such table.
func (m *Meter) Table(t store.Table) Counts {
	c := m.table(t)
	return Counts{
		Puts: c.ops[store.Put].Load(), Updates: c.ops[store.Update].Load(),
		Deletes:    c.ops[store.Delete].Load(),
		Conditions: c.conditions.Load(), Failures: c.failures.Load(),
		Asked: c.asked.Load(), Found: c.found.Load(),
		Queries: c.queries.Load(), Items: c.items.Load(),
	}
}

// Transactions returns the number of transactions tried so far.
func (m *Meter) Transactions() int64 { return m.transactions.Load() }

// table returns where t is counted. The engine refuses a table that does not
// exist, so that the count of it goes nowhere.
func (m *Meter) table(t store.Table) *counters {
	if c, ok := m.tables[t]; ok {
		return c
	}
	return &counters{}
}

// Get implements store.Engine.
func (m *Meter) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	items, err := m.engine.Get(ctx, t, keys, c)
	m.table(t).asked.Add(int64(len(keys)))
	m.table(t).found.Add(int64(len(items)))
	return items, err
}

// Write implements store.Engine.
func (m *Meter) Write(ctx context.Context, ws []store.Write) []error {
	errs := m.engine.Write(ctx, ws)
	for i := range ws {
		var err error
		if errs != nil {
			err = errs[i]
		}
		m.write(&ws[i], err)
	}
	return errs
}

// Transact implements store.Engine.
func (m *Meter) Transact(ctx context.Context, ws []store.Write) error {
	err := m.engine.Transact(ctx, ws)
	m.transactions.Add(1)
	errs := make([]error, len(ws))
	if failed, ok := errors.AsType[*store.ConditionError](err); ok {
		for _, i := range failed.Failed {
			errs[i] = store.ErrCondition
		}
	} else {
		for i := range errs {
			errs[i] = err
		}
	}
	for i := range ws {
		m.write(&ws[i], errs[i])
	}
	return err
}

func (m *Meter) write(w *store.Write, err error) {
	c := m.table(w.Table)
	if int(w.Op) < len(c.ops) {
		c.ops[w.Op].Add(1)
	}
	switch {
	case err == nil:
	case errors.Is(err, store.ErrCondition):
		c.conditions.Add(1)
	default:
		c.failures.Add(1)
	}
}

// Query implements store.Engine.
func (m *Meter) Query(ctx context.Context, q store.Query) (store.Page, error) {
	page, err := m.engine.Query(ctx, q)
	m.table(q.Table).queries.Add(1)
	m.table(q.Table).items.Add(int64(len(page.Items)))
	return page, err
}
