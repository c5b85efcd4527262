package aws

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/caarlos0/env/v11"

	"deskmove/shared/desk"
)

// Parts of a function's environment. A function embeds the parts that it reads.
type (
	// Tables are the names of the tables.
	Tables struct {
		Conversations Table `env:"CONVERSATIONS_TABLE,notEmpty"`
		Control       Table `env:"CONTROL_TABLE,notEmpty"`
	}
	// Files is the bucket of files.
	Files struct {
		FilesBucket Bucket `env:"FILES_BUCKET,notEmpty"`
	}
	// Batches is where batches are sent.
	Batches struct {
		BatchesQueue QueueURL `env:"BATCHES_QUEUE_URL,notEmpty"`
	}
	// DeadLetters are the dead-letter queues whose messages may be sent back.
	DeadLetters struct {
		BatchesDead        QueueARN `env:"BATCHES_DEAD_QUEUE_ARN,notEmpty"`
		StreamFailuresDead QueueARN `env:"STREAM_FAILURES_DEAD_QUEUE_ARN,notEmpty"`
	}
	// Machine is the state machine whose executions are started.
	Machine struct {
		MoveMachine MachineARN `env:"MOVE_MACHINE_ARN,notEmpty"`
	}
	// Stream is the conversations' stream, from which changes are read again.
	Stream struct {
		ConversationsStream StreamARN `env:"CONVERSATIONS_STREAM_ARN,notEmpty"`
	}
	// SignIn is the user pool's sign-in page, for the pages of the console. There
	// need not be one.
	SignIn struct {
		SignInURL    SignInURL `env:"SIGN_IN_URL"`
		SignInClient string    `env:"SIGN_IN_CLIENT"`
	}
	// Dashboard is where CloudWatch shows the measurements. There need not be one.
	Dashboard struct {
		DashboardURL DashboardURL `env:"DASHBOARD_URL"`
	}
	// Operator is the account of whoever runs the stack. There need not be one.
	Operator struct {
		OperatorAccount Account `env:"OPERATOR_ACCOUNT"`
	}
	// Metrics says under which name measurements are collected.
	Metrics struct {
		MetricsNamespace Namespace `env:"METRICS_NAMESPACE,notEmpty"`
	}
)

// Values of variables. Their UnmarshalText says what is wrong with one,
// without repeating it.
type (
	Table      string // name of a table
	Bucket     string // name of a bucket
	QueueURL   string // URL of a queue
	QueueARN   string // ARN of a queue
	MachineARN string // ARN of a state machine
	StreamARN  string // ARN of a table's stream
	SignInURL  string // of a user pool's sign-in page; empty if there is none
	Namespace  string // of CloudWatch's metrics
	Account    string // ID of an account; empty if there is none

	DashboardURL string // of a page of CloudWatch; empty if there is none
)

var (
	tableForm     = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
	bucketForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	namespaceForm = regexp.MustCompile(`^[A-Za-z0-9_.#:/-]{1,255}$`)
)

// UnmarshalText reads a table's name.
func (t *Table) UnmarshalText(b []byte) error {
	*t = Table(b)
	return match(tableForm, b, "not a valid table name; expected 3 to 255 letters, digits, '_', '.' and '-'")
}

// UnmarshalText reads a bucket's name.
func (n *Bucket) UnmarshalText(b []byte) error {
	*n = Bucket(b)
	return match(bucketForm, b, "not a valid bucket name; expected 3 to 63 lower-case letters, digits, '.' and '-'")
}

// UnmarshalText reads a queue's URL.
func (q *QueueURL) UnmarshalText(b []byte) error {
	*q = QueueURL(b)
	u, err := url.Parse(string(b))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Count(strings.Trim(u.Path, "/"), "/") != 1 || u.RawQuery != "" {
		return errors.New("not a valid queue URL; expected one such as https://sqs.eu-central-1.amazonaws.com/123456789012/name")
	}
	return nil
}

// UnmarshalText reads a queue's ARN.
func (q *QueueARN) UnmarshalText(b []byte) error {
	*q = QueueARN(b)
	a, err := arn.Parse(string(b))
	if err != nil || a.Service != "sqs" || a.Resource == "" || strings.Contains(a.Resource, ":") {
		return errors.New("not a valid queue ARN; expected one such as arn:aws:sqs:eu-central-1:123456789012:name")
	}
	return nil
}

