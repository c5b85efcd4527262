package peers_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"deskmove/infra/test/peers"
	"deskmove/shared/api"
	"deskmove/shared/cli/demo"
	"deskmove/shared/cli/traffic"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// Of the account that moves.
const (
	account = "demo"
	changes = 10 // a second
)

// scene is an account in a stack on ministack.
type scene struct {
	*deployment
	t     *testing.T
	began time.Time
	admin *client.Client

	conversations int           // in about three times as many messages
	patience      time.Duration // for a move

	settings map[string][]byte // of channels, before the move
	traffic  *traffic.Traffic
	stop     func() error // ends the traffic
}

// TestStack moves a channel on ministack, in the stack that template.yaml
// describes, while customers and agents go on. Everything goes by HTTP through
// API Gateway, with tokens of the user pool, and through the functions; at the
// end nothing may be lost or doubled.
//
// Kinder than AWS, or other: ministack has strong indexes, retries no change
// of the stream that a function names as failed, and does not delete messages
// of a batch whose failures are null.
func TestStack(t *testing.T) {
	s := open(t, peers.Ministack(t), "deskmove-e2e")
	s.conversations, s.patience = 1000, 8*time.Minute
	s.door()
	s.flow(s.load())
	rehearsal := s.move("rehearsal")
	report := s.move("move")
	time.Sleep(3 * time.Second) // the moved channel's life goes on
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	s.lap("%d changes meanwhile", s.traffic.Stats().Changes())
	if rehearsal.Found == 0 || report.Created == 0 || report.Redirected == 0 || report.Failed != 0 || !report.Checksum.Equal {
		t.Errorf("rehearsal %+v, report %+v", rehearsal, report)
	}
	s.compare(report.MoveID)
	s.noDead()
}

// open deploys the stack, and signs the account's administrator in.
func open(t *testing.T, url, stack string) *scene {
	t.Helper()
	configure(t, url, `{"stepfunctions._SFN_WAIT_SCALE": 1}`)
	s := &scene{t: t, began: time.Now(), deployment: deploy(t, url, stack)}
	s.front(t)
	s.lap("%d resources deployed", len(s.resources))
	s.admin = s.client(t, account, "admin", desk.SuperAdmin)
	return s
}

// must ends the test with an error.
func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// lap says what was reached when.
func (s *scene) lap(format string, args ...any) {
	s.t.Helper()
	s.t.Logf("%5.1f s  "+format, append([]any{time.Since(s.began).Seconds()}, args...)...)
}

// door tries who may come in.
func (s *scene) door() {
	s.t.Helper()
	if tokens, err := s.signIn(s.t, "stranger", nil); err == nil {
		s.t.Errorf("somebody of no account got tokens: %v", tokens)
	}
	ann, err := s.signIn(s.t, "ann", map[string]string{"custom:account": "acme", "custom:role": "agent"})
	s.must(err)
	if me, err := s.with(ann.AccessToken).Me(s.t.Context()); err != nil || me.Account != "acme" || me.Agent != "ann" || me.Role != "agent" {
		s.t.Errorf("ann is %+v, %v", me, err)
	}
	for _, c := range []struct {
		path, token string
		want        int
	}{
		{"/healthz", "", http.StatusOK},
		{"/openapi.yaml", "", http.StatusOK},
		{"/v1/me", "", http.StatusUnauthorized},
		{"/v1/me", ann.AccessToken + "x", http.StatusUnauthorized},
		{"/v1/me", ann.IdToken, http.StatusForbidden}, // it has no scope
		{"/v1/nowhere", ann.AccessToken, http.StatusNotFound},
	} {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://api.example"+c.path, nil)
		s.must(err)
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		response, err := s.address().RoundTrip(r)
		s.must(err)
		answer, err := io.ReadAll(response.Body)
		if err != nil || response.Body.Close() != nil || response.StatusCode != c.want {
			s.t.Errorf("GET %s with token %.20q: %s %s", c.path, c.token, response.Status, answer)
		}
	}
}

// load sets the account up and takes its conversations in.
func (s *scene) load() (desk.Setup, []demo.Loaded) {
	s.t.Helper()
	raw, setup, err := demo.Account(account)
	s.must(err)
	stored, err := s.admin.ReplaceSetup(s.t.Context(), raw)
	s.must(err)
	s.settings = make(map[string][]byte)
	for _, c := range stored.Channels {
		s.settings[c.ID] = c.Settings
	}
	threads, err := demo.Sample(s.conversations, 1, setup, time.Now())
	s.must(err)
	loaded, err := demo.Load(s.t.Context(), s.admin, threads, func() {})
	s.must(err)
	s.lap("%d conversations taken in", len(loaded))
	return setup, loaded
}

