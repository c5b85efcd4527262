package move

import (
	"deskmove/shared/desk"
)

// Tally has the counts of one page of a reconciling pass.
type Tally struct {
	Report desk.Report
	Owners map[string]int64 `json:",omitempty"` // tickets made from history, by owner
	Inbox  uint64           // sum of the checksums of both sides
	Desk   uint64
}
