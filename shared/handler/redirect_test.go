package handler_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/store"
)

type image = map[string]events.DynamoDBAttributeValue

// header is a conversation's image at a version; home is what the marker sets.
func header(id, version, home string) image {
	return image{
		"acct": events.NewStringAttribute("acme"), "id": events.NewStringAttribute(id), "channel": events.NewStringAttribute("mail"),
		store.Version: events.NewNumberAttribute(version), "home": events.NewStringAttribute(home),
	}
}

func change(name, sequence, sk string, was, is image) events.DynamoDBEventRecord {
	return events.DynamoDBEventRecord{EventName: name, Change: events.DynamoDBStreamRecord{
		Keys:           image{"pk": events.NewStringAttribute("A#acme#C#c1"), "sk": events.NewStringAttribute(sk)},
		SequenceNumber: sequence, OldImage: was, NewImage: is,
	}}
}

// TestR18WhatTheStreamRedirects: conversations that are new or have a new
// version (R19), at once, without waiting for an audit.
func TestR18WhatTheStreamRedirects(t *testing.T) {
	for name, test := range map[string]struct {
		change events.DynamoDBEventRecord
		want   []string
	}{
		"new":             {change("INSERT", "1", "H", nil, header("c1", "1", "inbox")), []string{"c1"}},
		"a reply":         {change("MODIFY", "1", "H", header("c1", "1", "inbox"), header("c1", "2", "inbox")), []string{"c1"}},
		"marked, a reply": {change("MODIFY", "1", "H", header("c1", "1", "helpdesk"), header("c1", "2", "helpdesk")), []string{"c1"}},
		"the marker":      {change("MODIFY", "1", "H", header("c1", "1", "inbox"), header("c1", "1", "helpdesk")), nil},
		"a message":       {change("INSERT", "1", "M#m1", nil, image{"id": events.NewStringAttribute("m1")}), nil},
		"gone":            {change("REMOVE", "1", "H", header("c1", "1", "inbox"), nil), nil},
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
		e.Records = append(e.Records, change("INSERT", string(rune('1'+i)), "H", nil, header(id, "1", "inbox")))
	}
	res, err := h.Handle(t.Context(), e)
	if err != nil || len(res.BatchItemFailures) != 1 || res.BatchItemFailures[0].ItemIdentifier != "2" {
		t.Errorf("failures = %v, %v; want change 2", res, err)
	}
}
