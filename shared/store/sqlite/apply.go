package sqlite

import (
	"bytes"
	"fmt"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// row is what one write does to one row. Its slices may be of the writer's
// own buffers.
type row struct {
	table    int
	key      store.Key
	old, new []byte // nil if there is none
	oldAttrs store.Attrs
	newAttrs store.Attrs
}

// write does one write by itself. failed is why it cannot be done; err is an
// error of the database.
func (w *writer) write(x *store.Write, item []byte) (failed, err error) {
	if x.Op == store.Put && len(x.If) == 1 && x.If[0].Test == store.IsAbsent {
		return w.insert(x, item)
	}
	r := row{old: w.old[:0], oldAttrs: w.oldAttrs[:0], new: w.new[:0]}
	failed, err = w.plan(x, item, &r)
	if failed == nil && err == nil {
		err = w.apply(&r)
	}
	if cap(r.old)
	return failed, err
}

// insert puts an item that must be absent, without reading first.
func (w *writer) insert(x *store.Write, item []byte) (failed, err error) {
	r := row{key: x.Key, new: item, newAttrs: x.Set}
	if r.table, err = tableNumber(x.Table); err != nil {
		return nil, err
	}
	stmt := w.tables[r.table].insertNew
	bindKey(stmt, x.Key)
	stmt.BindBytes(3, item)
	if err := run(stmt); err != nil {
		return nil, err
	}
	if w.conn.Changes() == 0 {
		return store.ErrCondition, nil
	}
	return nil, w.follow(&r)
}

// transaction does the writes of a request, all or none.
func (w *writer) transaction(r *request) error {
	w.rows = w.rows[:0]
	var conditions store.ConditionError
	for i := range r.writes {
		w.rows = append(w.rows, row{})
		failed, err := w.plan(&r.writes[i], r.items[i], &w.rows[i])
		switch {
		case err != nil:
			return err
		case failed == store.ErrCondition:
			conditions.Failed = append(conditions.Failed, i)
		case failed != nil:
			r.err = failed
		}
	}
	if conditions.Failed != nil {
		r.err = &conditions
	}
	if r.err != nil {
		return nil
	}
	for i := range w.rows {
		if err := w.apply(&w.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// plan reads the row that x is about, tests the condition and finds out what
// is to be written. Nothing is written yet.
func (w *writer) plan(x *store.Write, item []byte, r *row) (failed, err error) {
	r.table, err = tableNumber(x.Table)
	if err != nil {
		return nil, err
	}
	r.key = x.Key
	if r.old, err = readItem(w.tables[r.table].read, x.Key); err != nil {
		return nil, err
	}
	if r.old != nil {
		if r.oldAttrs, err = decodeAttrs(nil, text(r.old)); err != nil {
			return nil, fmt.Errorf("%s %q: %w", x.Table, x.Key, err)
		}
	}
	if !x.If.Holds(r.oldAttrs, r.old != nil) {
		return store.ErrCondition, nil
	}
	switch x.Op {
	case store.Put:
		r.new, r.newAttrs = item, x.Set
	case store.Update:
		r.newAttrs = x.Apply(r.oldAttrs)
		r.new = appendAttrs(nil, r.newAttrs)
		return fits(x, len(r.new)), nil
	case store.Delete:
	case store.Check:
		r.new, r.newAttrs = r.old, r.oldAttrs
	}
	return nil, nil
}

// apply writes a planned row, its index entry and its change.
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
		bindKey(t.insert, r.key)
		t.insert.BindBytes(3, r.new)
		err = run(t.insert)
	default:
		bindKey(t.update, r.key)
		t.update.BindBytes(3, r.new)
		err = run(t.update)
	}
	if err == nil {
		err = t.reindex(r)
	}
	if err == nil && r.table == streamed {
		err = w.record(r)
	}
	return err
}

// reindex brings the index up to date, if the row's entry has changed.
func (t *statements) reindex(r *row) error {
	oldPK, oldSK := indexKey(r.oldAttrs)
	newPK, newSK := indexKey(r.newAttrs)
	if oldPK == newPK && oldSK == newSK {
		return nil
	}
	if oldPK != "" {
		bindEntry(t.leave, oldPK, oldSK, r.key)
		if err := run(t.leave); err != nil {
			return err
		}
	}
	if newPK == "" {
		return nil
	}
	bindEntry(t.enter, newPK, newSK, r.key)
	return run(t.enter)
}

// indexKey returns an item's key in the index, empty if it is not there.
func indexKey(a store.Attrs) (pk, sk string) {
	pk, sk = a.Str(store.IndexPK), a.Str(store.IndexSK)
	if pk == "" || sk == "" {
		return "", ""
	}
	return pk, sk
}

func bindKey(stmt *sqlite.Stmt, k store.Key) {
	stmt.BindText(1, k.PK)
	stmt.BindText(2, k.SK)
}

func bindEntry(stmt *sqlite.Stmt, pk, sk string, k store.Key) {
	stmt.BindText(1, pk)
	stmt.BindText(2, sk)
	stmt.BindText(3, k.PK)
	stmt.BindText(4, k.SK)
}

// readItem returns the encoded item with key k, nil if there is none.
func readItem(stmt *sqlite.Stmt, k store.Key) ([]byte, error) {
	bindKey(stmt, k)
	found, err := stmt.Step()
	if err != nil {
		return nil, err
	}
	var b []byte
	if found {
		b = columnBytes(stmt, 0)
	}
	return b, stmt.Reset()
}

// columnBytes returns a copy of a column, never nil.
func columnBytes(stmt *sqlite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, b)
	return b
}

// text returns b as a string without a copy; b must not be changed later.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
