package peers_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"

	"deskmove/infra/test/peers"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

// answer is what a function does when it is called: what it changes in the
// run that it returns, or the name of the error that it fails by.
type answer struct {
	of   string // the function, as in ${…FunctionArn}
	run  func(*move.Run)
	fail string
	late bool // it takes longer than the state's TimeoutSeconds
}

// Answers of functions.
func more(r *move.Run)  { r.More = true }
func wait(r *move.Run)  { r.More, r.Wait = true, 1 }
func again(r *move.Run) { r.Again = true }
func yield(r *move.Run) { r.Yield, r.More = true, true }
func ends(*move.Run)    {}

// fails is a function that fails so many times.
func fails(of, name string, times int) []answer {
	return slices.Repeat([]answer{{of: of, fail: name}}, times)
}

// scenario is one way through the machine.
type scenario struct {
	begin   func(*move.Run)
	answers []answer
	ends    string // the state
}

const (
	busy      = "BusyError"
	throttled = "Lambda.TooManyRequestsException"
	service   = "Lambda.ServiceException"
)

func history(r *move.Run)   { r.Step = move.StepFence }
func rehearsal(r *move.Run) { r.Step = move.StepList }
func at(step string) func(*move.Run) {
	return func(r *move.Run) { r.Step = step }
}

// scenarios are by the move that they are.
var scenarios = map[string]scenario{
	"whole": {begin: history, ends: "Done", answers: []answer{
		{of: "Fence", run: ends}, {of: "List", run: more}, {of: "List", run: more}, {of: "List", run: ends},
		{of: "Drain", run: wait}, {of: "Drain", run: wait}, {of: "Drain", run: again},
		{of: "List", run: more}, {of: "List", run: ends}, {of: "Drain", run: wait}, {of: "Drain", run: again},
		{of: "List", run: ends}, {of: "Drain", run: ends},
		{of: "Finish", run: wait}, {of: "List", run: more}, {of: "List", run: ends}, {of: "Drain", run: wait}, {of: "Drain", run: ends},
		{of: "Finish", run: wait}, {of: "List", run: ends}, {of: "Drain", run: ends}, {of: "Finish", run: ends},
	}},
	"without-history": {begin: ends, ends: "Done", answers: []answer{
		{of: "Fence", run: ends}, {of: "List", run: ends}, {of: "Drain", run: again},
		{of: "List", run: ends}, {of: "Drain", run: ends}, {of: "Finish", run: ends},
	}},
	"rehearsal": {begin: rehearsal, ends: "Done", answers: []answer{
		{of: "List", run: more}, {of: "List", run: ends}, {of: "Drain", run: wait}, {of: "Drain", run: ends}, {of: "Finish", run: ends},
	}},
	"rehearsal-yields": {begin: rehearsal, ends: "Continued", answers: []answer{{of: "List", run: yield}}},
	"rehearsal-breaks": {begin: rehearsal, ends: "Broken", answers: fails("List", "Boom", 1)},

	"from-list": {begin: at("list"), ends: "Continued", answers: []answer{{of: "List", run: more}, {of: "List", run: yield}}},
	"from-drain": {begin: at("drain"), ends: "Continued", answers: []answer{
		{of: "Drain", run: wait}, {of: "Drain", run: yield},
	}},
	"drain-lists": {begin: at("drain"), ends: "Continued", answers: []answer{{of: "Drain", run: again}, {of: "List", run: yield}}},
	"from-audit": {begin: at("audit"), ends: "Done", answers: []answer{
		{of: "List", run: ends}, {of: "Drain", run: ends}, {of: "Finish", run: ends},
	}},
	"audit-yields": {begin: at("audit"), ends: "Continued", answers: []answer{
		{of: "List", run: ends}, {of: "Drain", run: ends}, {of: "Finish", run: wait}, {of: "List", run: ends}, {of: "Drain", run: yield},
	}},
	"from-nonsense": {begin: at("nonsense"), ends: "Broken", answers: fails("Fence", "Boom", 1)},

	"busy-once": {begin: ends, ends: "Done", answers: slices.Concat(
		fails("Fence", busy, 1), []answer{{of: "Fence", run: ends}},
		fails("List", service, 2), []answer{{of: "List", run: ends}},
		fails("Drain", throttled, 2), []answer{{of: "Drain", run: ends}},
		fails("Finish", "Lambda.SdkClientException", 2), fails("Finish", "Lambda.AWSLambdaException", 2), []answer{{of: "Finish", run: ends}},
	)},
	"busy-for-long": {begin: at("list"), ends: "Broken", answers: fails("List", busy, 11)},
	"down-for-long": {begin: at("drain"), ends: "Broken", answers: fails("Drain", service, 7)},
	// Each of a state's retriers counts for itself.
	"busy-and-down": {begin: at("drain"), ends: "Done", answers: slices.Concat(
		fails("Drain", busy, 6), fails("Drain", service, 6), fails("Drain", throttled, 4), []answer{{of: "Drain", run: ends}, {of: "Finish", run: ends}},
	)},
	// A state that is entered again counts anew.
	"busy-in-turns": {begin: at("list"), ends: "Continued", answers: slices.Concat(
		fails("List", busy, 8), []answer{{of: "List", run: more}}, fails("List", busy, 8), []answer{{of: "List", run: yield}},
	)},
	"finish-breaks": {begin: at("drain"), ends: "Broken", answers: slices.Concat(
		[]answer{{of: "Drain", run: ends}}, fails("Finish", "Boom", 1),
	)},
	"late": {begin: at("drain"), ends: "Continued", answers: []answer{
		{of: "Drain", late: true}, {of: "Drain", run: yield},
	}},
}

