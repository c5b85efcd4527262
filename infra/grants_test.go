package infra_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"go/ast"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.yaml.in/yaml/v3"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local"
	"deskmove/shared/local/asl"
	"deskmove/shared/store"
	"deskmove/shared/support/filetest"
)

// everything has every function do all that it ever does, and returns what was seen:
// what each function uses, and each of its calls.
func everything(t *testing.T) (map[string][]string, map[call]bool) {
	seen, calls := map[string][]string{}, map[call]bool{}
	look := func(w *watcher) {
		maps.Copy(calls, w.calls)
		for function := range w.below {
			seen[function] = slices.Concat(seen[function], w.uses(function))
			slices.Sort(seen[function])
			seen[function] = slices.Compact(seen[function])
		}
	}
	for name, story := range map[string]func(*scene){
		"routes": routes, "move": wholeMove, "few": few, "no history": noHistory, "failures": failures, "trouble": trouble,
		"races": races, "hand-over": handOver, "stream": streamed, "late audits": lateFinds, "repairs": repairs,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			story(s)
			look(s.watcher)
		})
	}
	t.Run("running", func(t *testing.T) { look(running(t)) })
	return seen, calls
}

// running lets the local stack itself carry a move out.
func running(t *testing.T) *watcher {
	w := &watcher{}
	st, err := local.Open(t.Context(), local.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Each: w.each})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- st.Run(ctx) }()
	s := &scene{t: t, Rig: &apptest.Rig{T: t, Time: time.Now()}, watcher: w, api: st.App.API(), called: map[string]bool{}}
	apptest.Apply(t, st.App)
	for i := range 150 {
		s.take("plain", fmt.Sprintf("<%d>", i))
	}
	id := text(s.request("POST", "/v1/moves", order("plain", nil), 202)["id"])
	for end := time.Now().Add(5 * time.Minute); s.request("GET", "/v1/moves/{"+id+"}", nil, 200)["status"] != "done"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the move does not end")
		}
	}
	cancel()
	if err := errors.Join(<-ended, st.Close()); err != nil {
		t.Fatal(err)
	}
	return w
}

// parameter is a parameter in a path; the calls below know them all as {id}.
var parameter = regexp.MustCompile(`\{\w+\}`)

