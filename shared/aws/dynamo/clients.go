package dynamo

import (
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// What one request may cost in time. An answer takes milliseconds; some
// attempts must fit into an HTTP request's 30 seconds, and into an Engine's
// Patience.
const (
	attempts       = 6
	attemptTimeout = 4 * time.Second
	longestPause   = time.Second
)

// connections is how many are kept open: as many as two calls of an Engine
// use. The SDK keeps 10, and would make and drop most of them all the time.
const connections = 64

// Clients returns the clients for an Engine: those of cfg, with Retryer, and
// with HTTPClient unless cfg has an HTTP client of its own.
func Clients(cfg aws.Config) (*dynamodb.Client, *dynamodbstreams.Client) {
	cfg.Retryer = Retryer
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = HTTPClient()
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
}

// Retryer returns a retryer as an Engine's clients should have it: the SDK's
// adaptive mode, which slows its own requests down while the table throttles,
// with bounded attempts.
func Retryer() aws.Retryer {
	return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = attempts, longestPause
			o.BaseDelay = 25 * time.Millisecond // the SDK's own for DynamoDB
		})
	})
}

// HTTPClient returns a client that keeps enough connections, gives an attempt
// up early enough to make another, and loses no answer.
func HTTPClient() aws.HTTPClient { return KeepAnswers(Transport()) }

// Transport is HTTPClient without KeepAnswers, for config.LoadDefaultConfig,
// which may have to add certificates to it.
func Transport() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(attemptTimeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = connections
	})
}

// KeepAnswers returns a client as which the SDK loses no answers; see
// plainBodies.
func KeepAnswers(client aws.HTTPClient) aws.HTTPClient { return plainBodies{client} }

// plainBodies hides all methods of requests' bodies but Read and Close.
//
// The SDK (smithy-go 1.28) closes the body as soon as there is an answer. If
// the transport has not yet seen the body's end by then, which happens when
// the processor is busy, it asks WriteTo for the rest and gets io.EOF, which
// is no answer that WriteTo may give: it drops the connection with the answer
// on it, and the SDK makes the request again. Read may give io.EOF.
type plainBodies struct{ client aws.HTTPClient }

func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.client.Do(r)
}
