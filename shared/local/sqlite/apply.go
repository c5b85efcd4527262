package sqlite

import (
	"bytes"
	"fmt"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// row is what one write does to one row.
type row struct {
	table              int
	key                store.Key
	old, new           []byte // encoded; nil if there is no item
	oldAttrs, newAttrs store.Attrs
}

// buffers are what a row's slices point into.
type buffers struct {
	old, new []byte
	attrs    store.Attrs
	newAttrs store.Attrs

	projected store.Attrs // of an index's entry
	entry     []byte
}

// write does one write by itself. failed is why it cannot be done; err is an
// error of the database.
func (w *writer) write(x *store.Write, item []byte) (failed, err error) {
	if x.Op == store.Put && len(x.If) == 1 && x.If[0].Test == store.IsAbsent {
		return w.insert(x, item)
	}
	if cap(w.buffers.old) > 1<<20 {
		w.buffers = buffers{} // let go of a rare large one
	}
	r, failed, err := w.plan(x, item, &w.buffers, alone)
	if failed != nil || err != nil {
		return failed, err
	}
	return nil, w.apply(&r)
}

// insert puts an item that must be absent. The table's key is the condition,
// so that nothing need be read.
func (w *writer) insert(x *store.Write, item []byte) (failed, err error) {
	table, err := tableNumber(x.Table)
	if err != nil {
		return err, nil
	}
	if err := runItem(w.tables[table].insert, x.Key, item); err != nil {
		return nil, err
	}
	if w.conn.Changes() == 0 {
		old, err := readItem(w.tables[table].read, x.Key, nil)
		if err != nil {
			return nil, err
		}
		c := unmet(old)
		for _, was := range c.Old {
			w.takes(&row{table: table, key: x.Key, oldAttrs: was}, alone)
		}
		return c, nil
	}
	r := row{table: table, key: x.Key, new: item, newAttrs: x.Set}
	w.takes(&r, alone)
	return nil, w.follow(&r)
}

// unmet is the error of a condition that failed on an item, nil if there is
// none. The error keeps the bytes.
func unmet(old []byte) *store.ConditionError {
	c := &store.ConditionError{Failed: []int{0}}
	if old == nil {
		c.Old = []store.Attrs{nil}
	} else if attrs, err := decodeAttrs(nil, text(old)); err == nil {
		c.Old = []store.Attrs{attrs}
	}
	return c
}

// transaction does the writes of a request, all or none. What fails is left
// in the request; err is an error of the database.
func (w *writer) transaction(r *request) error {
	rows := make([]row, len(r.writes))
	var unmet store.ConditionError
	for i := range rows {
		var failed, err error
		rows[i], failed, err = w.plan(&r.writes[i], r.items[i], &buffers{}, transacted)
		c, condition := failed.(*store.ConditionError)
		switch {
		case err != nil:
			return err
		case condition:
			unmet.Failed, unmet.Old = append(unmet.Failed, i), append(unmet.Old, c.Old...)
		case failed != nil:
			r.err = failed
		}
	}
	if unmet.Failed != nil {
		r.err = &unmet
	}
	if r.err != nil {
		return nil
	}
	for i := range rows {
		if err := w.apply(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// plan reads the row that x is about, tests the condition and finds out what
// is to be written. Nothing is written yet.
func (w *writer) plan(x *store.Write, item []byte, b *buffers, times int64) (r row, failed, err error) {
	if r.table, err = tableNumber(x.Table); err != nil {
		return r, err, nil
	}
	r.key = x.Key
	if r.old, err = readItem(w.tables[r.table].read, x.Key, b.old[:0]); err != nil {
		return r, nil, err
	}
	if r.old != nil {
		b.old = r.old
		if r.oldAttrs, err = decodeAttrs(b.attrs[:0], text(r.old)); err != nil {
			return r, fmt.Errorf("%s %q: %w", x.Table, x.Key, err), nil
		}
		b.attrs = r.oldAttrs
	}
	if !x.If.Holds(r.oldAttrs, r.old != nil) {
		w.takes(&r, times)
		return r, unmet(bytes.Clone(r.old)), nil
	}
	switch x.Op {
	case store.Put:
		r.new, r.newAttrs = item, x.Set
	case store.Update:
		r.newAttrs = x.Apply(b.newAttrs, r.oldAttrs)
		b.newAttrs = r.newAttrs
		r.new = appendAttrs(b.new[:0], r.newAttrs)
		b.new = r.new
		if err := fits(x, len(r.new)); err != nil {
			return r, err, nil
		}
	case store.Delete:
	default:
		return r, fmt.Errorf("write %s %q: unknown operation %d", x.Table, x.Key, x.Op), nil
	}
	w.takes(&r, times)
	return r, nil, nil
}

// apply writes a planned row and what follows from it.
func (w *writer) apply(r *row) error {
	if bytes.Equal(r.old, r.new) {
		return nil
	}
	t := &w.tables[r.table]
	var err error
	switch {
	case r.new == nil:
		bindKey(t.remove, r.key)
		err = run(t.remove)
	case r.old == nil:
		err = runItem(t.insert, r.key, r.new)
	default:
		err = runItem(t.update, r.key, r.new)
	}
	if err != nil {
		return err
	}
	return w.follow(r)
}

// follow writes what follows from a written row: its index entries and its
// change in the stream.
func (w *writer) follow(r *row) error {
	w.counts.rows.Add(1)
	for i := range w.indexes[r.table] {
		if err := w.reindex(r, &w.indexes[r.table][i]); err != nil {
			return err
		}
	}
	if r.table != streamed || !store.Streamed(r.newAttrs) {
		return nil
	}
	return w.record(r)
}

// reindex brings an index up to date, if the row's entry has changed.
func (w *writer) reindex(r *row, l *listing) error {
	oldPK, oldSK := entryKey(r.oldAttrs, l.Index)
	newPK, newSK := entryKey(r.newAttrs, l.Index)
	if oldPK == newPK && oldSK == newSK {
		if newPK == "" || sameEntry(r, l.Index) {
			return nil
		}
		return w.list(l.change, r, l, newPK, newSK)
	}
	if oldPK != "" {
		w.counts.entries.Add(1)
		l.units++
		bindEntry(l.leave, oldPK, oldSK, r.key)
		if err := run(l.leave); err != nil {
			return err
		}
	}
	if newPK == "" {
		return nil
	}
	return w.list(l.enter, r, l, newPK, newSK)
}

// list writes an index's entry of a row.
func (w *writer) list(stmt *sqlite.Stmt, r *row, i *listing, pk, sk string) error {
	w.counts.entries.Add(1)
	i.units++
	bindEntry(stmt, pk, sk, r.key)
	if i.Projects != nil {
		b := &w.buffers
		b.projected = b.projected[:0]
		for _, name := range i.Projects {
			if v, ok := r.newAttrs.Find(name); ok {
				b.projected = append(b.projected, store.Attr{Name: name, Value: v})
			}
		}
		b.entry = appendAttrs(b.entry[:0], b.projected)
		stmt.BindBytes(5, b.entry)
	}
	return run(stmt)
}

// sameEntry reports whether what an index projects of a row stays as it was.
func sameEntry(r *row, i *store.Index) bool {
	for _, name := range i.Projects {
		before, was := r.oldAttrs.Find(name)
		after, is := r.newAttrs.Find(name)
		if was != is || before != after {
			return false
		}
	}
	return true
}

// entryKey returns an item's key in an index, empty if it is not there.
func entryKey(a store.Attrs, i *store.Index) (pk, sk string) {
	p, _ := a.Find(i.PK)
	if p.Kind != store.String || p.Str == "" {
		return "", ""
	}
	s, _ := a.Find(i.SK)
	if s.Kind != store.String || s.Str == "" {
		return "", ""
	}
	return p.Str, s.Str
}

func runItem(stmt *sqlite.Stmt, k store.Key, item []byte) error {
	bindKey(stmt, k)
	stmt.BindBytes(3, item)
	return run(stmt)
}

func bindEntry(stmt *sqlite.Stmt, pk, sk string, k store.Key) {
	stmt.BindText(1, pk)
	stmt.BindText(2, sk)
	stmt.BindText(3, k.PK)
	stmt.BindText(4, k.SK)
}

func bindKey(stmt *sqlite.Stmt, k store.Key) {
	stmt.BindText(1, k.PK)
	stmt.BindText(2, k.SK)
}

// readItem appends the encoded item with key k to b; nil if there is none.
func readItem(stmt *sqlite.Stmt, k store.Key, b []byte) ([]byte, error) {
	bindKey(stmt, k)
	found, err := stmt.Step()
	if err != nil {
		return nil, err
	}
	if found {
		b = appendColumn(b, stmt, 0)
	} else {
		b = nil
	}
	return b, stmt.Reset()
}

// appendColumn appends a column's bytes to b. Its answer is never nil.
func appendColumn(b []byte, stmt *sqlite.Stmt, col int) []byte {
	n := stmt.ColumnLen(col)
	start := len(b)
	if cap(b)-start < n || b == nil {
		b = append(make([]byte, 0, start+n), b...)
	}
	b = b[:start+n]
	stmt.ColumnBytes(col, b[start:])
	return b
}

// text returns b as a string without a copy, for as long as b is not changed.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } // #nosec G103 -- for as long as b is not changed
