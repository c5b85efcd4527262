package api

import (
	"maps"
	"strings"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Codes of problems. Those of refusals come from the rules, and from package auth.
const (
	codeUnauthenticated = "unauthenticated"
	codeHost            = "unknown-host"
	codeRole            = "role"
	codeNoSetup         = "no-setup"
	codeOtherChannel    = "not-of-the-connector"
	codeNoAccess        = "no-help-desk-access"
	codeNotOperator     = "not-the-operator"

	codeNoBody     = "no-body"
	codeNotJSON    = "not-json"
	codeNotUnicode = "not-unicode"
	codeNameTwice  = "name-twice"
	codeUnreadable = "unreadable"
	codeMediaType  = "media-type"
	codeTooLarge   = "too-large"
	codeTooMuch    = "too-much"
	codeValues     = "too-many-values"
	codeInvalid    = "invalid"
	codeNotFound   = "not-found"
	codeMethod     = "method-not-allowed"

	codeMoveRunning = "move-running"
	codeMoved       = "moved"
	codeChanged     = "changed"
	codeSetupOther  = "setup-changed"
	codeNoVersion   = "version-required"
	codeBlocked     = "blocked"
	codeKeyReused   = "key-reused"
	codeNotEnded    = "not-ended"

	codeLayout   = "layout"
	codeNoTables = "no-tables"
	codeRate     = "too-many-requests"
	codeBusy     = "busy"
	codeFull     = "full"
	codeInternal = "internal"
)

// Codes of what can be wrong with a field, beside those of the rules.
const (
	codeUnknownField     = "unknown-field"
	codeUnknownParameter = "unknown-parameter"
	codeMissing          = "missing"
	codeNull             = "null"
	codeNoValue          = "no-value"
	codeRepeated         = "repeated"
	codeDoesNotFit       = "does-not-fit"
	codeNotAnID          = "not-an-id"
	codeNotADateTime     = "not-a-date-time"
	codeNotADuration     = "not-a-duration"
	codeNotANumber       = "not-a-number"
	codeNotAWhole        = "not-a-whole-number"
	codeNotABoolean      = "not-a-boolean"
	codeNotAText         = "not-a-text"
	codeNotAList         = "not-a-list"
	codeNotAnObject      = "not-an-object"
	codeNumberRange      = "number-out-of-range"
	codeLength           = "length-out-of-range"
	codeItems            = "items-out-of-range"
	codeOwnedAndNot      = "owner-and-unowned"
	codeNoExternalID     = "no-external-id"
	codeDateRange        = "date-out-of-range"
	codeMidCharacter     = "mid-character"
	codeNotBase64        = "not-base64"
	codeTwoOrders        = "two-orders"
	codeNotAVersion      = "not-a-version"
	codeMore             = "more"
)

// Codes are all codes that a person can meet, by where they stand. Whoever speaks
// another language needs a text for each.
type Codes struct {
	Problems desk.Codes // of an error's body
	Fields   desk.Codes // of its errors
	Findings desk.Codes // of blockers, warnings and channels' refusals
	Failures desk.Codes // of conversations that could not be converted
}

// AllCodes returns all codes. The description lists them as well.
func AllCodes() Codes {
	place := []string{"offset", "pointer"}
	problems := desk.Codes{
		codeUnauthenticated: nil, codeHost: nil, codeRole: {"role", "roles"}, codeNoSetup: {"account"}, codeOtherChannel: {"channel", "connector"}, codeNoAccess: nil, codeNotOperator: {"account"},
		codeNoBody: nil, codeNotJSON: place, codeNotUnicode: place, codeNameTwice: place, codeUnreadable: nil, codeMediaType: {"type"}, codeTooLarge: {"kilobytes"}, codeTooMuch: nil, codeValues: {"most"},
		codeInvalid: nil, codeNotFound: nil, codeMethod: {"allowed", "method"},
		codeMoveRunning: {"move"}, codeMoved: {"conversation", "ticket"}, codeChanged: nil, codeSetupOther: nil, codeNoVersion: nil, codeBlocked: nil, codeKeyReused: nil, codeNotEnded: nil,
		codeLayout: nil, codeNoTables: nil, codeRate: {"perSecond", "who"}, codeBusy: nil, codeFull: nil, codeInternal: nil,
	}
	maps.Copy(problems, auth.Codes())
	maps.Copy(problems, desk.RefusalCodes())
	fields, ranged := desk.FieldCodes(), []string{"range"}
	maps.Copy(fields, desk.Codes{
		codeUnknownField: nil, codeUnknownParameter: nil, codeMissing: nil, codeNull: nil, codeNoValue: nil, codeRepeated: nil, codeDoesNotFit: nil, codeNotAnID: nil, codeNotADateTime: nil,
		codeNotADuration: {"value"}, codeNotANumber: nil, codeNotAWhole: nil, codeNotABoolean: nil, codeNotAText: nil, codeNotAList: nil,
		codeNotAnObject: nil, codeNumberRange: ranged, codeLength: ranged, codeItems: ranged, codeOwnedAndNot: nil, codeNoExternalID: nil,
		codeDateRange: nil, codeMidCharacter: nil, codeNotBase64: nil, codeTwoOrders: nil, codeNotAVersion: nil, codeKeyReused: nil,
		codeMore: {"more"},
	})
	return Codes{Problems: problems, Fields: fields, Findings: desk.FindingCodes(), Failures: move.FailureCodes()}
}

// joined writes words in one line.
func joined[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
