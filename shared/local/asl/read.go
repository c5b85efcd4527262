package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"
)

// readObject reads a JSON object into the struct that v points to. It is
// stricter than encoding/json: it refuses fields that the struct does not have,
// also those that differ in case only, and requires all that are not tagged as
// optional.
func readObject(raw []byte, v any) error {
	object := reflect.ValueOf(v).Elem()
	err := eachField(raw, func(name string, raw json.RawMessage) error {
		field := object.FieldByName(name)
		switch {
		case !field.IsValid():
			return errors.New("not supported here, remove it")
		case string(raw) == "null":
			return errors.New("null is not supported")
		}
		return json.Unmarshal(raw, field.Addr().Interface())
	})
	if err != nil {
		return err
	}
	for i := range object.NumField() {
		field, value := object.Type().Field(i), object.Field(i)
		list := value.Kind() == reflect.Slice || value.Kind() == reflect.Map
		empty := value.IsZero() || list && value.Len() == 0
		if empty && field.Tag.Get("asl") != "optional" {
			return fmt.Errorf("%s: missing or empty", field.Name)
		}
	}
	return nil
}

// eachField calls read with each field of a JSON object, and refuses one that
// appears twice. Its errors start with the name of the field.
func eachField(raw []byte, read func(name string, raw json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("a JSON object is needed")
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name := fmt.Sprint(t)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%s: appears twice", name)
		}
		seen[name] = true
		if err := read(name, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// count is a whole number in the range that AWS allows.
type count int

// maxCount is the largest number of seconds or attempts on AWS.
const maxCount = 99_999_999

// UnmarshalJSON implements json.Unmarshaler.
func (c *count) UnmarshalJSON(raw []byte) error {
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 || n > maxCount {
		return fmt.Errorf("%s is not a whole number from 0 to %d", raw, maxCount)
	}
	*c = count(n)
	return nil
}

func (c count) seconds() time.Duration { return time.Duration(c) * time.Second }

// path is a JSONPath that selects one field of a state's input. It holds the
// field's name.
type path string

var supportedPath = regexp.MustCompile(`^"\$\.([A-Za-z_][A-Za-z0-9_]*)"$`)

// UnmarshalJSON implements json.Unmarshaler.
func (p *path) UnmarshalJSON(raw []byte) error {
	m := supportedPath.FindSubmatch(raw)
	if m == nil {
		return fmt.Errorf("path %s is not supported: use $.name", raw)
	}
	*p = path(m[1])
	return nil
}

// get returns the selected field of a state's input, and whether it is there.
func (p path) get(input json.RawMessage) (json.RawMessage, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(input, &fields) != nil {
		return nil, false
	}
	v, ok := fields[string(p)]
	return v, ok
}

// set returns a state's input with v as the selected field. It fails if the
// input is not a JSON object.
func (p path) set(input, v json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(input, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null is not an object")
	}
	fields[string(p)] = v
	return json.Marshal(fields)
}
