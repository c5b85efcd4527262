package desk

import (
	"bytes"
	"encoding/json"
	"errors"
)

// ParseSettings reads the part of a channel's settings that rules need. The
// settings are the customer's (R17): unknown fields are left alone, and
// nothing at all is the zero Settings. A known field of the wrong type is an
// *InvalidError with its path, such as "settings.routing.agents".
func ParseSettings(raw json.RawMessage) (Settings, error) {
	var s Settings
	if len(bytes.TrimSpace(raw)) == 0 {
		return s, nil
	}
	err := json.Unmarshal(raw, &s)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &wrong):
		field := "settings"
		if wrong.Field != "" {
			field += "." + wrong.Field
		}
		return Settings{}, &InvalidError{Field: field, Problem: "a JSON " + wrong.Value + " cannot stand here",
			Remedy: "give a value that fits Go's " + wrong.Type.String()}
	default:
		return Settings{}, &InvalidError{Field: "settings", Problem: "not JSON", Remedy: "send a JSON object"}
	}
}

// ParsedSettings reads c's settings; see ParseSettings.
func (c Channel) ParsedSettings() (Settings, error) {
	return ParseSettings(c.Settings)
}
