package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// Queries run from a bound that is included to one that is not. Both are
// exact, since the string after s is s+"\x00", and an empty BLOB comes after
// every TEXT.
const (
	tableQuery = "SELECT sk, item FROM %s WHERE pk = ?1 AND sk >= ?2 AND sk < ?3 ORDER BY sk %s LIMIT ?4"
	indexQuery = "SELECT isk, pk, sk%[3]s FROM %[1]s WHERE ipk = ?1 AND (isk, pk, sk) >= (?2, ?5, ?6) AND (isk, pk, sk) < (?3, ?7, ?8)" +
		" ORDER BY isk %[2]s, pk %[2]s, sk %[2]s LIMIT ?4"
	tableCount = "SELECT count(*) FROM (SELECT 1 FROM %s WHERE pk = ?1 AND sk >= ?2 AND sk < ?3 LIMIT ?4)"
	indexCount = "SELECT count(*) FROM (SELECT 1 FROM %s WHERE ipk = ?1 AND isk >= ?2 AND isk < ?3 LIMIT ?4)"
)

// Query implements store.Engine. A page ends early at about a megabyte.
func (e *Engine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if _, err := tableNumber(q.Table); err != nil {
		return store.Page{}, err
	}
	if q.Limit < 1 {
		return store.Page{}, fmt.Errorf("query %s: limit %d is less than 1", q.Table, q.Limit)
	}
	r, err := e.readerOf(ctx, q.Table)
	if err != nil {
		return store.Page{}, err
	}
	defer e.free(r)
	page, err := r.query(q)
	if err != nil {
		return store.Page{}, fmt.Errorf("query %s %q: %w", q.Table, q.PK, translate(err))
	}
	return page, nil
}

// Count implements store.Engine.
func (e *Engine) Count(ctx context.Context, q store.Query) (n int, _ error) {
	table, err := tableNumber(q.Table)
	if err != nil {
		return 0, err
	}
	if q.Limit < 1 {
		return 0, fmt.Errorf("count %s: limit %d is less than 1", q.Table, q.Limit)
	}
	r, err := e.readerOf(ctx, q.Table)
	if err != nil {
		return 0, err
	}
	defer e.free(r)
	stmt := r.countTable[table]
	if q.Index != nil {
		i, err := indexOf(q.Index)
		if err != nil {
			return 0, err
		}
		stmt = r.countIndex[i]
	}
	stmt.BindText(1, q.PK)
	q.After = ""
	bindBounds(stmt, q)
	stmt.BindInt64(4, int64(q.Limit))
	if _, err := stmt.Step(); err != nil {
		return 0, fmt.Errorf("count %s %q: %w", q.Table, q.PK, translate(err))
	}
	n = stmt.ColumnInt(0)
	return n, stmt.Reset()
}

func (r *reader) query(q store.Query) (store.Page, error) {
	stmt, err := r.statement(q)
	if err != nil {
		return store.Page{}, err
	}
	stmt.BindText(1, q.PK)
	stmt.BindInt64(4, int64(q.Limit)+1)
	if q.Index != nil {
		err = bindIndexBounds(stmt, q)
	} else {
		err = bindTableBounds(stmt, q)
	}
	if err != nil {
		return store.Page{}, err
	}
	return collectPage(stmt, q)
}

// statement returns the statement for queries like q.
func (r *reader) statement(q store.Query) (*sqlite.Stmt, error) {
	direction := 0
	if q.Descending {
		direction = 1
	}
	if q.Index == nil {
		n, err := tableNumber(q.Table)
		return r.ofTable[n][direction], err
	}
	n, err := indexOf(q.Index)
	if err == nil && q.Index.Table != q.Table {
		err = fmt.Errorf("index %q is one of table %q", q.Index.Name, q.Index.Table)
	}
	return r.ofIndex[n][direction], err
}

// collectPage reads the rows of a query. One more than the limit was asked
// for, which tells whether there is another page.
func collectPage(stmt *sqlite.Stmt, q store.Query) (store.Page, error) {
	var p store.Page
	for bytes := 0; ; {
		found, err := stmt.Step()
		if err != nil {
			return store.Page{}, err
		}
		if !found {
			return p, stmt.Reset()
		}
		if len(p.Items) == q.Limit || bytes >= pageBytes {
			p.Next = cursor(q, p.Items[len(p.Items)-1])
			return p, stmt.Reset()
		}
		item, size, err := queried(stmt, q)
		if err != nil {
			return store.Page{}, errors.Join(err, stmt.Reset())
		}
		bytes += size
		p.Items = append(p.Items, item)
	}
}

