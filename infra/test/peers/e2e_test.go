package peers_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
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
	workers = 4
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
	url := peers.Ministack(t)
	s := open(t, url, "deskmove-e2e")
	s.conversations, s.patience = 1000, 8*time.Minute
	s.door()
	s.flow(s.load())
	d, err := newDuplicates(s.deployment, seed)
	s.must(err)
	before := s.traffic.Stats()
	rehearsal := s.end("rehearsal", s.begin("rehearsal"))
	s.must(d.deliver(t.Context(), "ConvertFunction", false)) // until a live ticket is there to be counted
	m := s.begin("move")
	least := s.redirected(1)
	s.must(d.deliver(t.Context(), "ConvertFunction", true))
	report := s.end("move", m)
	configure(t, url, `{"stepfunctions._SFN_WAIT_SCALE": 0}`) // the audits come soon
	s.redirected(report.Redirected + 1)                       // the moved channel's life goes on
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	s.lap("%d changes meanwhile", s.traffic.Stats().Changes())
	s.reports(rehearsal, report, before, least)
	s.compare(report.MoveID)
	s.filtered(d)
	s.files()
	s.repair(d)
	s.noDead()
}

// live are the tickets of conversations that came after the fence.
func (s *scene) live() (all []api.Ticket) {
	s.t.Helper()
	for ticket, err := range s.admin.Tickets(s.t.Context()) {
		s.must(err)
		if ticket.Provenance == string(desk.Live) {
			all = append(all, ticket)
		}
	}
	return all
}

// redirected waits until there are so many live tickets, and counts them.
func (s *scene) redirected(least int64) int64 {
	s.t.Helper()
	for end := time.Now().Add(s.patience); ; time.Sleep(time.Second) {
		n := int64(len(s.live()))
		if n >= least {
			s.lap("%d live tickets", n)
			return n
		}
		if time.Now().After(end) {
			s.t.Fatalf("there are %d live tickets, and no more than that", n)
		}
	}
}

// reports holds a rehearsal's report and the move's against each other: they differ
// by what customers and agents did since a time before both, and by no more. At
// least so many live tickets were there to be counted.
func (s *scene) reports(rehearsal, report api.Report, before traffic.Stats, least int64) {
	s.t.Helper()
	var landed int64
	for _, ticket := range s.live() {
		if !ticket.ImportedAt.After(report.EndedAt) {
			landed++
		}
	}
	// A worker whose last answer did not come may have done what it does not know of.
	stats := s.traffic.Stats()
	continued := int64(stats.Continued-before.Continued) + workers
	joined := int64(stats.Began-before.Began) + continued
	changed := int64(stats.Changes()-before.Changes()) + workers
	statuses := maps.Clone(report.ByStatus)
	for status, n := range rehearsal.ByStatus {
		statuses[status] -= n
	}
	var differ int64
	for _, n := range statuses {
		differ += max(n, -n)
	}
	for _, n := range []struct {
		what            string
		least, is, most int64
	}{
		{"failures", 0, rehearsal.Failed + report.Failed, 0},
		{"what a rehearsal redirects", 0, rehearsal.Redirected, 0},
		{"tickets of the inbox", 1, rehearsal.AsIs, rehearsal.Found},
		{"history", 1, rehearsal.Created, rehearsal.Found},
		{"the rest of the rehearsal", 0, rehearsal.Found - rehearsal.Created - rehearsal.AsIs, 0},
		{"the rest of the move", 0, report.Found - report.Created - report.AsIs - report.Redirected, 0},
		{"redirected", least, report.Redirected, landed},
		{"tickets of the inbox since the rehearsal", 0, report.AsIs - rehearsal.AsIs, continued},
		{"history since", 0, report.Created - rehearsal.Created, joined},
		{"all since", 0, report.Found - rehearsal.Found, joined},
		{"lost owners since", -changed, report.OwnersLost - rehearsal.OwnersLost, changed},
		{"other statuses since", 0, differ, 2 * changed},
	} {
		if n.is < n.least || n.is > n.most {
			s.t.Errorf("%s: %d, want %d to %d", n.what, n.is, n.least, n.most)
		}
	}
	if !rehearsal.Checksum.Equal || !report.Checksum.Equal {
		s.t.Error("the sums differ")
	}
	if s.t.Failed() {
		s.t.Logf("rehearsal %+v, report %+v", rehearsal, report)
	}
}

