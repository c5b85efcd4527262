package store

import (
	"cmp"
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
// units a second, so that converters at their full rate need this many; a test
// computes it.
const (
	ListShards    = 16 // of a channel's listing
	ownerGroups   = 8  // of owners in the index of what is open, and one of nobody's
	ownerShards   = 16 // of each group
	ledgerShards  = 16
	counterShards = 64
	// An owner is counted in as many items, since two transactions of one item at a
	// time fail.
	ownerCountShards = 16
	failureShards    = 16
	noticeShards     = 64
	uploadShards     = 16
	// AuditChains is how many chains an account's audit log has. Who appends to one
	// makes others read its head again.
	AuditChains = 8
)

func key(account string, parts ...string) string {
	return "A#" + account + "#" + strings.Join(parts, "#")
}

// HeaderKey is the key of a conversation.
func HeaderKey(account, conversation string) Key {
	return Key{"A#" + account + "#C#" + conversation, headerSK}
}

const headerSK = "H"

// ofHeader returns the account and the ID of a header's key, or false if it is
// not one.
func ofHeader(k Key) (account, conversation string, ok bool) {
	account, conversation, ok = strings.Cut(strings.TrimPrefix(k.PK, "A#"), "#C#")
	return account, conversation, ok && k.SK == headerSK
}

func messageKey(account, conversation, message string) Key {
	return Key{"A#" + account + "#C#" + conversation, messagePrefix + message}
}

// messagePrefix is what sort keys of messages begin with. Their IDs begin with when
// they were written, so that they are in that order.
const messagePrefix = "M#"

func partKey(account, conversation, message, content string, n int) Key {
	return Key{"A#" + account + "#C#" + conversation, fmt.Sprintf("P#%s#%s#%04d", message, content, n)}
}

// externalKey hashes the external ID, which may hold anything.
func externalKey(account, channel, external string) Key {
	sum := sha256.Sum256([]byte(external))
	return Key{key(account, "X", channel, hex.EncodeToString(sum[:16])), "X"}
}

// awaitedKey is beside the external ID's own key.
func awaitedKey(account, channel, external string) Key {
	return Key{externalKey(account, channel, external).PK, "W"}
}

// FileKey is the key of a file by its hash.
func FileKey(account, sum string) Key { return Key{key(account, "F", sum), "F"} }

// bytesKey is the key of a file's bytes since it was first announced, beside FileKey.
func bytesKey(f desk.File) Key {
	return Key{FileKey(f.Account, f.SHA256).PK, "B#" + instant(f.Since)}
}

// uploadsPK is a partition of the files that were announced, of all accounts: whoever
// deletes those that nobody names knows no accounts.
func uploadsPK(shard int) string { return "UPLOADS#" + strconv.Itoa(shard) }

func uploadKey(f desk.File) Key {
	sk := instant(f.At) + "#" + f.Account + "#" + f.SHA256 + "#" + instant(f.Since)
	return Key{uploadsPK(shardOf(f.SHA256, uploadShards)), sk}
}

func readUpload(k Key) (f desk.File, _ error) {
	parts := strings.Split(k.SK, "#")
	if len(parts) != 4 {
		return f, fmt.Errorf("%q is not the key of a file that was announced", k.SK)
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	since, err2 := strconv.ParseInt(parts[3], 10, 64)
	return desk.File{Account: parts[1], SHA256: parts[2], At: time.UnixMilli(at).UTC(), Since: time.UnixMilli(since).UTC()}, cmp.Or(err, err2)
}

func setupPK(account string) string { return key(account, "SETUP") }

// pointerKey is the key of the item that names the account's setup that counts.
func pointerKey(account string) Key { return Key{setupPK(account), "POINTER"} }

// generationKey is the key of the note of a generation of the setup that does not
// count, no longer or not yet.
func generationKey(account, version string) Key {
	return Key{setupPK(account), generationPrefix + version}
}

const generationPrefix = "GENERATION#"

func setupPartKey(account, version string, n int) Key {
	return Key{setupPK(account), fmt.Sprintf("PART#%s#%04d", version, n)}
}

// sumOf is a sum of texts, in hex.
func sumOf(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		_, _ = fmt.Fprintf(h, "%d#%s", len(text), text) // never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func channelsPK(account string) string { return key(account, "CHANNELS") }

// ChannelKey is the key of a channel.
func ChannelKey(account, id string) Key { return Key{channelsPK(account), id} }

func movesPK(account string) string { return key(account, "MOVES") }

// MoveKey is the key of a move.
func MoveKey(account, id string) Key { return Key{movesPK(account), "MOVE#" + id} }

// LockKey is the key of the item that names an account's running move.
func LockKey(account string) Key { return Key{movesPK(account), "LOCK"} }

// AccessKey is the key of the agents with access when a move was fenced.
func AccessKey(account, move string) Key { return Key{movesPK(account), "ACCESS#" + move} }

func repairKey(account, move string) Key { return Key{movesPK(account), "REPAIR#" + move} }

// AuditPK is the partition of a chain of an account's audit log.
func AuditPK(account string, chain int) string {
	return key(account, "AUDIT", strconv.Itoa(chain))
}

// AuditKey is the key of an entry by its number, so that no number can be there
// twice.
func AuditKey(account string, chain int, number int64) Key {
	return Key{AuditPK(account, chain), auditSK(number)}
}

func auditSK(number int64) string { return fmt.Sprintf("%012d", number) }

// AuditHeadKey is the key of a chain's head. It sorts after all numbers.
func AuditHeadKey(account string, chain int) Key { return Key{AuditPK(account, chain), "HEAD"} }

// OfAudit reports whether a key is one of an account's audit log.
func OfAudit(account string, k Key) bool { return strings.HasPrefix(k.PK, key(account, "AUDIT", "")) }

func noticesPK(account string, shard int) string {
	return key(account, "OUTBOX", strconv.Itoa(shard))
}

func noticeKey(account, id string) Key {
	return Key{noticesPK(account, shardOf(id, noticeShards)), id}
}

func idempotencyKey(account, id string) Key { return Key{key(account, "IDEMPOTENT"), id} }

// CursorKey is the key of the item that says how far a job has listed.
func CursorKey(account, job string) Key { return Key{key(account, "JOB", job), "CURSOR"} }

func markKey(account, job, name string) Key {
	return Key{key(account, "JOB", job), "MARK#" + name}
}

// courseKey is the key of what a move notes of itself.
func courseKey(account, move string) Key { return Key{key(account, "JOB", move), "COURSE"} }

func ledgerPK(account, job string, shard int) string {
	return key(account, "LEDGER", job, strconv.Itoa(shard))
}

func entryKey(account, job, entry string) Key {
	return Key{ledgerPK(account, job, shardOf(entry, ledgerShards)), entry}
}

func counterKey(account, job, pass string, shard int) Key {
	return Key{key(account, "COUNT", job, pass, strconv.Itoa(shard)), "N"}
}

func ownersPK(account, job, pass string, shard int) string {
	return key(account, "OWNERS", job, pass, strconv.Itoa(shard))
}

func failurePK(account, move string, shard int) string {
	return key(account, "FAIL", move, strconv.Itoa(shard))
}

func failureKey(account, move, conversation string) Key {
	return Key{failurePK(account, move, shardOf(conversation, failureShards)), conversation}
}

func channelPK(account, channel string, shard int) string {
	return "A#" + account + "#CH#" + channel + "#" + strconv.Itoa(shard)
}

// ownerPK is the partition of ByOwner for conversations of an owner. Owners share
// a few groups of partitions, so that a list of all owners' reads a number of
// partitions that does not grow with the account. What belongs to nobody is a
// group by itself.
func ownerPK(account, owner string, shard int) string {
	return openPK(account, ownerGroup(owner), shard)
}

func openPK(account string, group, shard int) string {
	return "A#" + account + "#OPEN#" + strconv.Itoa(group) + "#" + strconv.Itoa(shard)
}

func ownerGroup(owner string) int {
	if owner == "" {
		return ownerGroups
	}
	return shardOf(owner, ownerGroups)
}

// shardOf spreads ids evenly over n shards, always the same way. The low bits of
// the sum depend on the low bits of the characters alone, so the high ones are
// folded into them: counted IDs would all be in a few shards.
func shardOf(id string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	sum := h.Sum32()
	return int((sum ^ sum>>16) % uint32(n)) // #nosec G115 -- shards are few
}

// instant is a time that sorts as text: milliseconds since 1970 in 13 digits,
// enough until the year 2286; earlier times are 1970.
func instant(t time.Time) string {
	return fmt.Sprintf("%013d", max(t.UnixMilli(), 0))
}

func position(p desk.Position) string {
	if p.IsZero() {
		return ""
	}
	return instant(p.Joined) + p.ID
}

func readPosition(sk string) (desk.Position, error) {
	if sk == "" {
		return desk.Position{}, nil
	}
	if len(sk) < 13 {
		return desk.Position{}, fmt.Errorf("position %q is too short", sk)
	}
	ms, err := strconv.ParseInt(sk[:13], 10, 64)
	if err != nil {
		return desk.Position{}, fmt.Errorf("position: %w", err)
	}
	return desk.Position{Joined: time.UnixMilli(ms).UTC(), ID: sk[13:]}, nil
}
