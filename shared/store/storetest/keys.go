package storetest

import (
	"strings"

	"deskmove/shared/store"
)

// IsChannel reports whether an item is a channel's home, by its key.
func IsChannel(k store.Key) bool { return strings.HasSuffix(k.PK, "#CHANNELS") }

// IsSetup reports whether an item belongs to an account's setup, by its key.
func IsSetup(k store.Key) bool { return strings.HasSuffix(k.PK, "#SETUP") }

// AccountOf returns the account of a key.
func AccountOf(k store.Key) string {
	account, _, _ := strings.Cut(strings.TrimPrefix(k.PK, "A#"), "#")
	return account
}

// IsEntry reports whether an item is an entry of a ledger.
func IsEntry(k store.Key) bool { return strings.Contains(k.PK, "#LEDGER#") }

// IsNotice reports whether an item is a notification.
func IsNotice(k store.Key) bool { return strings.Contains(k.PK, "#OUTBOX#") }