// routes calls every route of the API.
func routes(s *scene) {
	s.request("GET", "/healthz", nil, 200)
	s.request("PUT", "/v1/account", strings.NewReplacer(`{"id": "phone", "type": "calling"},`, "", `"phone", `, "").Replace(apptest.Acme), 200) // takes one away
	s.Time = s.Time.Add(2 * time.Hour)
	s.request("PUT", "/v1/account", apptest.Acme, 200) // clears away what the first one was
	s.request("POST", "/v1/withdrawals", map[string]any{"agent": "cem"}, 201)
	for _, path := range []string{"/v1/account", "/v1/me", "/v1/directory", "/v1/channels", "/v1/channels?volume=true", "/v1/channels/{mail}", "/v1/channels/{mail}/plan?history=all", "/v1/audit", "/v1/audit/heads", "/v1/operations"} {
		s.request("GET", path, nil, 200)
	}
	a := s.take("mail", "<a>")
	s.take("mail", "<b>", "<a>", "<other>")
	c := s.take("mail", "<c>")
	s.request("POST", "/v1/conversations/{"+a+"}/messages", map[string]any{
		"channelId": "mail", "externalId": "<d>", "author": "customer", "from": map[string]string{"address": "jane@customer.example"}, "text": strings.Repeat("long ", 200_000),
	}, 201)
	for _, path := range []string{
		"/v1/conversations?home=inbox", "/v1/conversations?home=inbox&channel=mail", "/v1/conversations?home=inbox&status=open&unowned=true",
		"/v1/conversations/{" + a + "}", "/v1/channels/{mail}/plan?history=all", "/v1/counts",
	} {
		s.request("GET", path, nil, 200)
	}
	thread := list(s.request("GET", "/v1/conversations/{"+a+"}/messages", nil, 200)["items"])
	files(s, a)
	s.request("GET", "/v1/conversations/{"+a+"}/messages/{"+text(at(thread[0], "id"))+"}/{text}?offset=131072", nil, 200)
	s.request("POST", "/v1/channels/{mail}/repair", nil, 409)
	s.request("PATCH", "/v1/conversations/{"+c+"}", map[string]any{"status": "closed", "owner": "bob"}, 200)
	s.request("POST", "/v1/conversations/{"+c+"}/tickets", map[string]any{"status": "new"}, 201)
	r := s.start("mail", map[string]any{"notifications": "all"})
	s.request("POST", "/v1/moves", map[string]any{"channelId": "plain", "history": "none"}, 409) // is in the audit log
	s.request("GET", "/v1/notices", nil, 200)
	r = s.listed(r)
	s.request("GET", "/v1/conversations?home=inbox&channel=mail", nil, 200)
	s.ended(r)
	s.request("GET", "/v1/notices", nil, 200)
	id := "{" + r.Move + "}"
	for _, path := range []string{"/v1/moves", "/v1/moves/" + id, "/v1/moves/" + id + "/samples", "/v1/moves/" + id + "/report", "/v1/moves/" + id + "/failures", "/v1/tickets", "/v1/tickets?status=new&owner=bob", "/v1/tickets?channel=mail&status=solved", "/v1/tickets?due=2027-01-01T00:00:00Z",
		"/v1/conversations?home=help-desk", "/v1/conversations?home=helpdesk", "/v1/counts"} {
		want := 200
		if strings.HasSuffix(path, "help-desk") {
			want = 422
		}
		s.request("GET", path, nil, want)
	}
	s.request("POST", "/v1/moves/"+id+"/retry", nil, 409)
	s.request("POST", "/v1/operations/redrive", nil, 202)
	s.request("POST", "/v1/channels/{mail}/repair", nil, 202)
	s.request("POST", "/v1/conversations/{"+a+"}/messages", map[string]any{
		"channelId": "mail", "externalId": "<e>", "author": "customer", "from": map[string]string{"address": "jane@customer.example"}, "text": "And?",
	}, 201)
	ticket := "/v1/tickets/{" + desk.TicketID(a) + "}"
	s.request("GET", ticket, nil, 200)
	s.request("PATCH", ticket, map[string]any{"status": "solved"}, 200)
	told := list(s.request("GET", "/v1/notifications", nil, 200)["items"])
	if len(told) == 0 {
		s.Fatal("nobody is told")
	}
	s.request("POST", "/v1/notifications/{"+text(at(told[0], "id"))+"}/delivered", nil, 204)

	s.request("GET", "/v1/channels/{mail}/facts", nil, 200)
	was := s.Time.Add(-time.Hour)
	s.request("POST", "/v1/channels/{phone}/restoration", map[string]any{"from": "elsewhere", "move": map[string]any{
		"id": "m0", "history": "all", "statusMap": map[string]any{"open": "new", "closed": "solved"}, "sla": "none", "notifications": "quiet", "by": "ann",
		"startedAt": was, "fenceAt": was, "endedAt": was, "report": map[string]any{"inboxSum": "0", "deskSum": "0"},
	}}, 200)
	for _, version := range []int{1, 2} {
		s.request("POST", "/v1/channels/{phone}/restoration/conversations", map[string]any{
			"conversation": map[string]any{"id": "c0", "channelId": "phone", "status": "open", "home": "helpdesk", "messageCount": 1, "version": version, "owner": []string{"", "", "bob"}[version],
				"ticket": map[string]any{"status": "new", "createdAt": was, "provenance": "history"}},
			"messages": []any{map[string]any{"conversationId": "c0", "id": "m", "externalId": "x", "author": "customer", "at": was, "text": strings.Repeat("long ", 100_000)}},
		}, 200)
	}
	s.request("DELETE", "/v1/channels/{phone}/restoration", nil, 204)

	// A message to a ticket whose move cannot be read is taken in all the same.
	if errs := s.Memory.Write(s.Context(), []store.Write{{Op: store.Delete, Table: store.Control, Key: store.MoveKey("acme", r.Move)}}); errs != nil {
		s.Fatal(errs)
	}
	s.api = s.handlers("api").API()
	s.reply("mail", c)

	var described struct{ Paths map[string]map[string]any }
	if err := yaml.Unmarshal(readFile(s.t, "openapi.yaml"), &described); err != nil {
		s.Fatal(err)
	}
	for path, methods := range described.Paths {
		for method := range methods {
			if route := strings.ToUpper(method) + " " + parameter.ReplaceAllString(path, "{id}"); !s.called[route] {
				s.Errorf("%s is never called", route)
			}
		}
	}
}

