package dynamo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// writeCursor names the place of an item in a query: its sort key, or in the
// index the sort key there and the item's own key. The query's partition is
// not in it, so that a cursor made up leads to no other.
func writeCursor(q store.Query, last store.Item) (string, error) {
	place := []string{last.Key.SK}
	if q.Index != nil {
		place = []string{last.Attrs.Str(q.Index.SK), last.Key.PK, last.Key.SK}
	}
	b, err := json.Marshal(place)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// readCursor returns the key after which a query goes on. It is within the
// query's bounds, as DynamoDB demands.
func readCursor(q store.Query) (image, error) {
	b, err := base64.RawURLEncoding.DecodeString(q.After)
	var place []string
	if err == nil {
		err = json.Unmarshal(b, &place)
	}
	if err != nil || len(place) == 0 || place[0] < q.From || q.To != "" && place[0] > q.To {
		return nil, store.ErrCursor
	}
	key := store.Key{PK: q.PK, SK: place[0]}
	if err := storable(key); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrCursor, err)
	}
	switch {
	case q.Index == nil && len(place) == 1:
		return writeKey(key), nil
	case q.Index != nil && len(place) == 3:
		base := store.Key{PK: place[1], SK: place[2]}
		if err := storable(base); err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrCursor, err)
		}
		at := writeKey(base)
		at[q.Index.PK] = &types.AttributeValueMemberS{Value: key.PK}
		at[q.Index.SK] = &types.AttributeValueMemberS{Value: key.SK}
		return at, nil
	}
	return nil, store.ErrCursor
}
