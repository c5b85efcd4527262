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

// ChangeReader reads a stretch of a stream's shard again, both ends included.
type ChangeReader interface {
	Between(ctx context.Context, shard, first, last string) ([]store.Change, error)
}

// Redirect redirects the conversations that the stream reports.
type Redirect struct {
	Use     func(ctx context.Context, cs []desk.Conversation) (redirected int, errs map[string]error)
	Log     *slog.Logger
	Stream  ChangeReader
	Metrics *metrics.Writer // nil measures nothing
	Now     func() time.Time
}

// Handle redirects every conversation that was made or whose version changed,
// and names the first change that failed or that it cannot read: a stream goes
// on from there.
func (h *Redirect) Handle(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	changes := make([]change, len(e.Records))
	for i, record := range e.Records {
		changes[i] = read(record)
	}
	return h.redirect(ctx, changes), nil
}

// change is what a record of the stream says.
type change struct {
	sequence     string
	conversation desk.Conversation
	ok           bool // it is a change of a conversation's version
	err          error
}

// read reads a record.
func read(r events.DynamoDBEventRecord) change {
	c, ok, err := changed(r)
	return change{r.Change.SequenceNumber, c, ok, err}
}

// redirect redirects what can be read, also behind what cannot: it is
// delivered again, but live traffic does not wait for that.
func (h *Redirect) redirect(ctx context.Context, changes []change) events.DynamoDBEventResponse {
	res := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	var cs []desk.Conversation
	for _, c := range changes {
		if c.ok {
			cs = append(cs, c.conversation)
		}
	}
	errs := h.use(ctx, cs)
	for _, c := range changes {
		err := c.err
		if c.ok {
			err = errs[c.conversation.ID]
		}
		if err != nil {
			h.Log.ErrorContext(ctx, "change not redirected", "sequence", c.sequence, "conversation", c.conversation.ID, "err", err)
			res.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: c.sequence}}
			return res
		}
	}
	return res
}

// use redirects conversations and measures it, unless they are all of
// channels that stay in the inbox.
func (h *Redirect) use(ctx context.Context, cs []desk.Conversation) map[string]error {
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

// changed reads the conversation of a change; false if the change is none of
// a version.
func changed(r events.DynamoDBEventRecord) (desk.Conversation, bool, error) {
	key := store.Key{PK: text(r.Change.Keys[store.PK]), SK: text(r.Change.Keys[store.SK])}
	image, err := attrs(r.Change.NewImage)
	if err != nil || r.EventName == string(events.DynamoDBOperationTypeRemove) {
		return desk.Conversation{}, false, err
	}
	old, err := attrs(r.Change.OldImage)
	if err != nil || (len(old) > 0 && old.Num(store.Version) == image.Num(store.Version)) {
		return desk.Conversation{}, false, err
	}
	c, ok := store.ReadConversation(key, image)
	return c, ok, nil
}

func text(v events.DynamoDBAttributeValue) string {
	if v.DataType() != events.DataTypeString {
		return ""
	}
	return v.String()
}

// attrs reads an image. Attributes of kinds that deskmove does not write are
// left out.
func attrs(image map[string]events.DynamoDBAttributeValue) (store.Attrs, error) {
	a := make(store.Attrs, 0, len(image))
	for name, v := range image {
		switch v.DataType() {
		case events.DataTypeString:
			a = append(a, store.Attr{Name: name, Value: store.S(v.String())})
		case events.DataTypeNumber:
			n, err := strconv.ParseInt(v.Number(), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("attribute %s is no whole number", name)
			}
			a = append(a, store.Attr{Name: name, Value: store.N(n)})
		case events.DataTypeBinary:
			a = append(a, store.Attr{Name: name, Value: store.B(string(v.Binary()))})
		}
	}
	return a, nil
}

// givenUp is what the stream's on-failure destination is sent: where the
// changes are, not the changes.
type givenUp struct {
	Info struct {
		Shard string `json:"shardId"`
		First string `json:"startSequenceNumber"`
		Last  string `json:"endSequenceNumber"`
	} `json:"DDBStreamBatchInfo"`
}

// HandleFailed tries again what the stream's mapping gave up: it reads the
// changes from the stream, which keeps them for 24 hours. What fails again is
// delivered again.
func (h *Redirect) HandleFailed(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	res := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range e.Records {
		if err := h.again(ctx, m.Body); err != nil {
			h.Log.ErrorContext(ctx, "changes not redirected again", "messageId", m.MessageId, "err", err)
			res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return res, nil
}

func (h *Redirect) again(ctx context.Context, body string) error {
	var g givenUp
	if err := json.Unmarshal([]byte(body), &g); err != nil {
		return fmt.Errorf("message of the stream's failures: %w", err)
	}
	if g.Info.Shard == "" || g.Info.First == "" || g.Info.Last == "" {
		return errors.New("message of the stream's failures: it names no shard or no changes")
	}
	changes, err := h.Stream.Between(ctx, g.Info.Shard, g.Info.First, g.Info.Last)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return fmt.Errorf("shard %s: changes %s to %s are kept no more: retry the moves of the channels concerned", g.Info.Shard, g.Info.First, g.Info.Last)
	}
	var cs []desk.Conversation
	for _, change := range changes {
		if c, ok := store.ReadConversation(change.Key, change.New); ok {
			cs = append(cs, c)
		}
	}
	var errs []error
	for id, err := range h.use(ctx, cs) {
		errs = append(errs, fmt.Errorf("conversation %s: %w", id, err))
	}
	return errors.Join(errs...)
}