// walk is what was seen of an execution.
type walk struct {
	States []string // as they were entered
	Calls  []string // of functions, with their input
	Ended  string   // status, error and cause
	Last   any      // what the last state got
}

// play answers for the functions of one execution, and notes their calls.
type play struct {
	mu     sync.Mutex
	script []answer
	calls  []string
}

// next is what a function does; an error is one of the test.
func (p *play) next(function string, input []byte) (answer, move.Run, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var run move.Run
	if err := json.Unmarshal(input, &run); err != nil {
		return answer{}, run, err
	}
	p.calls = append(p.calls, function+" "+canonical(input))
	if len(p.script) == 0 || p.script[0].of != function {
		return answer{}, run, fmt.Errorf("call %d is of %s, but the script goes on with %v", len(p.calls), function, p.script)
	}
	a := p.script[0]
	p.script = p.script[1:]
	run.Turns++
	run.More, run.Again, run.Yield, run.Wait = false, false, false, 0
	if a.run != nil {
		a.run(&run)
	}
	return a, run, nil
}

// canonical is the same for equal JSON.
func canonical(b []byte) string {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err.Error()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// last is a state's input; of the cause of an error it keeps what every
// runtime says.
func last(t *testing.T, input string) any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(input), &v); err != nil {
		t.Fatalf("%s: %v", input, err)
	}
	if e, ok := v["error"].(map[string]any); ok {
		var cause struct{ ErrorMessage, ErrorType string }
		if text, ok := e["Cause"].(string); ok && json.Unmarshal([]byte(text), &cause) == nil {
			e["Cause"] = cause
		}
	}
	return v
}