// queried returns the item of a row and its size.
func queried(stmt *sqlite.Stmt, q store.Query) (item store.Item, size int, err error) {
	if q.Index != nil {
		return entry(stmt, q)
	}
	b := appendColumn(nil, stmt, 1)
	item.Key = store.Key{PK: q.PK, SK: stmt.ColumnText(0)}
	if item.Attrs, err = decodeAttrs(nil, text(b)); err != nil {
		err = fmt.Errorf("%q: %w", item.Key, err)
	}
	return item, len(b), err
}

// entry is queried for an index.
func entry(stmt *sqlite.Stmt, q store.Query) (item store.Item, size int, err error) {
	isk := stmt.ColumnText(0)
	item.Key = store.Key{PK: stmt.ColumnText(1), SK: stmt.ColumnText(2)}
	item.Attrs = make(store.Attrs, 0, 2+len(q.Index.Projects))
	item.Attrs = append(item.Attrs, store.Attr{Name: q.Index.PK, Value: store.S(q.PK)}, store.Attr{Name: q.Index.SK, Value: store.S(isk)})
	size = len(isk) + len(item.Key.PK) + len(item.Key.SK)
	if q.Index.Projects == nil {
		return item, size, nil
	}
	b := appendColumn(nil, stmt, 3)
	if item.Attrs, err = decodeAttrs(item.Attrs, text(b)); err != nil {
		err = fmt.Errorf("index %s, %q: %w", q.Index.Name, item.Key, err)
	}
	return item, size + len(b), err
}

// isWithin reports whether a query covers a sort key. One that goes on elsewhere was not
// begun by it.
func isWithin(q store.Query, sk string) bool { return q.From <= sk && (q.To == "" || sk <= q.To) }

func bindTableBounds(stmt *sqlite.Stmt, q store.Query) error {
	if q.After != "" && !isWithin(q, q.After) {
		return store.ErrCursor
	}
	bindBounds(stmt, q)
	return nil
}

func bindBounds(stmt *sqlite.Stmt, q store.Query) {
	from, to := q.From, ""
	if q.To != "" {
		to = q.To + "\x00"
	}
	switch {
	case q.After == "":
	case q.Descending:
		to = q.After
	default:
		from = q.After + "\x00"
	}
	stmt.BindText(2, from)
	bindEnd(stmt, 3, to)
}

func bindIndexBounds(stmt *sqlite.Stmt, q store.Query) error {
	from, to := [3]string{q.From}, [3]string{}
	if q.To != "" {
		to[0] = q.To + "\x00"
	}
	if q.After != "" {
		after, err := parseCursor(q.After)
		if err != nil {
			return err
		}
		if !isWithin(q, after[0]) {
			return store.ErrCursor
		}
		if q.Descending {
			to = after
		} else {
			from = after
			from[2] += "\x00"
		}
	}
	stmt.BindText(2, from[0])
	stmt.BindText(5, from[1])
	stmt.BindText(6, from[2])
	bindEnd(stmt, 3, to[0])
	stmt.BindText(7, to[1])
	stmt.BindText(8, to[2])
	return nil
}

// bindEnd binds an excluded bound; the empty one is open.
func bindEnd(stmt *sqlite.Stmt, param int, end string) {
	if end == "" {
		stmt.BindBytes(param, nil)
	} else {
		stmt.BindText(param, end)
	}
}

// cursor returns the place of an item in a query: its sort key, or in the
// index the three parts of its place, the first two with their lengths.
func cursor(q store.Query, last store.Item) string {
	if q.Index == nil {
		return last.Key.SK
	}
	isk := last.Attrs.Str(q.Index.SK)
	return fmt.Sprintf("%d,%d:%s%s%s", len(isk), len(last.Key.PK), isk, last.Key.PK, last.Key.SK)
}

func parseCursor(s string) (place [3]string, err error) {
	head, rest, ok := strings.Cut(s, ":")
	var isk, pk int
	if _, err := fmt.Sscanf(head, "%d,%d", &isk, &pk); err != nil || !ok ||
		isk < 0 || pk < 0 || isk > len(rest) || pk > len(rest)-isk {
		return place, store.ErrCursor
	}
	return [3]string{rest[:isk], rest[isk : isk+pk], rest[isk+pk:]}, nil
}