// files has files brought in, named by a message of a conversation, downloaded, announced
// again and swept.
func files(s *scene, conversation string) {
	s.Helper()
	announce := func(texts ...string) {
		var said []any
		for i, text := range texts {
			f := filetest.File("acme", []byte(text), s.Time)
			one := map[string]any{"sha256": f.SHA256, "size": f.Size}
			if i == 0 {
				one["data"] = base64.StdEncoding.EncodeToString([]byte(text))
			}
			said = append(said, one)
		}
		s.request("POST", "/v1/files", map[string]any{"files": said}, 200)
	}
	picture := "\x89PNG\r\n\x1a\n..."
	announce(picture, "another")
	announce("alone")
	s.Time = s.Time.Add(2 * time.Hour)
	announce(picture) // is noted again, as the first time is long ago
	said := s.request("POST", "/v1/conversations/{"+conversation+"}/messages", map[string]any{
		"externalId": "<files>", "author": "customer", "text": "See there.",
		"attachments": []any{map[string]any{"name": "a.png", "type": "image/png", "sha256": filetest.File("", []byte(picture), s.Time).SHA256}},
	}, 201)
	s.request("GET", "/v1/conversations/{"+conversation+"}/messages/{"+text(said["messageId"])+"}/files/{1}", nil, 200)
	for range 2 { // some at once, then one
		s.Time = s.Time.Add(25 * time.Hour)
		s.sweep()
		announce("later")
	}
	if n := s.Bytes.Len(); n != 2 {
		s.Errorf("%d files are left, want the one that is named and the last", n)
	}
}

// wholeMove rehearses and moves some conversations, one of which has a ticket.
func wholeMove(s *scene) {
	var ids []string
	for i := range 5 {
		ids = append(ids, s.take("mail", fmt.Sprintf("<%d>", i)))
	}
	s.request("PATCH", "/v1/conversations/{"+ids[0]+"}", map[string]any{"owner": "bob"}, 200)
	s.request("POST", "/v1/conversations/{"+ids[1]+"}/tickets", map[string]any{"status": "new"}, 201)
	mend := s.spoil(ids[2])
	s.walk(s.start("mail", map[string]any{"rehearsal": true}))
	mend()
	s.walk(s.start("mail", map[string]any{"notifications": "digest"}))
}

// failures has a move end at attention, and retries it.
func failures(s *scene) {
	s.take("plain", "<1>")
	mend := s.spoil(s.take("plain", "<2>"))
	r := s.start("plain", nil)
	s.walk(r)
	mend()
	s.request("POST", "/v1/moves/{"+r.Move+"}/retry", nil, 202)
	r = s.listed(s.next())
	s.Sent = nil // lost
	r = s.step("drain", r)
	s.Time = s.Time.Add(2 * time.Minute)
	s.ended(s.step("drain", r))
}

// trouble loses batches, and has a comparison find what is missing.
func trouble(s *scene) {
	for i := range 3 {
		s.take("plain", fmt.Sprintf("<%d>", i))
	}
	missed := s.take("plain", "<missed>")
	r := s.listed(s.start("plain", nil))
	s.Sent = nil // lost
	r = s.step("drain", r)
	s.Time = s.Time.Add(2 * time.Minute)
	r = s.step("drain", r)
	if len(s.Sent) != 1 {
		s.Fatalf("%d batches were sent again", len(s.Sent))
	}
	s.Sent[0].IDs = slices.DeleteFunc(s.Sent[0].IDs, func(id string) bool { return id == missed })
	s.convert()
	r = s.loop("list", s.loop("drain", r))
	s.Sent = nil // lost, too
	r = s.step("drain", r)
	s.Time = s.Time.Add(2 * time.Minute)
	s.ended(s.step("drain", r))
	if c := s.Conversation(missed); c.Home != desk.HelpDesk {
		s.Errorf("no comparison has found %+v", c)
	}
}

// races changes conversations between the reading and the landing.
func races(s *scene) {
	a, b := s.take("form", "<a>"), s.take("form", "<b>")
	r := s.listed(s.start("form", nil))
	s.once("convert", "dynamodb:UpdateItem", "ConversationsTable.Arn", func() {
		s.Time = s.Time.Add(time.Second)
		s.reply("form", b)
		s.reply("mail", a)
	})
	s.ended(r)

	if c := s.Conversation(a); c.Channel != "mail" || c.Home != desk.Inbox {
		s.Errorf("conversation %+v has moved with the form", c)
	}
}

