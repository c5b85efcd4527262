package dynamo

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"deskmove/shared/store"
)

// DynamoDB's limits.
const (
	maxPK = 2048 // bytes
	maxSK = 1024
)

type image = map[string]types.AttributeValue

// writeValue turns a value into DynamoDB's form.
func writeValue(v store.Value) types.AttributeValue {
	switch v.Kind {
	case store.Number:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v.Num, 10)}
	case store.Binary:
		return &types.AttributeValueMemberB{Value: []byte(v.Str)}
	}
	return &types.AttributeValueMemberS{Value: v.Str}
}

// readValue undoes writeValue.
func readValue(v types.AttributeValue) (store.Value, error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return store.S(v.Value), nil
	case *types.AttributeValueMemberN:
		return readNumber(v.Value)
	case *types.AttributeValueMemberB:
		return store.B(string(v.Value)), nil
	}
	return store.Value{}, fmt.Errorf("%T is not a string, a number or bytes", v)
}

// errNumber does not say which number it is about.
var errNumber = errors.New("a number is not a 64-bit integer")

func readNumber(s string) (store.Value, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return store.Value{}, errNumber
	}
	return store.N(n), nil
}

func writeKey(k store.Key) image {
	return image{store.PK: &types.AttributeValueMemberS{Value: k.PK}, store.SK: &types.AttributeValueMemberS{Value: k.SK}}
}

func writeItem(k store.Key, attrs store.Attrs) image {
	item := make(image, len(attrs)+2)
	for _, a := range attrs {
		item[a.Name] = writeValue(a.Value)
	}
	item[store.PK], item[store.SK] = &types.AttributeValueMemberS{Value: k.PK}, &types.AttributeValueMemberS{Value: k.SK}
	return item
}

func readItem(m image) (store.Item, error) {
	item := store.Item{Attrs: make(store.Attrs, 0, len(m))}
	for name, raw := range m {
		v, err := readValue(raw)
		if err != nil {
			return store.Item{}, fmt.Errorf("attribute %s: %w", name, err)
		}
		take(&item, name, v)
	}
	if item.Key.PK == "" || item.Key.SK == "" {
		return store.Item{}, errors.New("item without a key")
	}
	return item, nil
}

// take adds an attribute, or a part of the key, to an item.
func take(item *store.Item, name string, v store.Value) {
	switch name {
	case store.PK:
		item.Key.PK = v.Str
	case store.SK:
		item.Key.SK = v.Str
	default:
		item.Attrs = append(item.Attrs, store.Attr{Name: name, Value: v})
	}
}

// writable reports why DynamoDB, or the SDK, would not take a write as it is.
func writable(w *store.Write) error {
	if err := storable(w.Key); err != nil {
		return err
	}
	for _, attrs := range []store.Attrs{w.Set, w.Add} {
		for i := range attrs {
			if err := writableAttr(w.Table, &attrs[i]); err != nil {
				return fmt.Errorf("attribute %s: %w", attrs[i].Name, err)
			}
		}
	}
	return nil
}

func writableAttr(t store.Table, a *store.Attr) error {
	if a.Name == store.PK || a.Name == store.SK {
		return errors.New("the name is the key's")
	}
	if a.Value.Kind != store.String || a.Value.Str == "" {
		for _, i := range store.Indexes {
			if i.Table == t && (a.Name == i.PK || a.Name == i.SK) {
				return errors.New("a key of an index is a string and not empty; leave it out to keep the item out of the index")
			}
		}
	}
	if a.Value.Kind == store.String && !utf8.ValidString(a.Value.Str) {
		return errors.New("the string is not UTF-8; bytes are Binary") // the SDK would change it silently
	}
	return nil
}

// storable reports why no item can have a key.
func storable(k store.Key) error {
	switch {
	case k.PK == "" || k.SK == "":
		return errors.New("a part of the key is empty")
	case len(k.PK) > maxPK || len(k.SK) > maxSK:
		return fmt.Errorf("the key has %d and %d bytes, at most %d and %d are allowed", len(k.PK), len(k.SK), maxPK, maxSK)
	case !utf8.ValidString(k.PK) || !utf8.ValidString(k.SK):
		return errors.New("the key is not UTF-8")
	}
	return nil
}
