package handler_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local/streams"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// header is a conversation's item.
func header(c desk.Conversation) storetest.Written {
	return storetest.Items(func(e store.Engine) {
		_ = store.ConversationStore{Engine: e}.Import(context.Background(), []desk.Conversation{c}) // never fails
	})[0]
}

// record is a change of an item as the stream's mapping hands it over.
func record(sequence string, key store.Key, was, is store.Attrs) events.DynamoDBEventRecord {
	return streams.Record(&store.Change{Sequence: sequence, Key: key, Old: was, New: is}, "shard", "stream")
}

// TestR18WhatTheStreamRedirects: conversations that live in the inbox, new or
// changed, at once, without waiting for an audit. A landed one is nobody's business
// here, as its messages are applied when they are taken in (R19); on AWS the
// mapping's filter drops it before.
func TestR18WhatTheStreamRedirects(t *testing.T) {
	at := func(rev int64, home desk.Home) store.Attrs {
		return header(desk.Conversation{Account: "acme", ID: "c1", Channel: "mail", Rev: rev, Home: home}).New
	}
	key := store.HeaderKey("acme", "c1")
	message := storetest.Items(func(e store.Engine) {
		_ = store.MessageStore{Engine: e}.Begin(context.Background(), desk.Conversation{Account: "acme", ID: "c1"}, desk.Message{Account: "acme", Conversation: "c1", ID: "m1"}, nil)
	})[1]
	for name, test := range map[string]struct {
		change events.DynamoDBEventRecord
		want   []string
	}{
		"new":                        {record("1", key, nil, at(1, desk.Inbox)), []string{"c1"}},
		"a reply":                    {record("1", key, at(1, desk.Inbox), at(2, desk.Inbox)), []string{"c1"}},
		"the landing":                {record("1", key, at(1, desk.Inbox), at(2, desk.HelpDesk)), nil},
		"a reply after it":           {record("1", key, at(2, desk.HelpDesk), at(3, desk.HelpDesk)), nil},
		"imported into the helpdesk": {record("1", key, nil, at(1, desk.HelpDesk)), nil},
		"a message":                  {record("1", message.Key, nil, message.New), nil},
		"gone":                       {record("1", key, at(1, desk.Inbox), nil), nil},
	} {
		var got []string
		h := handler.Redirect{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Use: func(_ context.Context, cs []desk.Conversation) (int, map[string]error) {
			for _, c := range cs {
				got = append(got, c.ID)
			}
			return len(cs), nil
		}}
		res, err := h.Handle(t.Context(), events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{test.change}})
		if err != nil || len(res.BatchItemFailures) != 0 || !slices.Equal(got, test.want) {
			t.Errorf("%s: redirected %v, %v, %v; want %v", name, got, res, err, test.want)
		}
	}
}

func TestR18TheStreamGoesOnFromTheFirstFailure(t *testing.T) {
	h := handler.Redirect{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Use: func(context.Context, []desk.Conversation) (int, map[string]error) {
		return 1, map[string]error{"c2": errors.New("busy"), "c3": errors.New("busy")}
	}}
	var e events.DynamoDBEvent
	for i, id := range []string{"c1", "c2", "c3"} {
		new := header(desk.Conversation{Account: "acme", ID: id, Channel: "mail", Rev: 1, Home: desk.Inbox})
		e.Records = append(e.Records, record(string(rune('1'+i)), new.Key, nil, new.New))
	}
	res, err := h.Handle(t.Context(), e)
	if err != nil || len(res.BatchItemFailures) != 1 || res.BatchItemFailures[0].ItemIdentifier != "2" {
		t.Errorf("failures = %v, %v; want change 2", res, err)
	}
}

// noChanges is a stream that has none of the changes that it is asked for.
type noChanges struct{}

func (noChanges) Between(context.Context, string, string, string) ([]store.Change, error) {
	return nil, nil
}

// TestExpiredChangesAreLetGo: what the stream has no more is not tried again for ever,
// and the log says so.
func TestExpiredChangesAreLetGo(t *testing.T) {
	var log bytes.Buffer
	h := handler.Redirect{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), Stream: noChanges{}}
	res, err := h.HandleFailed(t.Context(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "1", Body: `{"DDBStreamBatchInfo": {"shardId": "s", "startSequenceNumber": "17", "endSequenceNumber": "19"}}`},
		{MessageId: "2", Body: `{}`},
	}})
	if err != nil || len(res.BatchItemFailures) != 1 || res.BatchItemFailures[0].ItemIdentifier != "2" {
		t.Errorf("failures = %v, %v; want message 2", res, err)
	}
	if !strings.Contains(log.String(), "changes have expired") || !strings.Contains(log.String(), "first=17 last=19") {
		t.Errorf("log = %s", &log)
	}
}
