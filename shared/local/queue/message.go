package queue

import (
	"crypto/md5" // #nosec G501 -- SQS's own checksum, not a secret
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/local/db"
)

// row is a message as the file has it.
type row struct {
	id, visible, receipt, receives, sent, first int64

	source, uuid, body string
}

const columns = "id, visible, receipt, receives, sent, first, source, uuid, body"

func scan(r db.Row) row {
	return row{
		id: r.Int(0), visible: r.Int(1), receipt: r.Int(2), receives: r.Int(3), sent: r.Int(4), first: r.Int(5),
		source: r.Text(6), uuid: r.Text(7), body: r.Text(8),
	}
}

// Message is a message that was received or looked at.
type Message struct {
	ID            string // of the message; a duplicate has the same
	Receipt       string // of this receive; "" if only looked at
	Body          string
	Receives      int // this one included
	Sent          time.Time
	FirstReceived time.Time // zero if never
	Source        string    // of a dead letter: the queue that it was in
}

func (r row) message() Message {
	m := Message{ID: r.uuid, Body: r.body, Receives: int(r.receives), Sent: time.UnixMilli(r.sent).UTC(), Source: r.source}
	if r.receipt != 0 {
		m.Receipt = strconv.FormatInt(r.id, 36) + "." + strconv.FormatInt(r.receipt, 36)
	}
	if r.first != 0 {
		m.FirstReceived = time.UnixMilli(r.first).UTC()
	}
	return m
}

func parseReceipt(s string) (id, receipt int64, err error) {
	a, b, _ := strings.Cut(s, ".")
	id, err1 := strconv.ParseInt(a, 36, 64)
	receipt, err2 := strconv.ParseInt(b, 36, 64)
	if err1 != nil || err2 != nil || receipt == 0 {
		return 0, 0, errors.New("receipt handle is invalid")
	}
	return id, receipt, nil
}

// md5Of is the checksum that SQS adds to a body.
func md5Of(body string) string {
	sum := md5.Sum([]byte(body)) // #nosec G401 -- as above
	return hex.EncodeToString(sum[:])
}
