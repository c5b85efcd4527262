package desk

import (
	"fmt"
	"slices"
	"strings"
)

// parse returns s as a T if it is one of accepted; otherwise an
// *InvalidError that names field and lists what would do.
func parse[T ~string](field, s string, accepted ...T) (T, error) {
	if slices.Contains(accepted, T(s)) {
		return T(s), nil
	}
	quoted := make([]string, len(accepted))
	for i, a := range accepted {
		quoted[i] = fmt.Sprintf("%q", string(a))
	}
	return "", &InvalidError{Field: field, Problem: fmt.Sprintf("%.40q is unknown", s),
		Remedy: "use one of " + strings.Join(quoted, ", ")}
}

// ParsePlan reads a plan; an unknown one is an *InvalidError about field.
func ParsePlan(field, s string) (Plan, error) {
	return parse(field, s, Free, Starter, Professional, Enterprise)
}

// ParseRole reads a role; an unknown one is an *InvalidError about field.
func ParseRole(field, s string) (Role, error) {
	return parse(field, s, SuperAdmin, AgentRole, Connector)
}

// ParseChannelType reads a channel type; an unknown one is an *InvalidError
// about field.
func ParseChannelType(field, s string) (ChannelType, error) {
	return parse(field, s, Chat, Email, Form, Calling, WhatsApp, Messenger)
}

// ParseHome reads a home; an unknown one is an *InvalidError about field.
func ParseHome(field, s string) (Home, error) {
	return parse(field, s, Inbox, Moving, HelpDesk)
}

// ParseConversationStatus reads a conversation's status; an unknown one is an
// *InvalidError about field.
func ParseConversationStatus(field, s string) (ConversationStatus, error) {
	return parse(field, s, Open, Closed)
}

// ParseAuthor reads a message's author; an unknown one is an *InvalidError
// about field.
func ParseAuthor(field, s string) (Author, error) {
	return parse(field, s, ByCustomer, ByAgent)
}

// ParseHistory reads the choice of history (R7); an unknown one is an
// *InvalidError about field.
func ParseHistory(field, s string) (HistoryChoice, error) {
	return parse(field, s, AllHistory, NoHistory)
}

// ParseSLAMode reads an SLA mode (R9); an unknown one is an *InvalidError
// about field.
func ParseSLAMode(field, s string) (SLAMode, error) {
	return parse(field, s, FromMove, Original, NoClocks)
}

// ParseNotifications reads a notification mode (R10); an unknown one is an
// *InvalidError about field.
func ParseNotifications(field, s string) (Notifications, error) {
	return parse(field, s, Quiet, Digest, All)
}

// HasHelpDesk reports whether p includes the help desk (R2).
func (p Plan) HasHelpDesk() bool {
	return p == Professional || p == Enterprise
}