// reply has the customer go on with a conversation; by mail it leaves the form
// for the mail's channel (R14).
func (s *scene) reply(channel, id string) {
	s.Helper()
	s.request("POST", "/v1/conversations/{"+id+"}/messages", map[string]any{
		"channelId": channel, "externalId": "<reply-" + id + ">", "author": "customer", "from": map[string]string{"address": "jane@customer.example"}, "text": "And?",
	}, 201)
	if c := s.Conversation(id); c.Channel != channel {
		s.Fatalf("conversation %+v has not joined %s", c, channel)
	}
}

// handOver ends executions before their moves, and has the sweeper go on.
func handOver(s *scene) {
	s.take("plain", "<1>")
	r := s.listed(s.start("plain", nil))
	for function, step := range map[string]func(*app.App) handler.Step{
		"list":  func(h *app.App) handler.Step { return h.List },
		"drain": func(h *app.App) handler.Step { return h.Drain },
	} {
		long := step(s.handlers(function))
		long.Limit.MaxSteps = 1
		r.More = true
		next, err := long.Limit.AfterStep(s.Context(), long.Name, r)
		if err != nil || !next.Yield {
			s.Fatalf("%s does not hand over: %+v, %v", function, next, err)
		}
		r = s.next()
	}
	broken := s.Executions[r.Name()]
	broken.Status = asl.Failed
	s.Executions[r.Name()] = broken
	s.Time = s.Time.Add(2 * time.Minute) // its steps have been silent for long enough
	s.sweep()
	s.ended(s.next())
}

func (s *scene) sweep() {
	s.Helper()
	if _, err := s.handlers("sweep").Sweep.Handle(s.Context(), events.EventBridgeEvent{}); err != nil {
		s.Fatal(err)
	}
}

// streamed has the stream tell of live conversations, also after it had given
// them up.
func streamed(s *scene) {
	old, joins := s.take("form", "<old>"), s.take("form", "<joins>")
	r := s.listed(s.start("form", nil))
	live, other := s.take("form", "<live>"), s.take("form", "<live2>")
	s.redirect(live)
	s.redirect(live, other, old)
	s.redirect(live, other)
	broken := s.take("form", "<broken>")
	s.spoil(broken)
	s.redirect(broken)
	s.once("redirect", "dynamodb:UpdateItem", "ConversationsTable.Arn", func() { s.reply("mail", joins) })
	s.redirect(joins)
	given := s.take("form", "<given up>")
	s.again()
	if c := s.Conversation(given); c.Home != desk.HelpDesk {
		s.Errorf("given up, and %+v", c)
	}
	s.ended(r)
}

// again has the on-failure queue name all changes.
func (s *scene) again() {
	s.Helper()
	from, ok := s.below["redirect"].Stream.(watchedStream)
	if !ok {
		s.Fatal("the stream is not watched")
	}
	stream, ok := from.ChangeReader.(store.Stream)
	if !ok {
		s.Fatal("the stream cannot be listed")
	}
	shards, err := stream.Shards(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, shard := range shards {
		changes, err := stream.Changes(s.Context(), shard, "", 1000)
		if err != nil {
			s.Fatal(err)
		}
		if len(changes) == 0 {
			continue
		}
		answer, err := s.handlers("redirect").Redirect.HandleFailed(s.Context(), givenUp(shard, changes[0], changes[len(changes)-1]))
		if err != nil || len(answer.BatchItemFailures) > 0 {
			s.Fatalf("given up changes of shard %s: %+v, %v", shard, answer, err)
		}
	}
}

// givenUp is what the stream's mapping sends when it gives changes up.
func givenUp(shard string, first, last store.Change) events.SQSEvent {
	return events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: fmt.Sprintf(
		`{"DDBStreamBatchInfo": {"shardId": %q, "startSequenceNumber": %q, "endSequenceNumber": %q}}`, shard, first.Sequence, last.Sequence)}}}
}

// lateFinds has the late audits find what neither stream nor pass did.
func lateFinds(s *scene) {
	s.take("form", "<old>")
	r := s.drained(s.listed(s.start("form", nil)))
	live, broken := s.take("form", "<live>"), s.take("form", "<broken>")
	s.spoil(broken)
	s.ended(r)
	if c := s.Conversation(live); c.Home != desk.HelpDesk {
		s.Errorf("no audit has found %+v", c)
	}
}

