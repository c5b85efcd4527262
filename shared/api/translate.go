package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"deskmove/shared/desk"
)

// translate converts huma's errors about requests to problems. It never repeats a
// value, which may be a customer's text.
func translate(_ huma.Context, _ string, v any) (any, error) {
	found, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if found.Status == http.StatusBadRequest && len(found.Errors) > 0 { // admit has checked all but the size of numbers
		text, _ := found.Errors[0].Value.(string)
		return hugeNumber([]byte(text)), nil
	}
	return wrongFields(found.Status, len(found.Errors), func(i int) FieldProblem {
		return writeFieldProblem(found.Errors[i].Location, found.Errors[i].Message)
	}), nil
}

// writeFieldProblem rewords an error of huma about a field such as
// body.statusMap.open or query.limit.
func writeFieldProblem(at, message string) FieldProblem {
	_, field, _ := strings.Cut(at, ".")
	if name, ok := strings.CutPrefix(message, "expected required property "); ok {
		name, _, _ = strings.Cut(name, " ")
		field = strings.TrimPrefix(field+"."+name, ".")
	}
	if field == "" { // of the body as a whole
		field = at
	}
	for _, w := range words {
		if rest, ok := strings.CutPrefix(message, w.begins); ok {
			rest = strings.Trim(rest, ` "`)
			p := FieldProblem{Field: field, Code: w.code, Problem: strings.ReplaceAll(w.problem, "%", rest), Remedy: strings.ReplaceAll(w.remedy, "%", rest)}
			if w.param != "" {
				p.Params = desk.Params{w.param: rest}
			}
			return p
		}
	}
	return FieldProblem{Field: field, Code: codeDoesNotFit, Problem: "the value does not fit", Remedy: "look at /openapi.yaml for what does"}
}

// words has our wording for each beginning of huma's messages; % and the parameter
// stand for the rest of the message. The first that matches counts.
var words = []struct{ begins, code, param, problem, remedy string }{
	{"unexpected property", codeUnknownField, "", "there is no such field", "remove it, or check its spelling and case"},
	{"unknown query parameter", codeUnknownParameter, "", "there is no such parameter", "remove it, or check its spelling"},
	{"expected required property", codeMissing, "", "it is missing", "add it"},
	{"required ", codeMissing, "", "it is missing", "add it"},
	{"expected string to be RFC 3339 date-time", codeNotADateTime, "", "it is not a date and time", "write it as 2026-11-23T09:00:00Z"},
	{"invalid date/time", codeNotADateTime, "", "it is not a date and time", "write it as 2026-11-23T09:00:00Z"},
	{"expected string to be ", codeNotAnID, "", "it is not %", "use 1 to 64 letters, digits, '.', '_', '@' or '-', and start with a letter or digit"},
	{"expected value to be one of ", desk.CodeNotOneOf, "accepted", "the value is unknown", "use one of %"},
	{"expected number ", codeNumberRange, "range", "the number is out of range", "use a number %"},
	{"expected number", codeNotANumber, "", "it is not a number", "send a number"},
	{"expected integer", codeNotAWhole, "", "it is not a whole number", "send a whole number"},
	{"invalid integer", codeNotAWhole, "", "it is not a whole number", "send a whole number"},
	{"expected boolean", codeNotABoolean, "", "it is neither true nor false", "send true or false"},
	{"invalid boolean", codeNotABoolean, "", "it is neither true nor false", "send true or false"},
	{"expected string", codeNotAText, "", "it is not a text", "send a string"},
	{"expected length ", codeLength, "range", "the length is out of range", "let it have a length %"},
	{"expected array length ", codeItems, "range", "the number of items is out of range", "let it have a number %"},
	{"expected array", codeNotAList, "", "it is not a list", "send an array"},
	{"expected object", codeNotAnObject, "", "it is not an object", "send an object"},
}
