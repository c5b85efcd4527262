package transfer

import (
	"errors"
	"io"
	"iter"

	"deskmove/shared/api"
	"deskmove/shared/exchange"
)

// lines reads lines of a part of a file, which has been checked.
func lines(in io.ReaderAt, from, to int64) exchange.Decoder {
	return exchange.NewDecoder(io.NewSectionReader(in, from, to-from))
}

// messages are those in a part of a file. They are read anew each time, one at a time: a
// conversation may be larger than what fits in memory.
func messages(in io.ReaderAt, from, to int64) iter.Seq2[api.MessageFacts, error] {
	return func(yield func(api.MessageFacts, error) bool) {
		for d := lines(in, from, to); ; {
			l, err := d.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(api.MessageFacts{}, err)
				return
			}
			if !yield(*l.Message, nil) {
				return
			}
		}
	}
}