// UnmarshalText reads a state machine's ARN.
func (m *MachineARN) UnmarshalText(b []byte) error {
	*m = MachineARN(b)
	a, err := arn.Parse(string(b))
	kind, name, _ := strings.Cut(a.Resource, ":")
	if err != nil || a.Service != "states" || kind != "stateMachine" || name == "" || strings.Contains(name, ":") {
		return errors.New("not a valid state machine ARN; expected one such as arn:aws:states:eu-central-1:123456789012:stateMachine:name")
	}
	return nil
}

// UnmarshalText reads a stream's ARN.
func (s *StreamARN) UnmarshalText(b []byte) error {
	*s = StreamARN(b)
	a, err := arn.Parse(string(b))
	if err != nil || a.Service != "dynamodb" || !strings.HasPrefix(a.Resource, "table/") || !strings.Contains(a.Resource, "/stream/") {
		return errors.New("not a valid ARN of a table's stream; expected one such as arn:aws:dynamodb:eu-central-1:123456789012:table/name/stream/2026-11-23T09:00:00.000")
	}
	return nil
}

// UnmarshalText reads the URL of a sign-in page.
func (s *SignInURL) UnmarshalText(b []byte) error {
	*s = SignInURL(b)
	if len(b) == 0 {
		return nil
	}
	u, err := url.Parse(string(b))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("not a valid URL of a sign-in page; expected one such as https://prefix.auth.eu-central-1.amazoncognito.com")
	}
	return nil
}

// UnmarshalText reads the URL of a dashboard.
func (d *DashboardURL) UnmarshalText(b []byte) error {
	*d = DashboardURL(b)
	if u, err := url.Parse(string(b)); len(b) > 0 && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		return errors.New("not a valid URL of a dashboard; expected one such as https://eu-central-1.console.aws.amazon.com/cloudwatch/home")
	}
	return nil
}

// UnmarshalText reads the ID of an account.
func (a *Account) UnmarshalText(b []byte) error {
	*a = Account(b)
	if len(b) > 0 && desk.CheckID("account", string(b)) != nil {
		return errors.New("not a valid account; expected the ID of one, such as acme")
	}
	return nil
}

// UnmarshalText reads a namespace.
func (n *Namespace) UnmarshalText(b []byte) error {
	*n = Namespace(b)
	err := match(namespaceForm, b, "not a valid namespace; expected 1 to 255 letters, digits and any of _.#:/-")
	if err == nil && strings.HasPrefix(string(b), "AWS/") {
		err = errors.New("namespaces that begin with AWS/ are reserved")
	}
	return err
}

func match(form *regexp.Regexp, b []byte, problem string) error {
	if !form.Match(b) {
		return errors.New(problem)
	}
	return nil
}

// Gap is a variable that is missing or malformed.
type Gap struct {
	Variable string `json:"variable"`
	Problem  string `json:"problem"` // does not repeat the value
	Remedy   string `json:"remedy"`
}

// EnvironmentError names every gap of an environment.
type EnvironmentError struct{ Gaps []Gap }

func (e *EnvironmentError) Error() string {
	texts := make([]string, len(e.Gaps))
	for i, g := range e.Gaps {
		texts[i] = fmt.Sprintf("%s: %s; %s", g.Variable, g.Problem, g.Remedy)
	}
	return "environment: " + strings.Join(texts, " | ")
}

// LogValue lists the gaps in a line of the log.
func (e *EnvironmentError) LogValue() slog.Value { return slog.AnyValue(e.Gaps) }

// ReadEnvironment reads an environment's variables from vars or, if that is nil,
// from those of the process. The error, an *EnvironmentError, lists all gaps.
func ReadEnvironment(environment any, vars map[string]string) error {
	err := env.ParseWithOptions(environment, env.Options{Environment: vars})
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	names := variableOf(reflect.TypeOf(environment).Elem())
	e := &EnvironmentError{}
	for _, err := range all.Errors {
		switch err := err.(type) {
		case env.EmptyVarError:
			e.Gaps = append(e.Gaps, Gap{err.Key, "not set", remedy})
		case env.ParseError:
			e.Gaps = append(e.Gaps, Gap{names[err.Name], err.Err.Error(), remedy})
		default: // a mistake in the struct
			return err
		}
	}
	slices.SortFunc(e.Gaps, func(a, b Gap) int { return strings.Compare(a.Variable, b.Variable) })
	return e
}

const remedy = "set it in the function's environment, as template.yaml does"

// variableOf maps the names of fields to those of their variables.
func variableOf(t reflect.Type) map[string]string {
	names := make(map[string]string)
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("env"), ","); name != "" {
			names[f.Name] = name
		}
	}
	return names
}
