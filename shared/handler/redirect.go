package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
	"deskmove/shared/store"
)

// ChangeReader reads a range of changes from a stream's shard, both ends
// included.
type ChangeReader interface {
	Between(ctx context.Context, shard, first, last string) ([]store.Change, error)
}

// Redirect redirects the conversations that the stream reports.
type Redirect struct {
	Use     func(ctx context.Context, cs []desk.Conversation) (redirected int, errs map[string]error)
	Log     *slog.Logger
	Stream  ChangeReader
	Metrics *metrics.Writer // nil discards metrics
	Now     func() time.Time
	// Late, if not nil, is told when changes come later than LateAfter.
	Late      func(ctx context.Context)
	LateAfter time.Duration
}

// Handle redirects every conversation that was created or whose version changed.
// It returns the first change that failed or could not be read, from which the
// stream is delivered again.
func (h *Redirect) Handle(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	changes := make([]change, len(e.Records))
	for i, record := range e.Records {
		changes[i] = read(record)
	}
	return h.redirect(ctx, changes), nil
}

// change is a record of the stream, as read.
type change struct {
	sequence     string
	at           time.Time // to the second, rounded down; zero if unknown
	conversation desk.Conversation
	ok           bool // the version of a conversation changed
	err          error
}

// read reads a record.
func read(r events.DynamoDBEventRecord) change {
	c, ok, err := changed(r)
	return change{r.Change.SequenceNumber, r.Change.ApproximateCreationDateTime.Time, c, ok, err}
}

// redirect redirects all changes that can be read, even those after one that
// cannot: they are delivered again, but live traffic does not wait for that.
func (h *Redirect) redirect(ctx context.Context, changes []change) events.DynamoDBEventResponse {
	res := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	var cs []desk.Conversation
	var oldest time.Time
	for _, c := range changes {
		if c.ok {
			cs = append(cs, c.conversation)
			if oldest.IsZero() || c.at.Before(oldest) {
				oldest = c.at
			}
		}
	}
	h.tellIfLate(ctx, oldest) // others stand back from now on
	errs := h.redirectMeasured(ctx, cs)
	h.tellIfLate(ctx, oldest)
	for _, c := range changes {
		err := c.err
		if c.ok {
			err = errs[c.conversation.ID]
		}
		if err != nil {
			h.Log.ErrorContext(ctx, "change not redirected", "sequence", c.sequence, "account", c.conversation.Account,
				"channel", c.conversation.Channel, "conversation", c.conversation.ID, "err", err)
			res.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: c.sequence}}
			return res
		}
	}
	return res
}

// tellIfLate tells if a change was made too long ago.
func (h *Redirect) tellIfLate(ctx context.Context, at time.Time) {
	if h.Late != nil && !at.IsZero() && h.Now().Sub(at) > h.LateAfter {
		h.Late(ctx)
	}
}

// redirectMeasured redirects conversations and emits metrics, unless none of
// their channels has moved.
func (h *Redirect) redirectMeasured(ctx context.Context, cs []desk.Conversation) map[string]error {
	if len(cs) == 0 {
		return nil
	}
	redirected, errs := h.Use(ctx, cs)
	if redirected+len(errs) > 0 {
		oldest := cs[0].ChangedAt
		for _, c := range cs {
			if c.ChangedAt.Before(oldest) {
				oldest = c.ChangedAt
			}
		}
		h.Metrics.Emit(nil,
			metrics.Value{Name: metrics.Redirected, Value: int64(redirected)},
			metrics.Value{Name: metrics.RedirectFailed, Value: int64(len(errs))},
			metrics.Value{Name: metrics.RedirectLag, Value: max(h.Now().Sub(oldest).Milliseconds(), 0)}) // clocks differ
	}
	return errs
}

// changed reads a record's conversation; false if it is none, or not in the inbox.
func changed(r events.DynamoDBEventRecord) (desk.Conversation, bool, error) {
	key := store.Key{PK: text(r.Change.Keys[store.PK]), SK: text(r.Change.Keys[store.SK])}
	image, err := attrs(r.Change.NewImage)
	if err != nil || r.EventName == string(events.DynamoDBOperationTypeRemove) {
		return desk.Conversation{}, false, err
	}
	c, ok := store.ReadConversation(key, image)
	return c, ok && store.Streamed(image), nil
}

func text(v events.DynamoDBAttributeValue) string {
	if v.DataType() != events.DataTypeString {
		return ""
	}
	return v.String()
}

// attrs reads an image, without attributes of types that deskmove never writes.
func attrs(image map[string]events.DynamoDBAttributeValue) (store.Attrs, error) {
	a := make(store.Attrs, 0, len(image))
	for name, v := range image {
		switch v.DataType() {
		case events.DataTypeString:
			a = append(a, store.Attr{Name: name, Value: store.S(v.String())})
		case events.DataTypeNumber:
			n, err := strconv.ParseInt(v.Number(), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("attribute %s is not a whole number", name)
			}
			a = append(a, store.Attr{Name: name, Value: store.N(n)})
		case events.DataTypeBinary:
			a = append(a, store.Attr{Name: name, Value: store.B(string(v.Binary()))})
		}
	}
	return a, nil
}

// givenUp is the message that the stream's on-failure destination receives: it
// has the positions of changes, not the changes.
type givenUp struct {
	Info struct {
		Shard string `json:"shardId"`
		First string `json:"startSequenceNumber"`
		Last  string `json:"endSequenceNumber"`
	} `json:"DDBStreamBatchInfo"`
}

// HandleFailed retries changes after the stream's event source mapping has given
// up. It reads them from the stream, which keeps them for 24 hours. Messages
// whose changes fail again are delivered again.
func (h *Redirect) HandleFailed(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	res := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range e.Records {
		if err := h.retry(ctx, m.Body); err != nil {
			h.Log.ErrorContext(ctx, "changes not redirected again", "messageId", m.MessageId, "err", err)
			res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return res, nil
}

func (h *Redirect) retry(ctx context.Context, body string) error {
	var g givenUp
	if err := json.Unmarshal([]byte(body), &g); err != nil {
		return fmt.Errorf("message of the stream's failures: %w", err)
	}
	if g.Info.Shard == "" || g.Info.First == "" || g.Info.Last == "" {
		return errors.New("message of the stream's failures: it lacks a shard or sequence numbers")
	}
	changes, err := h.Stream.Between(ctx, g.Info.Shard, g.Info.First, g.Info.Last)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		// To try again would not help, ever. What came in since the last daily repair the
		// next one lands.
		h.Log.ErrorContext(ctx, "changes have expired from the stream; the daily repair lands them, or repair the channels that have moved",
			"shard", g.Info.Shard, "first", g.Info.First, "last", g.Info.Last)
		return nil
	}
	var cs []desk.Conversation
	for _, change := range changes {
		if c, ok := store.ReadConversation(change.Key, change.New); ok {
			cs = append(cs, c)
		}
	}
	var errs []error
	for id, err := range h.redirectMeasured(ctx, cs) {
		errs = append(errs, fmt.Errorf("conversation %s: %w", id, err))
	}
	return errors.Join(errs...)
}
