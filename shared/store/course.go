package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Attributes of a move's course.
const (
	aSamples = "samples"
	aNotes   = "n"
	aWaits   = "waits"
	aSince   = "since"
	aStand   = "stand"
	aMovedAt = "moved"
)

// Course reads what a move has noted of itself, maybe not the latest; empty if
// nothing.
func (s LedgerStore) Course(ctx context.Context, account, id string) (c desk.Course, err error) {
	items, err := s.Engine.Get(ctx, Control, []Key{courseKey(account, id)}, Eventual)
	if err != nil || len(items) == 0 {
		return c, err
	}
	a := items[0].Attrs
	c = desk.Course{
		Planned: a.Num(AttrPlanned), Waits: desk.WaitCode(a.Str(aWaits)), Since: a.Time(aSince), Written: int(a.Num(aNotes)),
		Stand: a.Str(aStand), MovedAt: a.Time(aMovedAt),
	}
	if c.Samples, err = readSamples(a.Str(aSamples)); err != nil {
		err = fmt.Errorf("course of move %s: %w", id, err)
	}
	return c, err
}

// Note writes a move's course, which has been written once more than when it was
// read; desk.ErrChanged if it was written meanwhile.
func (s LedgerStore) Note(ctx context.Context, account, id string, c desk.Course) error {
	was := Absent()
	if c.Written > 1 {
		was = Equals(aNotes, N(int64(c.Written-1)))
	}
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Put, Table: Control, Key: courseKey(account, id), If: was,
		Set: Attrs{}.num(aNotes, int64(c.Written)).num(AttrPlanned, c.Planned).str(aWaits, string(c.Waits)).time(aSince, c.Since).
			str(aStand, c.Stand).time(aMovedAt, c.MovedAt).bin(aSamples, writeSamples(c.Samples)),
	}}))
	if errors.Is(err, ErrCondition) {
		err = desk.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("course of move %s: %w", id, err)
	}
	return nil
}

// Samples are numbers of variable length, each the difference from the one of the
// sample before, so that all of them have a few kilobytes.
func writeSamples(ss []desk.Sample) string {
	var b []byte
	var last [7]int64
	for _, s := range ss {
		now := [7]int64{s.At.UnixMilli(), s.Done, s.Created, s.AsIs, s.Live, s.Failed, s.Open}
		for i := range now {
			b = binary.AppendVarint(b, now[i]-last[i])
		}
		last = now
	}
	return string(b)
}

func readSamples(s string) (ss []desk.Sample, _ error) {
	var n [7]int64
	for b := []byte(s); len(b) > 0; {
		for i := range n {
			by, size := binary.Varint(b)
			if size <= 0 {
				return ss, errors.New("its samples are cut off")
			}
			n[i] += by
			b = b[size:]
		}
		ss = append(ss, desk.Sample{
			At: time.UnixMilli(n[0]).UTC(), Done: n[1], Created: n[2], AsIs: n[3], Live: n[4], Failed: n[5], Open: n[6],
		})
	}
	return ss, nil
}
