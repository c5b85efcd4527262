package transfer

import (
	"encoding/json"
	"errors"
	"io"
	"iter"

	"deskmove/shared/api"
	"deskmove/shared/exchange"
)

// reader reads lines of a part of a file, which has been checked.
type reader struct{ from *json.Decoder }

func lines(in io.ReaderAt, from, to int64) reader {
	return reader{json.NewDecoder(io.NewSectionReader(in, from, to-from))}
}

// conversation returns the next line, which is one.
func (r reader) conversation() (*api.ConversationFacts, error) {
	var l exchange.Line
	err := r.from.Decode(&l)
	return l.Conversation, err
}

// messages are those in a part of a file. They are read anew each time, one at a time: a
// conversation may be larger than what fits in memory.
func messages(in io.ReaderAt, from, to int64) iter.Seq2[api.MessageFacts, error] {
	return func(yield func(api.MessageFacts, error) bool) {
		for r := lines(in, from, to); ; {
			var l exchange.Line
			err := r.from.Decode(&l)
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
