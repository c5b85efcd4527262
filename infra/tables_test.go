package infra_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"deskmove/infra/samlocal/tables"
	"deskmove/shared/aws/dynamo"
)

// tableMaker is a DynamoDB that notes which tables it is asked to make.
type tableMaker struct {
	made map[string]map[string]any // by name
	ttl  map[string]any
}

// Do implements the SDK's HTTPClient.
func (m *tableMaker) Do(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var in map[string]any
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	answer := "{}"
	switch name := text(in["TableName"]); action {
	case "CreateTable":
		m.made[name] = in
	case "UpdateTimeToLive":
		m.ttl[name] = in["TimeToLiveSpecification"]
	case "DescribeTable":
		answer = fmt.Sprintf(`{"Table": {"TableName": %q, "TableStatus": "ACTIVE"}}`, name)
	default:
		return nil, fmt.Errorf("unexpected %s", action)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

// TestTablesAgree holds the template's tables against those that package tables
// makes.
func TestTablesAgree(t *testing.T) {
	maker := &tableMaker{made: map[string]map[string]any{}, ttl: map[string]any{}}
	client, _ := dynamo.Clients(aws.Config{
		Region: "local", Credentials: aws.AnonymousCredentials{}, HTTPClient: maker,
	})
	err := tables.Create(t.Context(), client, dynamo.Tables{
		Conversations: "ConversationsTable", Control: "ControlTable",
	})
	if err != nil {
		t.Fatal(err)
	}
	contract := func(p project) []string {
		tmpl, err := p.template()
		if err != nil {
			return []string{err.Error()}
		}
		problems := differ(slices.Sorted(maps.Keys(maker.made)), tmpl.of("AWS::DynamoDB::Table"), "is not in the template", "is none of ours")
		for id, made := range maker.made {
			properties := tmpl.Resources[id].Properties
			same := func(what string, got, want any) {
				if g, w := canonical(got), canonical(want); g != w {
					problems = append(problems, fmt.Sprintf("%s: its %s is %s, not %s", id, what, g, w))
				}
			}
			same("billing", properties["BillingMode"], made["BillingMode"])
			same("keys", properties["KeySchema"], made["KeySchema"])
			same("attributes", properties["AttributeDefinitions"], made["AttributeDefinitions"])
			same("number of indexes", len(list(properties["GlobalSecondaryIndexes"])), len(list(made["GlobalSecondaryIndexes"])))
			for i, index := range list(made["GlobalSecondaryIndexes"]) {
				var other any
				if indexes := list(properties["GlobalSecondaryIndexes"]); i < len(indexes) {
					other = indexes[i]
				}
				for _, of := range []string{"IndexName", "KeySchema", "Projection"} {
					same("index's "+of, at(other, of), at(index, of))
				}
			}
			same("stream", at(properties, "StreamSpecification", "StreamViewType"), at(made, "StreamSpecification", "StreamViewType"))
			same("expiry", properties["TimeToLiveSpecification"], maker.ttl[id])
		}
		return problems
	}
	const yaml = "template.yaml"
	holds(t, contract, map[string]breakage{
		"other key":     {file: yaml, old: "AttributeName: sk, KeyType: RANGE", new: "AttributeName: id, KeyType: RANGE", says: "its keys"},
		"other type":    {file: yaml, old: "AttributeName: csk, AttributeType: S", new: "AttributeName: csk, AttributeType: N", says: "its attributes"},
		"other index":   {file: yaml, old: "IndexName: due\n", new: "IndexName: dues\n", says: "ControlTable: its index's IndexName"},
		"whole items":   {file: yaml, old: "ProjectionType: KEYS_ONLY", new: "ProjectionType: ALL", says: "its index's Projection"},
		"index's key":   {file: yaml, old: "AttributeName: opk, KeyType: HASH", new: "AttributeName: pk, KeyType: HASH", says: "its index's KeySchema"},
		"half a stream": {file: yaml, old: "NEW_AND_OLD_IMAGES", new: "NEW_IMAGE", says: "ConversationsTable: its stream"},
		"no expiry":     {file: yaml, old: "      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true} # of idempotency keys, and of notifications that were sent\n", new: "", says: "ControlTable: its expiry"},
		"provisioned":   {file: yaml, old: "BillingMode: PAY_PER_REQUEST", new: "BillingMode: PROVISIONED", says: "its billing"},
		"a third":       {file: yaml, old: "  BatchesQueue:\n    Type: AWS::SQS::Queue", new: "  BatchesQueue:\n    Type: AWS::DynamoDB::Table", says: "BatchesQueue: is none of ours"},
	})
}

// canonical is a value as JSON, with the entries of a list in the order of
// their text, since that of attributes means nothing.
func canonical(v any) string {
	if l, ok := v.([]any); ok {
		texts := make([]string, len(l))
		for i, of := range l {
			texts[i] = canonical(of)
		}
		slices.Sort(texts)
		return fmt.Sprint(texts)
	}
	b, _ := json.Marshal(v) // it came from JSON
	return string(b)
}
