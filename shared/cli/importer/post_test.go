package importer

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/client"
	"deskmove/shared/mail"
	"deskmove/shared/mail/thread"
)

// taker is an API that takes every message into one conversation.
type taker struct{ taken atomic.Int64 }

func (a *taker) RoundTrip(r *http.Request) (*http.Response, error) {
	body := `{"conversationId":"c","messageId":"m"}`
	if r.Method == http.MethodPost {
		a.taken.Add(1)
	}
	return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A thread of any length costs the same for each message.
func TestLongThread(t *testing.T) {
	const length = 2000
	spool, err := mail.NewSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Close() }()
	for i := range length {
		h := mail.Header{File: "f", Number: i + 1, ID: fmt.Sprint(i, "@x"), From: mail.Address{Address: "a@x"}, Date: time.Unix(int64(i), 0).UTC()}
		if i > 0 {
			h.InReplyTo = []string{fmt.Sprint(i-1, "@x")}
		}
		if err := spool.Add(mail.Message{Header: h, Text: "hi"}); err != nil {
			t.Fatal(err)
		}
	}
	var asked atomic.Int64
	own := func(string) bool { asked.Add(1); return false }
	threads, _ := thread.Build(spool.Headers(), own)
	if len(threads) != 1 {
		t.Fatalf("%d threads", len(threads))
	}
	asked.Store(0)
	api := &taker{}
	r := &run{api: client.With("http://x.example", "t", api), people: people{own: own}, spool: spool, threads: threads}
	if err := r.post(t.Context()); err != nil || api.taken.Load() != length || r.summary.Added != length {
		t.Fatalf("%d taken, %+v, %v", api.taken.Load(), r.summary, err)
	}
	if n := asked.Load(); n > 4*length {
		t.Errorf("%d messages took %d looks at senders", length, n)
	}
}
