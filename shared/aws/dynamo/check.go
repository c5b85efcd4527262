package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// Check compares the tables with what they should be. Its error names every
// table that is wrong, what is wrong with it and what to do. It may be called
// at start, and needs the permission dynamodb:DescribeTable.
func (e *Engine) Check(ctx context.Context) error {
	var errs []error
	for _, s := range shapes {
		name := e.tables.name(s.table)
		problems, err := e.problems(ctx, s, name)
		if len(problems) > 0 {
			err = errors.New(strings.Join(problems, "; "))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("table %q of the %s: %w", name, s.table, err))
		}
	}
	return errors.Join(errs...)
}

// problems says what is wrong with a table. An error is about the asking.
func (e *Engine) problems(ctx context.Context, s shape, name string) ([]string, error) {
	variable := strings.ToUpper(string(s.table)) + "_TABLE"
	if name == "" {
		return []string{"it has no name: set " + variable}, nil
	}
	if other := e.tables.table(name); other != s.table {
		return []string{fmt.Sprintf("it is that of the %s too: correct %s", other, variable)}, nil
	}
	bounded, cancel := e.bounded(ctx)
	defer cancel()
	out, err := e.client.DescribeTable(bounded, &dynamodb.DescribeTableInput{TableName: &name})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return []string{"it does not exist in this account and region: deploy the stack, or correct " + variable}, nil
	}
	if err != nil {
		return nil, translate(ctx, err)
	}
	problems := wrongKeys(out.Table)
	for _, i := range s.indexes() {
		problems = append(problems, wrongIndex(out.Table, i)...)
	}
	return append(problems, wrongStream(out.Table, s)...), nil
}

// remake is what to do about keys, which cannot be changed.
const remake = "keys cannot be changed: use a table that the stack has made"

func wrongKeys(t *types.TableDescription) (problems []string) {
	if t.TableStatus != types.TableStatusActive && t.TableStatus != types.TableStatusUpdating {
		problems = append(problems, fmt.Sprintf("it is %s: wait until it is ACTIVE", t.TableStatus))
	}
	if is, want := keyText(t, t.KeySchema), store.PK+" (S), "+store.SK+" (S)"; is != want {
		problems = append(problems, fmt.Sprintf("its keys are %s, not %s; %s", is, want, remake))
	}
	return problems
}

func wrongIndex(t *types.TableDescription, want *store.Index) (problems []string) {
	n := slices.IndexFunc(t.GlobalSecondaryIndexes, func(d types.GlobalSecondaryIndexDescription) bool {
		return aws.ToString(d.IndexName) == want.Name
	})
	if n < 0 {
		return []string{fmt.Sprintf("it has no index %s: deploy the stack, which adds it", want.Name)}
	}
	const remedy = "delete the index and deploy the stack, which adds it"
	d := t.GlobalSecondaryIndexes[n]
	if is, want, name := keyText(t, d.KeySchema), want.PK+" (S), "+want.SK+" (S)", want.Name; is != want {
		problems = append(problems, fmt.Sprintf("the keys of its index %s are %s, not %s: %s", name, is, want, remedy))
	}
	if is, right := projectionText(d.Projection), projectionText(Projection(want)); is != right {
		problems = append(problems, fmt.Sprintf("its index %s projects %s, not %s, so that it shows too little or its every write costs too much: %s",
			want.Name, is, right, remedy))
	}
	if d.IndexStatus == types.IndexStatusCreating || d.IndexStatus == types.IndexStatusDeleting {
		problems = append(problems, fmt.Sprintf("its index %s is %s: wait until it is ACTIVE", want.Name, d.IndexStatus))
	}
	return problems
}

// projectionText writes a projection as "INCLUDE of a, b", in the order of the
// names.
func projectionText(p *types.Projection) string {
	switch {
	case p == nil:
		return "nothing"
	case p.ProjectionType != types.ProjectionTypeInclude:
		return string(p.ProjectionType)
	}
	return fmt.Sprintf("%s of %s", p.ProjectionType, strings.Join(slices.Sorted(slices.Values(p.NonKeyAttributes)), ", "))
}

func wrongStream(t *types.TableDescription, s shape) []string {
	want := types.StreamViewTypeNewAndOldImages
	spec := t.StreamSpecification
	switch {
	case !s.stream:
		return nil
	case spec == nil || !aws.ToBool(spec.StreamEnabled):
		return []string{fmt.Sprintf("its stream is off, so that nothing would be redirected: deploy the stack, or turn on a stream of %s", want)}
	case spec.StreamViewType != want:
		return []string{fmt.Sprintf("its stream shows %s, not %s: turn it off, and on again by deploying the stack", spec.StreamViewType, want)}
	}
	return nil
}

// keyText writes keys as "pk (S), sk (S)", hash key first.
func keyText(t *types.TableDescription, keys []types.KeySchemaElement) string {
	var hash, sort []string
	for _, k := range keys {
		kind := "?"
		for _, a := range t.AttributeDefinitions {
			if aws.ToString(a.AttributeName) == aws.ToString(k.AttributeName) {
				kind = string(a.AttributeType)
			}
		}
		text := fmt.Sprintf("%s (%s)", aws.ToString(k.AttributeName), kind)
		if k.KeyType == types.KeyTypeHash {
			hash = append(hash, text)
		} else {
			sort = append(sort, text)
		}
	}
	return strings.Join(append(hash, sort...), ", ")
}
