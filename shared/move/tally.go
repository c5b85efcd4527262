package move

import (
	"deskmove/shared/desk"
)

// Tally is what one page of a reconciling pass counted.
type Tally struct {
	Report desk.Report
	Owners map[string]int64 `json:",omitempty"` // backfilled tickets by owner
	Inbox  uint64           // sums of checksums
	Desk   uint64
}
