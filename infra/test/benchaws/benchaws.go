package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"syscall"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"

	"deskmove/infra/samlocal/tables"
	"deskmove/infra/test/bench/sample"
	"deskmove/shared/app"
	"deskmove/shared/aws"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/support/filetest"
)

// workers is how many invocations of the converter run at a time.
const workers = 8

// Result is what one case prints, as one line of JSON. What is counted is for
// each conversation.
type Result struct {
	Name          string  `json:"name"`
	Conversations int     `json:"conversations"`
	OpenPercent   int     `json:"open_percent"`
	Above1KB      float64 `json:"above_1_kb"`        // share of conversations whose landing took more than one unit
	WriteUnits    float64 `json:"write_units"`       // with those of indexes
	IndexUnits    float64 `json:"index_write_units"` // of write_units
	ReadUnits     float64 `json:"read_units"`
	SQSRequests   float64 `json:"sqs_requests"`
	Invocations   float64 `json:"converter_invocations"`
	CPUMillis     float64 `json:"cpu_ms"`
	Transitions   int64   `json:"transitions_per_move"`
	PlanReads     float64 `json:"plan_read_units_per_move"`
	// Units are the same units by table, or index of it, and operation.
	Units          map[string]float64 `json:"units"`
	DollarsMillion Bill               `json:"dollars_per_million"`
}

// counted is what a move was counted to need.
type counted struct {
	conversations, open        int     // open is in percent
	writes, indexWrites, reads float64 // writes are with those of indexes
	planReads                  float64
	units                      map[string]float64
	sqsRequests, invocations   int64
	transitions                int64
	cpu                        time.Duration
}

// run counts moves of channels of some sizes, one after the other, on an
// endpoint that speaks DynamoDB's protocol, and prints a line of JSON for
// each; with two sizes or more also one for a million, on the straight line
// through the first and the last. It does so for each of some shares of what is
// open, in percent, then for real mail unless that is nil. Its tables are made
// there and belong to this run alone.
func run(ctx context.Context, endpoint string, sizes, open []int, mail mail, out, progress io.Writer) error {
	for _, percent := range open {
		if err := runSizes(ctx, endpoint, sizes, percent, out, progress); err != nil {
			return err
		}
	}
	if mail == nil {
		return nil
	}
	c, err := count(ctx, endpoint, 100, func(h *app.App, files http.Handler) (int, error) {
		routes := http.NewServeMux()
		routes.Handle("/", h.API())
		routes.Handle("/memory/", files) // where large files are put
		return mail(ctx, routes)
	}, progress)
	if err != nil {
		return fmt.Errorf("real mail: %w", err)
	}
	r := c.result()
	r.Name = "aws-mail"
	return json.NewEncoder(out).Encode(r)
}

func runSizes(ctx context.Context, endpoint string, sizes []int, open int, out, progress io.Writer) error {
	var all []counted
	for _, n := range sizes {
		history := sample.History{Conversations: n, Open: open}
		c, err := count(ctx, endpoint, open, func(h *app.App, _ http.Handler) (int, error) {
			return n, history.Batches(false, func(cs []desk.Conversation) error { return patiently(ctx, h, cs) })
		}, progress)
		if err != nil {
			return fmt.Errorf("%d conversations, %d %% open: %w", n, open, err)
		}
		all = append(all, c)
		if err := json.NewEncoder(out).Encode(c.result()); err != nil {
			return err
		}
	}
	if len(all) < 2 || all[0].conversations == all[len(all)-1].conversations {
		return nil
	}
	return json.NewEncoder(out).Encode(line(all[0], all[len(all)-1]).at(1_000_000).result())
}

func (c counted) result() Result {
	n := float64(c.conversations)
	units := make(map[string]float64, len(c.units))
	for name, u := range c.units {
		units[name] = u / n
	}
	return Result{
		Units: units,
		Name:  fmt.Sprintf("aws-%d-open-%d", c.conversations, c.open), Conversations: c.conversations, OpenPercent: c.open,
		Above1KB:   max(0, units[string(store.Conversations)+" UpdateItem"]-1),
		WriteUnits: c.writes / n, IndexUnits: c.indexWrites / n, ReadUnits: c.reads / n,
		SQSRequests: float64(c.sqsRequests) / n, Invocations: float64(c.invocations) / n,
		CPUMillis: float64(c.cpu.Microseconds()) / 1000 / n, Transitions: c.transitions, PlanReads: c.planReads, DollarsMillion: c.bill(),
	}
}