// filtered holds what the redirecting function was given of the stream against what
// the mapping's filter is to let pass.
func (s *scene) filtered(d *duplicates) {
	s.t.Helper()
	all, pass, given := 0, 0, 0
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		changes, n, err := d.stream(s.t.Context())
		s.must(err)
		all, pass, given = n, len(changes), 0
		printed, err := os.ReadFile(peers.MinistackLog(s.t))
		s.must(err)
		for _, m := range regexp.MustCompile(`Lambda (\S+) processed (\d+) DynamoDB`).FindAllSubmatch(printed, -1) {
			if n, err := strconv.Atoi(string(m[2])); err == nil && string(m[1]) == s.resources["RedirectFunction"] {
				given += n
			}
		}
		if given == pass && pass < all {
			s.lap("%d of %d changes redirected", given, all)
			return
		}
	}
	s.t.Errorf("the stream has %d changes, of which %d are for the redirecting function, but it was given %d", all, pass, given)
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
	if me, err := s.with(s.connector.token(s.t, s.deployment)).Me(s.t.Context()); err != nil || me.Account != account || me.Agent != "connector" || me.Role != "connector" {
		s.t.Errorf("the connector is %+v, %v", me, err)
	}
	for _, c := range []struct {
		path, token string
		want        int
	}{
		{"/healthz", "", http.StatusOK},
		{"/openapi.yaml", "", http.StatusOK},
		{"/app/inbox", "", http.StatusOK},
		{"/app/config.json", "", http.StatusOK},
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
	stored, err := s.admin.ReplaceSetup(s.t.Context(), raw, "")
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
	connector, agent := s.with(s.connector.token(s.t, s.deployment)), s.client(s.t, account, "ben", desk.AgentRole)
	connector.Patience, agent.Patience = -1, -1
	var err error
	s.traffic, err = traffic.New(traffic.Config{Name: "e2e", Seed: 1, Rate: changes, Workers: workers, Setup: setup, Busiest: demo.Moved},
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

// repair has a customer begin a conversation of which the stream does not tell,
// after the last audit, and an administrator find it.
func (s *scene) repair(d *duplicates) {
	s.t.Helper()
	ctx, end := s.t.Context(), time.Now().Add(s.patience)
	running := &sfn.ListExecutionsInput{StateMachineArn: aws.String(s.resources["MoveMachine"]), StatusFilter: sfntypes.ExecutionStatusRunning}
	for audits := 1; audits > 0; time.Sleep(time.Second) {
		found, err := d.machine.ListExecutions(ctx, running)
		s.must(err)
		if audits = len(found.Executions); audits > 0 && time.Now().After(end) {
			s.t.Fatal("the audits do not end")
		}
	}
	s.lap("audited")
	s.must(d.deliver(ctx, "RedirectFunction", false))
	taken, err := s.with(s.connector.token(s.t, s.deployment)).TakeMessage(ctx, demo.Moved, api.NewMessage{MessageContent: api.MessageContent{
		ExternalID: "<lost@customer.example>", Author: string(desk.ByCustomer), From: &api.Address{Address: "jane@customer.example"}, Subject: "Where is my order?", Text: "?",
	}})
	s.must(err)
	lost, err := s.admin.Conversation(ctx, taken.ConversationID)
	s.must(err)
	repair, err := s.admin.Repair(ctx, demo.Moved)
	s.must(err)
	for said := ""; said == ""; time.Sleep(time.Second) {
		for e, err := range s.admin.Audit(ctx) {
			s.must(err)
			if e.Action == desk.ActionRepaired {
				said = e.Detail
			}
		}
		if time.Now().After(end) {
			s.t.Fatalf("%+v does not end", repair)
		}
		const want = "found after the end: 1 landed, 0 failed"
		if said != "" && said != want {
			s.t.Errorf("the repair %s, want %s", said, want)
		}
	}
	found, err := s.admin.Conversation(ctx, taken.ConversationID)
	s.must(err)
	if lost.Home != string(desk.Inbox) || found.Home != string(desk.HelpDesk) {
		s.t.Errorf("before the repair %+v, after it %+v", lost, found)
	}
	s.must(d.deliver(ctx, "RedirectFunction", true))
	s.lap("repaired")
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