// repairs loses what the stream tells of a channel that has moved, twice.
func repairs(s *scene) {
	s.take("plain", "<1>")
	s.walk(s.start("plain", nil))
	s.Time = s.Time.Add(time.Hour)
	lost := s.take("plain", "<lost>")
	mend := s.spoil(s.take("plain", "<broken>"))
	for range 2 { // the second one is the first
		s.request("POST", "/v1/channels/{plain}/repair", nil, 202)
	}
	s.ended(s.next())
	mend()
	later := s.take("plain", "<lost later>")
	s.Time = s.Time.Add(25 * time.Hour)
	s.sweep()
	s.ended(s.next())
	for _, id := range []string{lost, later} {
		if c := s.Conversation(id); c.Home != desk.HelpDesk {
			s.Errorf("no repair has found %+v", c)
		}
	}
}

// noHistory moves new conversations only.
func noHistory(s *scene) {
	s.take("plain", "<old>")
	r := s.start("plain", map[string]any{"history": "none"})
	r = s.step("fence", r)
	s.take("plain", "<new>")
	s.Time = s.Time.Add(time.Minute)
	s.ended(s.loop("list", r))
}

// few moves a single conversation, and then a channel without history.
func few(s *scene) {
	s.take("phone", "<1>")
	s.walk(s.start("phone", map[string]any{"rehearsal": false, "notifications": "all"}))
	r := s.start("plain", map[string]any{"history": "none"})
	s.ended(s.loop("list", s.step("fence", r)))
}

// anything is what a role may read or write that is not held to some partitions of
// a table.
func anything(table string) string { return "all of " + table }

// granted are the actions that a function's role has, as a watcher names
// them, and the partitions that it may read and write.
func (t template) granted(name string) []string {
	var uses []string
	for _, s := range t.statementsOf(strings.TrimSuffix(function(name), "Function") + "Role") {
		for _, a := range s.actions {
			for _, r := range s.resources {
				uses = append(uses, a+" on "+r)
				if access, table := accessOf(a), strings.TrimSuffix(r, ".Arn"); access != "" && t.Resources[table].Type == "AWS::DynamoDB::Table" {
					partitions := list(at(s.condition, "ForAllValues:StringLike", leadingKeys))
					if partitions == nil {
						partitions = []any{anything(table)}
					}
					for _, p := range partitions {
						uses = append(uses, access+" "+text(p))
					}
				}
			}
		}
	}
	slices.Sort(uses)
	return slices.Compact(uses)
}

// byLambda are the actions that Lambda itself takes in a function's name: for
// its log and for its event source mappings.
func (t template) byLambda(name string) []string {
	logs := strings.TrimSuffix(function(name), "Function") + "Logs.Arn"
	uses := []string{"logs:CreateLogStream on " + logs, "logs:PutLogEvents on " + logs}
	events, _ := t.Resources[function(name)].Properties["Events"].(map[string]any)
	for _, e := range events {
		var actions []string
		var source string
		switch text(at(e, "Type")) {
		case "SQS":
			source = target(at(e, "Properties", "Queue"))
			actions = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
		case "DynamoDB":
			source = target(at(e, "Properties", "Stream"))
			actions = []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
		}
		for _, a := range actions {
			uses = append(uses, a+" on "+source)
		}
		if failed := target(at(e, "Properties", "DestinationConfig", "OnFailure", "Destination")); failed != "" {
			uses = append(uses, "sqs:SendMessage on "+failed)
		}
	}
	return uses
}

