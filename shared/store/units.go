package store

import (
	"bytes"
	"strconv"
)

// Size returns an item's size in bytes as DynamoDB reckons it: of names and values,
// where two digits of a number take a byte and each number one more.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func Size(k Key, attrs Attrs) int {
	n := len(PK) + len(k.PK) + len(SK) + len(k.SK)
	var digits [20]byte
	for i := range attrs {
		a := &attrs[i]
		if n += len(a.Name) + len(a.Value.Str); a.Value.Kind == Number {
			n += (len(bytes.TrimRight(strconv.AppendInt(digits[:0], a.Value.Num, 10), "0"))+1)/2 + 1
		}
	}
	return n
}

// WriteUnits returns the write units that DynamoDB takes for an item of so many bytes,
// before the write or after it, whichever is more: one for each kilobyte that is begun.
// A transaction takes twice as many, and a failed condition those of the item that is
// there. Each index whose entry changes takes its own: one to make the entry, to change
// it in its place or to take it away, as none is larger than a kilobyte.
func WriteUnits(bytes int) int64 { return int64(max(bytes+1023, 1024) / 1024) }