// flow has customers and agents make changes until stop.
func (s *scene) flow(setup desk.Setup, loaded []demo.Loaded) {
	s.t.Helper()
	connector, agent := s.client(s.t, account, "connector", desk.Connector), s.client(s.t, account, "ben", desk.AgentRole)
	connector.Patience, agent.Patience = -1, -1
	var err error
	s.traffic, err = traffic.New(traffic.Config{Name: "e2e", Seed: 1, Rate: changes, Workers: 4, Setup: setup, Busiest: demo.Moved},
		traffic.HTTPAPI{Connector: connector, Agent: agent})
	s.must(err)
	for _, l := range loaded {
		s.traffic.AddConversations(l.Conversation)
	}
	running, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.traffic.Run(running) }()
	s.stop = func() error { cancel(); return <-ended }
}

// move moves the channel, or rehearses it.
func (s *scene) move(what string) api.Report {
	s.t.Helper()
	return s.end(what, s.begin(what))
}

// begin starts a move or a rehearsal.
func (s *scene) begin(what string) api.ChannelMove {
	s.t.Helper()
	ctx := s.t.Context()
	plan, err := s.admin.Plan(ctx, demo.Moved, string(desk.AllHistory))
	s.must(err)
	choices := api.NewMove{
		ChannelID: demo.Moved, History: string(desk.AllHistory), StatusMap: api.StatusMap{Open: "new", Closed: "solved"},
		Rehearsal: what == "rehearsal",
	}
	for _, w := range plan.Warnings {
		choices.Acknowledged = append(choices.Acknowledged, w.Code)
	}
	m, err := s.admin.StartMove(ctx, choices, what)
	s.must(err)
	return m
}

// end waits for the end of a move or a rehearsal.
func (s *scene) end(what string, m api.ChannelMove) api.Report {
	s.t.Helper()
	ctx := s.t.Context()
	var err error
	for end := time.Now().Add(s.patience); m.EndedAt.IsZero(); time.Sleep(250 * time.Millisecond) {
		m, err = s.admin.Move(ctx, m.ID)
		s.must(err)
		if time.Now().After(end) {
			s.t.Fatalf("the %s does not end: %+v %+v", what, m, m.Progress)
		}
	}
	report, err := s.admin.Report(ctx, m.ID)
	s.must(err)
	s.lap("%s %s", what, m.Status)
	if m.Status != string(desk.Done) {
		s.t.Errorf("the %s ended %s", what, m.Status)
	}
	return report
}

// compare compares what is there with the promises, and with what customers
// and agents were told.
func (s *scene) compare(id string) {
	s.t.Helper()
	const patience = 3 * time.Minute // for what is still on its way
	m, err := s.admin.Move(s.t.Context(), id)
	s.must(err)
	result, err := verify.Run(s.t.Context(), s.admin, verify.Options{Settings: s.settings, Grace: patience})
	s.must(err)
	s.lap("%d conversations and %d tickets verified", result.Conversations, result.Tickets)
	checked, err := s.traffic.Check(s.t.Context(), []desk.Move{{ID: id, FenceAt: m.FenceAt, Choices: desk.Choices{
		Channel: demo.Moved, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"},
	}}}, patience)
	s.must(err)
	s.lap("%d conversations compared with what was acknowledged", checked.Conversations)
	if stats := s.traffic.Stats(); !result.OK || len(checked.Violations) > 0 || stats.Changes() < 50 {
		said, err := json.MarshalIndent(map[string]any{"verify": result, "check": checked, "traffic": stats}, "", "  ")
		s.t.Errorf("%s %v", said, err)
	}
}

// noDead sees that no message was given up.
func (s *scene) noDead() {
	s.t.Helper()
	r := &remote{client: sqs.NewFromConfig(s.config)}
	for _, name := range []string{"BatchesDeadQueue", "StreamFailuresQueue", "StreamFailuresDeadQueue"} {
		r.q = aws.String(s.resources[name])
		if n, err := r.count(s.t.Context()); err != nil || n > 0 {
			s.t.Errorf("%s has %d messages, %v", name, n, err)
		}
	}
}