// TestGrants holds the template's roles against what functions were seen to
// do: every action that a function needs it has, and it has no other.
func TestGrants(t *testing.T) {
	seen, calls := everything(t)
	if t.Failed() {
		return
	}
	t.Run("policies", func(t *testing.T) { policiesHold(t, calls) })
	contract := func(p project) []string {
		tmpl, err := p.template()
		if err != nil {
			return []string{err.Error()}
		}
		var problems []string
		for _, name := range tmpl.functions() {
			need := slices.Concat(seen[name], tmpl.byLambda(name))
			if name == "api" { // it answers for whatever is there, even of an older layout
				need = append(slices.DeleteFunc(need, func(use string) bool { return strings.HasPrefix(use, "read ") }), "read "+anything("ControlTable"), "read "+anything("ConversationsTable"))
			}
			for _, problem := range differ(need, tmpl.granted(name), "is needed and not granted", "is granted and not needed") {
				problems = append(problems, name+": "+problem)
			}
		}
		return problems
	}
	const yaml = "template.yaml"
	holds(t, contract, map[string]breakage{
		"one too few":     {file: yaml, old: "Action: sqs:SendMessage\n", new: "Action: sqs:ReceiveMessage\n", says: "list: sqs:SendMessage on BatchesQueue.Arn: is needed"},
		"one too many":    {file: yaml, old: "[dynamodb:GetItem, dynamodb:Query]", new: "[dynamodb:GetItem, dynamodb:Query, dynamodb:Scan]", says: "fence: dynamodb:Scan on ControlTable.Arn: is granted"},
		"another table":   {file: yaml, old: "!Sub ${ControlTable.Arn}/index/due", new: "!Sub ${ConversationsTable.Arn}/index/due", says: "sweep: dynamodb:Query on ${ControlTable.Arn}/index/due: is needed"},
		"no index":        {file: yaml, old: "!Sub ${ConversationsTable.Arn}/index/channel", new: "!GetAtt ConversationsTable.Arn", says: "drain: dynamodb:Query on ${ConversationsTable.Arn}/index/channel: is needed"},
		"another's data":  {file: yaml, old: jobs + ", ", new: setups + ", ", says: "convert: dynamodb:PutItem of " + setups + ": is granted"},
		"anybody's data":  {file: yaml, old: "dynamodb:LeadingKeys", new: "dynamodb:Attributes", says: "redirect: dynamodb:PutItem of " + anything("ControlTable") + ": is granted"},
		"another machine": {file: yaml, old: "stateMachine:${AWS::StackName}-move", new: "stateMachine:${AWS::StackName}-moves", says: "api: states:StartExecution"},
		"another's log":   {file: yaml, old: "Resource: !GetAtt FenceLogs.Arn", new: "Resource: !GetAtt ApiLogs.Arn", says: "fence: logs:PutLogEvents on FenceLogs.Arn: is needed"},
		"a new source":    {file: yaml, old: "Queue: !GetAtt StreamFailuresQueue.Arn", new: "Queue: !GetAtt BatchesQueue.Arn", says: "redirect: sqs:ReceiveMessage on BatchesQueue.Arn: is needed"},
	})
}

// requests are those that the packages on the SDK make, as watchers know
// them.
var requests = map[string][]string{
	"shared/aws/dynamo": {
		"BatchGetItem", "DeleteItem", "DescribeStream", "DescribeTable", "GetItem", "GetRecords", "GetShardIterator", "PutItem", "Query",
		"TransactWriteItems", "UpdateItem",
	},
	"shared/aws/files": {"DeleteObject", "GetObject", "HeadObject", "PresignGetObject", "PresignPutObject", "PutObject"},
	"shared/aws":       {"DescribeExecution", "ListMessageMoveTasks", "SendMessageBatch", "StartExecution", "StartMessageMoveTask"},
}

// requestsKnown says which requests are made that watchers do not know of.
func requestsKnown(p project) (problems []string) {
	for folder, known := range requests {
		var made []string
		for _, file := range p.below(folder) {
			for call := range nodes[*ast.CallExpr](p[file]) {
				if of, ok := call.Fun.(*ast.SelectorExpr); ok && isClient(of.X) && of.Sel.Name != "Do" { // that of HTTP
					made = append(made, of.Sel.Name)
				}
			}
		}
		problems = append(problems, differ(made, known, "is asked for, but not watched", "is watched, but never asked for")...)
	}
	return problems
}

// isClient reports whether an expression is a client of the SDK, by the names
// that these packages give one.
func isClient(x ast.Expr) bool {
	var name string
	switch x := x.(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.SelectorExpr:
		name = x.Sel.Name
	}
	return name == "client" || name == "presign" || name == "streams" || name == "Client"
}

func TestRequestsKnown(t *testing.T) {
	holds(t, requestsKnown, map[string]breakage{
		"a scan":       {file: "shared/aws/dynamo/query.go", old: "client.Query(", new: "client.Scan(", says: "Scan: is asked for"},
		"one by one":   {file: "shared/aws/dynamo/get.go", old: "client.BatchGetItem(", new: "client.GetItem(", says: "BatchGetItem: is watched"},
		"another call": {file: "shared/aws/machine.go", old: "Client.DescribeExecution(", new: "Client.StopExecution(", says: "StopExecution: is asked for"},
		"one message":  {file: "shared/aws/sender.go", old: "Client.SendMessageBatch(", new: "Client.SendMessage(", says: "SendMessage: is asked for"},
	})
}