// start is the input of a scenario's execution.
func (s scenario) start(t *testing.T, name string) []byte {
	t.Helper()
	run := move.Run{Account: "acme", Move: name, Run: 1}
	s.begin(&run)
	b, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// walkHere takes a scenario through the local engine's machine.
func walkHere(t *testing.T, definition, name string, s scenario) walk {
	t.Helper()
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := &play{script: s.answers}
	e, err := m.Start(name, s.start(t, name), now)
	if err != nil {
		t.Fatal(err)
	}
	w := walk{States: []string{e.State}}
	r := asl.Runner{
		Machine: m,
		Now:     func() time.Time { return now },
		Sleep:   func(_ context.Context, until time.Time) error { now = until; return nil },
		Rand:    rand.Float64,
		Save: func(_ context.Context, e asl.Execution) error {
			if e.WakeAt.IsZero() && !e.Ended() {
				w.States = append(w.States, e.State)
			}
			return nil
		},
		Task: func(_ context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
			a, run, err := p.next(resource[strings.LastIndex(resource, ":")+1:], input)
			switch {
			case err != nil:
				return nil, err
			case a.fail != "":
				return nil, &asl.TaskError{Name: a.fail, Cause: cause(a.fail)}
			case a.late:
				now = now.Add(time.Hour)
			}
			return json.Marshal(run)
		},
	}
	if e, err = r.Run(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	w.Calls = p.calls
	w.Ended = strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Status, e.Error, e.Cause))
	w.Last = last(t, string(e.Input))
	return w
}

// cause is the cause of a function's error, as Lambda's runtimes give it.
func cause(name string) string {
	return fmt.Sprintf(`{"errorMessage":"because of %s","errorType":"%s"}`, name, name)
}

// stage is Step Functions on a peer, with functions that do as a play says.
type stage struct {
	machines  *sfn.Client
	functions *lambda.Client
	plays     sync.Map // by the name of the execution
}

