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

// IsFile reports whether an item is what is known of a file, by its key, and returns the
// file's hash.
func IsFile(k store.Key) (hash string, ok bool) {
	_, hash, ok = strings.Cut(k.PK, "#F#")
	return hash, ok
}

// IsUpload reports whether an item is the note of a file that was announced.
func IsUpload(k store.Key) bool { return strings.HasPrefix(k.PK, "UPLOADS#") }

// IsNotice reports whether an item is a notification.
func IsNotice(k store.Key) bool { return strings.Contains(k.PK, "#OUTBOX#") }
