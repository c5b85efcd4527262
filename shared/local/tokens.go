package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
	"deskmove/shared/store"
)

// takeOver is how often notes of tokens are looked for, and how long after a failure.
const (
	takeOver      = time.Second
	takeOverAgain = time.Minute
)

// Tokens has the audit log tell which tokens were made.
type Tokens struct {
	Journal store.JournalStore
	Issuer  *issuer.Issuer
	Clock   clock.Clock
	Log     *slog.Logger
}

// Made writes that the console was given a token, before it is.
func (t Tokens) Made(ctx context.Context, c desk.Caller, until time.Time) error {
	e := c.Entry(desk.ActionToken, rand.Text(), t.Clock.Now())
	e.Detail = "by the console's sign-in, until " + until.UTC().Format(time.RFC3339)
	return t.Journal.Audit(ctx, e)
}

// Run takes the notes of other processes over into the audit log until ctx is done.
func (t Tokens) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause := takeOver
		if err := t.Issuer.Notes(func(n issuer.Note) error { return t.take(ctx, n) }); err != nil && ctx.Err() == nil {
			pause = takeOverAgain
			t.Log.ErrorContext(ctx, "tokens that were made are not in the audit log yet", "err", err)
		}
		t.Clock.Wait(ctx, pause, nil)
	}
	return nil
}

// take writes a note into the audit log, unless it is there: a crash may have come
// between that and the end of the note.
func (t Tokens) take(ctx context.Context, n issuer.Note) error {
	e := desk.Caller{Account: n.Account, Agent: n.Agent, Role: n.Role}.Entry(desk.ActionToken, n.ID, n.At)
	e.Detail = fmt.Sprintf("by a command with the data folder's key, until %s", n.Until.UTC().Format(time.RFC3339))
	for cursor := ""; ; {
		page, next, err := t.Journal.AuditLog(ctx, n.Account, cursor, 100)
		if err != nil {
			return err
		}
		for _, old := range page {
			if old.ID == e.ID {
				return nil
			}
		}
		// Entries are in about the order of their times.
		if next == "" || len(page) > 0 && page[len(page)-1].At.Before(n.At.Add(-time.Hour)) {
			return t.Journal.Audit(ctx, e)
		}
		cursor = next
	}
}

// withdrawals are setups of which a withdrawal tells the issuer when it was.
type withdrawals struct {
	store.SetupStore
	issuer *issuer.Issuer
}

// Withdraw makes tokens good no more that seem to have been issued until the entry's
// time. Those that are made from now on seem later, whatever the computer's clock says.
func (w withdrawals) Withdraw(ctx context.Context, account string, of desk.Holder, entry desk.AuditEntry) error {
	if err := w.SetupStore.Withdraw(ctx, account, of, entry); err != nil {
		return err
	}
	return w.issuer.IssueAfter(entry.At)
}
