package peers_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.yaml.in/yaml/v3"

	"deskmove/infra/test/bootstrap"
)

// deployment is the stack of template.yaml on ministack.
type deployment struct {
	config    aws.Config
	resources map[string]string // physical IDs by logical ones
	connector appClient         // of the account's connector
}

// deploy builds the functions and makes the stack.
func deploy(t *testing.T, url, stack string) *deployment {
	t.Helper()
	d := &deployment{config: cloud(url), resources: make(map[string]string)}
	template := d.upload(t, stack+"-code")
	cfn := cloudformation.NewFromConfig(d.config)
	if _, err := cfn.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String(stack), TemplateURL: aws.String(url + "/" + template),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam, cfntypes.CapabilityCapabilityNamedIam, cfntypes.CapabilityCapabilityAutoExpand},
		Parameters: []cfntypes.Parameter{
			{ParameterKey: aws.String("Architecture"), ParameterValue: aws.String("x86_64")},
			{ParameterKey: aws.String("DeletionProtection"), ParameterValue: aws.String("false")},
		},
	}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		about, err := cfn.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
		if err != nil {
			t.Fatal(err)
		}
		status := about.Stacks[0].StackStatus
		if status == cfntypes.StackStatusCreateComplete {
			break
		}
		if status != cfntypes.StackStatusCreateInProgress || time.Now().After(end) {
			t.Fatalf("the stack is %s: %s%s", status, aws.ToString(about.Stacks[0].StackStatusReason), failures(t, cfn, stack))
		}
	}
	pages := cloudformation.NewListStackResourcesPaginator(cfn, &cloudformation.ListStackResourcesInput{StackName: aws.String(stack)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.StackResourceSummaries {
			d.resources[*r.LogicalResourceId] = aws.ToString(r.PhysicalResourceId)
		}
	}
	return d
}

// failures are what a stack says of what it could not make.
func failures(t *testing.T, cfn *cloudformation.Client, stack string) (all string) {
	t.Helper()
	events, err := cfn.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String(stack)})
	if err != nil {
		return err.Error()
	}
	for _, e := range events.StackEvents {
		if strings.HasSuffix(string(e.ResourceStatus), "FAILED") {
			all += fmt.Sprintf("\n%s: %s", aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceStatusReason))
		}
	}
	return all
}

// upload puts the functions and the state machine where the stack finds them,
// as "sam package" does, and where the template is that says so.
func (d *deployment) upload(t *testing.T, bucket string) string {
	t.Helper()
	store := s3.NewFromConfig(d.config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := store.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	put := func(key string, content []byte) string {
		if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(content),
		}); err != nil {
			t.Fatal(err)
		}
		return "s3://" + bucket + "/" + key
	}
	const root = "../../.."
	raw, err := os.ReadFile(root + "/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template yaml.Node
	if err := yaml.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	adapt(t, &template)
	functions := make(map[string]*yaml.Node)
	for _, uri := range find(&template, "CodeUri") {
		functions[filepath.Base(uri.Value)] = uri
	}
	dir := t.TempDir()
	if err := bootstrap.Build(t.Context(), dir, slices.Collect(maps.Keys(functions))...); err != nil {
		t.Fatal(err)
	}
	for name, uri := range functions {
		uri.Value = put(name+".zip", zipped(t, filepath.Join(dir, name)))
	}
	for _, uri := range find(&template, "DefinitionUri") {
		content, err := os.ReadFile(filepath.Join(root, uri.Value))
		if err != nil {
			t.Fatal(err)
		}
		uri.Value = put(filepath.Base(uri.Value), content)
	}
	written, err := yaml.Marshal(&template)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(put("template.yaml", written), "s3://") // too long to be sent as it is
}

// adapt takes out of a template what ministack cannot do: alarms on more than
// one metric, and numbers that are parameters, which it takes for text.
func adapt(t *testing.T, template *yaml.Node) {
	t.Helper()
	resources := value(template.Content[0], "Resources")
	if resources == nil {
		t.Fatal("the template has no resources")
	}
	var kept []*yaml.Node
	for i := 0; i < len(resources.Content); i += 2 {
		about := resources.Content[i+1]
		if value(about, "Type").Value != "AWS::CloudWatch::Alarm" || value(value(about, "Properties"), "Metrics") == nil {
			kept = append(kept, resources.Content[i:i+2]...)
		}
	}
	resources.Content = kept
	for _, n := range find(template, "MaximumConcurrency") {
		*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "2"}
	}
}

// value is what a mapping has under a key, or nil.
func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// find finds the values that any mapping in a node has under a key.
func find(n *yaml.Node, key string) (values []*yaml.Node) {
	if n.Kind == yaml.MappingNode {
		if v := value(n, key); v != nil {
			values = append(values, v)
		}
	}
	for _, c := range n.Content {
		values = append(values, find(c, key)...)
	}
	return values
}