// newStage makes the functions.
func newStage(t *testing.T, url string, names []string) *stage {
	t.Helper()
	s := &stage{machines: sfn.NewFromConfig(cloud(url)), functions: lambda.NewFromConfig(cloud(url))}
	script := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var input bytes.Buffer
		if _, err := input.ReadFrom(r.Body); err != nil {
			t.Error(err)
			return
		}
		if err := json.NewEncoder(w).Encode(s.answer(t, path.Base(r.URL.Path), input.Bytes())); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(script.Close)
	code := zipped(t, "testdata/bootstrap")
	for _, name := range names {
		_, err := s.functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
			FunctionName: aws.String(name), Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
			Role: aws.String("arn:aws:iam::000000000000:role/peer"), Timeout: aws.Int32(60),
			Code:        &lambdatypes.FunctionCode{ZipFile: code},
			Environment: &lambdatypes.Environment{Variables: map[string]string{"SCRIPT": script.URL + "/" + name}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// zipped is a bootstrap as Lambda takes it.
func zipped(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// answer is what a function of the peer shall do; see testdata/bootstrap.
func (s *stage) answer(t *testing.T, function string, input []byte) map[string]any {
	fail := func(err error) map[string]any {
		t.Error(err)
		return map[string]any{"error": map[string]string{"errorType": "TestFailed", "errorMessage": err.Error()}}
	}
	var about struct{ Move string }
	if err := json.Unmarshal(input, &about); err != nil {
		return fail(err)
	}
	p, ok := s.plays.Load(about.Move)
	if !ok {
		return fail(fmt.Errorf("nobody plays %s", input))
	}
	a, run, err := p.(*play).next(function, input)
	switch {
	case err != nil:
		return fail(fmt.Errorf("%s: %w", about.Move, err))
	case a.fail != "":
		return map[string]any{"error": json.RawMessage(cause(a.fail))}
	case a.late:
		time.Sleep(late + 2*time.Second)
	}
	return map[string]any{"run": run}
}

// late is the timeout of the states of the scenario with a late function.
const late = 3 * time.Second

// walk takes a scenario through a machine on the peer.
func (s *stage) walk(t *testing.T, machine *string, name string, sc scenario) walk {
	t.Helper()
	p := &play{script: sc.answers}
	s.plays.Store(name, p)
	started, err := s.machines.StartExecution(t.Context(), &sfn.StartExecutionInput{
		StateMachineArn: machine, Name: aws.String(name), Input: aws.String(string(sc.start(t, name))),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := s.await(t, started.ExecutionArn)
	p.mu.Lock()
	defer p.mu.Unlock()
	w := walk{Calls: p.calls, Ended: strings.TrimSpace(fmt.Sprintf("%s %s %s", ended.Status, aws.ToString(ended.Error), aws.ToString(ended.Cause)))}
	pages := sfn.NewGetExecutionHistoryPaginator(s.machines, &sfn.GetExecutionHistoryInput{ExecutionArn: started.ExecutionArn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range page.Events {
			if d := event.StateEnteredEventDetails; d != nil {
				w.States = append(w.States, *d.Name)
				w.Last = last(t, *d.Input)
			}
		}
	}
	return w
}

// await waits for an execution's end.
func (s *stage) await(t *testing.T, execution *string) *sfn.DescribeExecutionOutput {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; {
		e, err := s.machines.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: execution})
		switch {
		case err != nil:
			t.Fatal(err)
		case e.Status != sfntypes.ExecutionStatusRunning:
			return e
		case time.Now().After(end):
			t.Fatalf("%s does not end", *execution)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// create makes a machine of a definition.
func (s *stage) create(t *testing.T, name, definition string) *string {
	t.Helper()
	made, err := s.machines.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String(name), Definition: aws.String(definition), RoleArn: aws.String("arn:aws:iam::000000000000:role/peer"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.StateMachineArn
}

// functionNames are the functions of the machine.
var functionNames = []string{"Fence", "List", "Drain", "Finish"}

// definition is the machine's, with functions' ARNs filled in.
func definition() string {
	var fill []string
	for _, name := range functionNames {
		fill = append(fill, "${"+name+"FunctionArn}", "arn:aws:lambda:us-east-1:000000000000:function:"+name)
	}
	return strings.NewReplacer(fill...).Replace(string(move.StateMachine))
}

// TestMachine has ministack and package asl take the same ways through the
// state machine.
func TestMachine(t *testing.T) {
	url := peers.Ministack(t)
	configure(t, url, `{"stepfunctions._SFN_WAIT_SCALE": 0}`) // waits are not what is compared
	s := newStage(t, url, functionNames)
	asIs := definition()
	impatient := strings.ReplaceAll(asIs, `"TimeoutSeconds": 300`, fmt.Sprintf(`"TimeoutSeconds": %d`, late/time.Second))
	machine, impatientMachine := s.create(t, "peer-move", asIs), s.create(t, "peer-impatient", impatient)

	entered := map[string]bool{}
	t.Run("walks", func(t *testing.T) {
		for name, sc := range scenarios {
			definition, machine := asIs, machine
			if name == "late" {
				definition, machine = impatient, impatientMachine
			}
			here := walkHere(t, definition, name, sc)
			if state := here.States[len(here.States)-1]; state != sc.ends || len(here.Calls) != len(sc.answers) {
				t.Errorf("%s ends in %s after %d calls, want %s after %d", name, state, len(here.Calls), sc.ends, len(sc.answers))
			}
			for _, state := range here.States {
				entered[state] = true
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				there := s.walk(t, machine, name, sc)
				if diff := cmp.Diff(here, there); diff != "" {
					t.Errorf("here -, on ministack +:\n%s", diff)
				}
			})
		}
	})
	t.Run("another machine", func(t *testing.T) {
		other := strings.Replace(asIs, `"$.again", "BooleanEquals": true`, `"$.again", "BooleanEquals": false`, 1)
		sc := scenario{begin: at("drain"), answers: []answer{{of: "Drain", run: again}, {of: "Finish", run: ends}}}
		there := s.walk(t, s.create(t, "peer-other", other), "other", sc)
		if state := there.States[len(there.States)-1]; state != "Done" || len(there.Calls) != 2 {
			t.Errorf("ends in %s after %v: the peer does not run what it is given", state, there.Calls)
		}
	})
	var all struct{ States map[string]any }
	if err := json.Unmarshal(move.StateMachine, &all); err != nil {
		t.Fatal(err)
	}
	if want, got := slices.Sorted(maps.Keys(all.States)), slices.Sorted(maps.Keys(entered)); !slices.Equal(got, want) {
		t.Errorf("the scenarios enter %v, not all of %v", got, want)
	}
}

// configure changes settings of ministack.
func configure(t *testing.T, url, settings string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/_ministack/config", strings.NewReader(settings))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", settings, response.Status, err)
	}
}
