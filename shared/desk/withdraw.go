package desk

import (
	"fmt"
	"slices"
	"time"
)

// MaxTokenLife is how long a token is valid at most, whoever issued it: one that would
// be for longer is refused.
const MaxTokenLife = 24 * time.Hour

// MaxWithdrawals is how many are kept, since they are read with every request.
const MaxWithdrawals = 500

// Holder is whose tokens are meant: an agent's, a connector's, or with neither
// everybody's in the account.
type Holder struct {
	Agent     string
	Connector string
}

// Check returns *InvalidErrors unless at most one is set, to a valid ID.
func (h Holder) Check() error {
	switch {
	case h.Agent != "" && h.Connector != "":
		return &InvalidError{Field: "connector", Code: CodeOneHolder, Problem: "an agent and a connector are named", Remedy: "name one of them"}
	case h.Agent != "":
		return CheckID("agent", h.Agent)
	case h.Connector != "":
		return CheckID("connector", h.Connector)
	}
	return nil
}

// CheckHolder returns an *InvalidError if an agent is named as a connector or the other
// way round: nothing would be withdrawn. One who is neither may be gone already.
func (s Setup) CheckHolder(h Holder) error {
	isConnector := slices.ContainsFunc(s.Connectors, func(c Connector) bool { return c.ID == h.Agent })
	if _, isAgent := s.Agent(h.Connector); h.Connector != "" && isAgent {
		return &InvalidError{Field: "connector", Code: CodeOtherHolder, Params: Params{"value": h.Connector},
			Problem: fmt.Sprintf("%s is an agent, not a connector", h.Connector), Remedy: "name it as the agent"}
	}
	if h.Agent != "" && isConnector {
		return &InvalidError{Field: "agent", Code: CodeOtherHolder, Params: Params{"value": h.Agent},
			Problem: fmt.Sprintf("%s is a connector, not an agent", h.Agent), Remedy: "name it as the connector"}
	}
	return nil
}

func (h Holder) String() string {
	switch {
	case h.Agent != "":
		return "agent " + h.Agent
	case h.Connector != "":
		return "connector " + h.Connector
	}
	return "everybody"
}

// Withdrawals say, by Holder.String, until when tokens were issued that are good no
// more.
type Withdrawals map[string]time.Time

// Cover reports whether the caller's token has been withdrawn. Issuers that count in
// whole seconds round down, so that a token of the second of the withdrawal is
// withdrawn too, whichever came first.
func (w Withdrawals) Cover(c Caller) bool {
	for _, h := range [...]Holder{{}, c.holder()} {
		if until, ok := w[h.String()]; ok && !c.IssuedAt.After(until) {
			return true
		}
	}
	return false
}

// With returns w with the withdrawal of what was issued until now. Those after which
// every token has expired are left out, and of everybody's all that it covers. If
// there are too many, the error is a *RefusedError.
func (w Withdrawals) With(h Holder, now time.Time) (Withdrawals, error) {
	now = now.UTC().Truncate(time.Millisecond)
	is := Withdrawals{h.String(): now}
	for name, until := range w {
		expired := until.Before(now.Add(-MaxTokenLife - time.Hour)) // the issuer's clock may be another
		covered := h == (Holder{}) && !until.After(now)
		if !expired && !covered && until.After(is[name]) {
			is[name] = until
		}
	}
	if len(is) > MaxWithdrawals {
		return nil, &RefusedError{Code: CodeManyWithdrawals, Params: Params{"most": fmt.Sprint(MaxWithdrawals)},
			Problem: fmt.Sprintf("the tokens of %d agents and connectors have been withdrawn within a day", MaxWithdrawals),
			Remedy:  "withdraw the tokens of everybody in the account"}
	}
	return is, nil
}
