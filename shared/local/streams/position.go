package streams

import (
	"context"
	"encoding/json"
	"fmt"

	"deskmove/shared/local/db"
)

// Schema is the part of the file that streams need.
const Schema = `
CREATE TABLE IF NOT EXISTS stream_position (
  mapping TEXT NOT NULL,
  shard   TEXT NOT NULL,
  after   TEXT NOT NULL, -- sequence number of the last change that is done
  work    TEXT NOT NULL, -- the batches that were made of those behind it, as JSON
  PRIMARY KEY (mapping, shard)
) STRICT, WITHOUT ROWID;
`

// position is how far a mapping is with a shard.
type position struct {
	after   string  // sequence number of the last change that is done
	batches []batch // that were made of the changes behind it and are not done
}

// batch is the changes up to a sequence number, from the end of the batch
// before it on.
type batch struct {
	To     string `json:"to"`
	Failed int    `json:"failed,omitempty"` // attempts that failed
	// Begun counts the attempts since the last that failed. They are many if
	// the process died during each.
	Begun int `json:"begun,omitempty"`
}

func (p *position) load(ctx context.Context, d *db.DB, mapping, shard string) error {
	return d.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT after, work FROM stream_position WHERE mapping = ? AND shard = ?", func(row db.Row) error {
			p.after, p.batches = row.Text(0), nil
			return json.Unmarshal([]byte(row.Text(1)), &p.batches)
		}, mapping, shard)
	})
}

func (p *position) save(ctx context.Context, d *db.DB, mapping, shard string) error {
	batches, err := json.Marshal(p.batches)
	if err != nil {
		return err
	}
	return d.Do(ctx, func(tx db.Tx) error {
		return tx.Exec(`INSERT INTO stream_position (mapping, shard, after, work) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET after = excluded.after, work = excluded.work`,
			mapping, shard, p.after, string(batches))
	})
}

// splitFirst makes two batches of the first, of which one ends at a sequence
// number.
func (p *position) splitFirst(at string) {
	first := p.batches[0]
	first.To = at
	p.batches = append([]batch{first}, p.batches...)
}

// Positions returns, for each shard, the sequence number of the last change
// that a function is done with.
func Positions(ctx context.Context, d *db.DB, functionName string) (map[string]string, error) {
	after := map[string]string{}
	err := d.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT shard, after FROM stream_position WHERE mapping = ?", func(r db.Row) error {
			after[r.Text(0)] = r.Text(1)
			return nil
		}, functionName)
	})
	if err != nil {
		return nil, fmt.Errorf("stream positions of function %s: %w", functionName, err)
	}
	return after, nil
}
