package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// shape is what a table is like beside the keys pk and sk, which all of them
// have, and its indexes.
type shape struct {
	table  store.Table
	stream bool // of both images
}

var shapes = [...]shape{
	{table: store.Conversations, stream: true},
	{table: store.Control},
}

// indexes are those of a table.
func (s shape) indexes() (all []*store.Index) {
	for _, i := range store.Indexes {
		if i.Table == s.table {
			all = append(all, i)
		}
	}
	return all
}

// Projection is what an index has beside keys.
func Projection(i *store.Index) *types.Projection {
	if len(i.Projects) == 0 {
		return &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	}
	return &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: i.Projects}
}
