package dynamo

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// maxPage is the most items of a page. No more than about this many fit into
// the megabyte that DynamoDB gives.
const maxPage = 100_000

// Query implements store.Engine.
func (e *Engine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	in, err := e.input(q)
	if in == nil {
		return store.Page{}, err
	}
	out, err := e.ask(ctx, in)
	if err != nil {
		return store.Page{}, fmt.Errorf("query %s %q: %w", q.Table, q.PK, err)
	}
	page, err := readPage(q, out)
	if err != nil {
		return store.Page{}, fmt.Errorf("query %s %q: %w", q.Table, q.PK, err)
	}
	return page, nil
}

// Count implements store.Engine. It costs what reading the items would, but they
// are not sent.
func (e *Engine) Count(ctx context.Context, q store.Query) (n int, _ error) {
	q.After = ""
	in, err := e.input(q)
	if in == nil {
		return 0, err
	}
	in.Select = types.SelectCount
	for {
		out, err := e.ask(ctx, in)
		if err != nil {
			return 0, fmt.Errorf("count %s %q: %w", q.Table, q.PK, err)
		}
		n += int(out.Count)
		if len(out.LastEvaluatedKey) == 0 || n >= q.Limit {
			return n, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
		in.Limit = aws.Int32(int32(min(q.Limit-n, maxPage))) // #nosec G115 -- at most maxPage
	}
}

func (e *Engine) ask(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	bounded, cancel := e.bounded(ctx)
	defer cancel()
	out, err := e.client.Query(bounded, in)
	if err != nil {
		return nil, translate(ctx, err)
	}
	return out, nil
}

// input is the request for a page; nil if there is nothing to ask, or the query
// makes no sense.
func (e *Engine) input(q store.Query) (*dynamodb.QueryInput, error) {
	table, err := e.name(q.Table)
	if err != nil {
		return nil, err
	}
	if q.Limit < 1 {
		return nil, fmt.Errorf("query %s: limit %d is less than 1", q.Table, q.Limit)
	}
	if q.To != "" && q.From > q.To || q.PK == "" || len(q.PK) > maxPK || !utf8.ValidString(q.PK) {
		return nil, nil // DynamoDB refuses to say so
	}
	in, err := input(table, q)
	if err != nil {
		return nil, fmt.Errorf("query %s %q: %w", q.Table, q.PK, err)
	}
	return in, nil
}

// input is the request for a page of a table.
func input(table *string, q store.Query) (*dynamodb.QueryInput, error) {
	hash, sort := store.PK, store.SK
	in := &dynamodb.QueryInput{
		TableName: table, ScanIndexForward: aws.Bool(!q.Descending), Limit: aws.Int32(int32(min(q.Limit, maxPage))), // #nosec G115 -- at most maxPage
	}
	if q.Index != nil {
		hash, sort = q.Index.PK, q.Index.SK
		in.IndexName = &q.Index.Name
	} else {
		in.ConsistentRead = aws.Bool(q.Read == store.Strong)
	}
	var x expression
	condition := hash + " = " + x.value(store.S(q.PK))
	switch {
	case q.From != "" && q.To != "":
		condition += " AND " + sort + " BETWEEN " + x.value(store.S(q.From)) + " AND " + x.value(store.S(q.To))
	case q.From != "":
		condition += " AND " + sort + " >= " + x.value(store.S(q.From))
	case q.To != "":
		condition += " AND " + sort + " <= " + x.value(store.S(q.To))
	}
	in.KeyConditionExpression, in.ExpressionAttributeValues = &condition, x.values
	if q.After == "" {
		return in, nil
	}
	at, err := readCursor(q)
	in.ExclusiveStartKey = at
	return in, err
}

// shows reports whether an index has an attribute, if it is as it should be.
func shows(i *store.Index, attr string) bool {
	return attr == i.PK || attr == i.SK || slices.Contains(i.Projects, attr)
}

func readPage(q store.Query, out *dynamodb.QueryOutput) (store.Page, error) {
	var page store.Page
	for _, raw := range out.Items {
		item, err := readItem(raw)
		if err != nil {
			return store.Page{}, err
		}
		if q.Index != nil {
			item.Attrs = slices.DeleteFunc(item.Attrs, func(a store.Attr) bool { return !shows(q.Index, a.Name) })
		}
		page.Items = append(page.Items, item)
	}
	if len(out.LastEvaluatedKey) == 0 {
		return page, nil
	}
	last, err := readItem(out.LastEvaluatedKey)
	if err == nil {
		page.Next, err = writeCursor(q, last)
	}
	return page, err
}
