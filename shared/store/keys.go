package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// How far the hot keys are spread. A partition of DynamoDB takes 1,000 write
// units a second.
const (
	ListShards    = 16 // of a channel's listing
	statusShards  = 8  // of a status in the tickets' index
	ledgerShards  = 16
	counterShards = 64
)

func key(account string, parts ...string) string {
	return "A#" + account + "#" + strings.Join(parts, "#")
}

// HeaderKey is the key of a conversation.
func HeaderKey(account, conversation string) Key {
	return Key{"A#" + account + "#C#" + conversation, "H"}
}

func messageKey(account, conversation, message string) Key {
	return Key{"A#" + account + "#C#" + conversation, "M#" + message}
}

func partKey(account, conversation, message string, n int) Key {
	return Key{"A#" + account + "#C#" + conversation, fmt.Sprintf("P#%s#%04d", message, n)}
}

// externalKey hashes the external ID, which may hold anything.
func externalKey(account, channel, external string) Key {
	sum := sha256.Sum256([]byte(external))
	return Key{key(account, "X", channel, hex.EncodeToString(sum[:16])), "X"}
}

func ticketKey(account, ticket string) Key {
	return Key{"A#" + account + "#T#" + ticket, "T"}
}

func setupKey(account, kind, id string) Key { return Key{"A#" + account, kind + "#" + id} }

// ChannelKey is the key of a channel.
func ChannelKey(account, id string) Key { return setupKey(account, "CHANNEL", id) }

// MoveKey is the key of a move.
func MoveKey(account, id string) Key { return Key{key(account, "MOVES"), "MOVE#" + id} }

// LockKey is the key of the item that names an account's running move.
func LockKey(account string) Key { return Key{key(account, "MOVES"), "LOCK"} }

// AccessKey is the key of the agents with access when a move was fenced.
func AccessKey(account, move string) Key { return Key{key(account, "MOVES"), "ACCESS#" + move} }

// AuditPK is the partition of an account's audit log.
func AuditPK(account string) string { return key(account, "AUDIT") }

func noticeKey(account, id string) Key { return Key{key(account, "OUTBOX"), id} }

func idempotencyKey(account, id string) Key { return Key{key(account, "IDEMPOTENT"), id} }

func ledgerPK(account, move string, shard int) string {
	return key(account, "LEDGER", move, strconv.Itoa(shard))
}

func counterKey(account, move string, shard int) Key {
	return Key{key(account, "COUNT", move, strconv.Itoa(shard)), "N"}
}

func listPK(account, channel string, shard int) string {
	return "A#" + account + "#CH#" + channel + "#" + strconv.Itoa(shard)
}

func statusPK(account string, status desk.Status, shard int) string {
	return "A#" + account + "#S#" + string(status) + "#" + strconv.Itoa(shard)
}

// shardOf spreads ids evenly over n shards, always the same way.
func shardOf(id string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))        // never fails
	return int(h.Sum32() % uint32(n)) // #nosec G115 -- shards are few
}

// instant is a time that sorts as text: milliseconds since 1970 in 13 digits,
// enough until the year 2286; earlier times are 1970.
func instant(t time.Time) string {
	return fmt.Sprintf("%013d", max(t.UnixMilli(), 0))
}

func listSK(joined time.Time, conversation string) string {
	return instant(joined) + conversation
}