// count moves a channel that is loaded first.
func count(ctx context.Context, endpoint string, openPercent int, load func(h *app.App, files http.Handler) (n int, err error), progress io.Writer) (counted, error) {
	log := slog.New(slog.NewTextHandler(progress, &slog.HandlerOptions{Level: slog.LevelWarn}))
	engine, use, err := open(ctx, endpoint)
	if err != nil {
		return counted{}, err
	}
	q := &queue{messages: make(chan string, 100_000)} // more than any move sends at a time
	m := &machine{starts: make(chan json.RawMessage, 10)}
	files := &filetest.Memory{}
	h := app.New(app.Platform{Engine: engine, Batch: aws.BatchSize, Queue: q, Machine: m, Files: files, Now: time.Now, Log: log})
	if _, err := h.Accounts.Replace(ctx, desk.Caller{}, sample.Setup()); err != nil {
		return counted{}, err
	}
	_, _ = fmt.Fprintln(progress, "taking conversations in")
	n, err := load(h, files)
	if err != nil {
		return counted{}, err
	}
	_, _ = fmt.Fprintf(progress, "%d conversations: moving\n", n)
	planning := use.consumed()
	id, err := start(ctx, h)
	if err != nil {
		return counted{}, err
	}
	before, cpu := use.consumed(), used()
	invocations, err := await(ctx, h, q, m, id, n, log)
	if err != nil {
		return counted{}, err
	}
	c := counted{
		conversations: n, open: openPercent, cpu: used() - cpu, invocations: invocations, transitions: m.transitions.Load(),
		sqsRequests: q.sends.Load() + 2*invocations,
	}
	c.consumed(before, use.consumed())
	var plan counted
	plan.consumed(planning, before)
	c.planReads = plan.reads
	return c, use.complete()
}

// patiently takes conversations in. A peer on a busy machine may need time.
func patiently(ctx context.Context, h *app.App, cs []desk.Conversation) error {
	for {
		err := h.Conversations.Import(ctx, cs)
		if !errors.Is(err, store.ErrThrottled) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// start starts the move, whose plan reads a sample of the channel.
func start(ctx context.Context, h *app.App) (string, error) {
	started, err := h.Starter.Start(ctx, desk.Caller{Account: sample.Account, Agent: "agent01", Role: desk.SuperAdmin}, desk.Choices{
		Channel: sample.Channel, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "waiting", Closed: "solved"},
		Acknowledged: []string{desk.CodeAgentsNoAccess},
	}, desk.Idempotency{})
	return started.ID, err
}

// await waits for the move's end. It returns how often the converter was
// invoked.
func await(ctx context.Context, h *app.App, q *queue, m *machine, id string, n int, log *slog.Logger) (invocations int64, err error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	g, working := errgroup.WithContext(working)
	g.Go(func() error { return m.run(working, h) })
	g.Go(func() error {
		invocations = q.convert(working, h.Convert, workers, log)
		return nil
	})
	g.Go(func() error {
		defer stop()
		return ended(working, h.Moves, id, n)
	})
	err = g.Wait()
	return invocations, err
}

// ended waits for the end of a move that converted n conversations.
func ended(ctx context.Context, moves store.MoveStore, id string, n int) error {
	for {
		m, err := moves.Get(ctx, sample.Account, id)
		switch {
		case err != nil:
			return err
		case m.Status == desk.Done && m.Report.Created == int64(n) && m.Report.InboxSum == m.Report.DeskSum:
			return nil
		case !m.EndedAt.IsZero():
			return fmt.Errorf("the move ended wrongly: %+v", m)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second): // a read each: seldom enough not to count
		}
	}
}

// open makes tables for this run on an endpoint, and meters their use.
func open(ctx context.Context, endpoint string) (*dynamo.Engine, *meter, error) {
	prefix := fmt.Sprintf("bench-%d-", time.Now().UnixNano())
	use := &meter{prefix: prefix}
	client, streams := dynamo.Clients(sdk.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		APIOptions:  []func(*middleware.Stack) error{use.attach},
	})
	names := dynamo.Tables{Conversations: prefix + "conversations", Control: prefix + "control"}
	if err := tables.Create(ctx, client, names); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("endpoint %s: it must be that of a peer that speaks DynamoDB's protocol, such as make peers installs", endpoint), err)
	}
	// Nobody reads the stream here and it costs no units, but a peer's writes
	// take longer the more changes it keeps.
	_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: &names.Conversations, StreamSpecification: &types.StreamSpecification{StreamEnabled: sdk.Bool(false)},
	})
	return dynamo.New(client, streams, names), use, err
}

// consumed adds up what was consumed in between.
func (c *counted) consumed(before, after map[usage]float64) {
	c.units = make(map[string]float64)
	for u, units := range after {
		total := units - before[u]
		name := string(u.table)
		if u.index != "" {
			name += "/" + u.index
		}
		c.units[name+" "+u.operation] += total
		switch {
		case u.reads():
			c.reads += total
		default:
			c.writes += total
			if u.index != "" {
				c.indexWrites += total
			}
		}
	}
}

// used is the CPU that this process has used.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
