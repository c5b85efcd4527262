package storetest

import (
	"strings"

	"deskmove/shared/store"
)

// IsChannel reports whether an item is a channel, by its key.
func IsChannel(k store.Key) bool { return strings.HasSuffix(k.PK, "#CHANNELS") }

// IsEntry reports whether an item is an entry of a ledger.
func IsEntry(k store.Key) bool { return strings.Contains(k.PK, "#LEDGER#") }

// IsNotice reports whether an item is a notification.
func IsNotice(k store.Key) bool { return strings.Contains(k.PK, "#OUTBOX#") }
