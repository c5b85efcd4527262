package store

import (
	"context"
	"errors"
	"fmt"
)

// Layout is the version of how the tables are laid out: their keys, indexes and
// attributes. Every change of it raises the version.
const Layout = 6

// LayoutError says that data has another layout than this program knows.
type LayoutError struct{ Found int64 }

func (e *LayoutError) Error() string {
	return fmt.Sprintf("the data has layout %d and this deskmove knows layout %d only: use new tables or a new data folder, "+
		"or the version of deskmove that wrote it", e.Found, Layout)
}

const aLayout = "version"

func layoutKey() Key { return Key{"LAYOUT", "LAYOUT"} }

// CheckLayout returns a *LayoutError if data has been written in another layout.
func CheckLayout(ctx context.Context, e Engine) error {
	items, err := e.Get(ctx, Control, []Key{layoutKey()}, Strong)
	if err != nil || len(items) == 0 {
		return err
	}
	if found := items[0].Attrs.Num(aLayout); found != Layout {
		return &LayoutError{found}
	}
	return nil
}

// writeLayout records the layout, before an account is set up.
func writeLayout(ctx context.Context, e Engine) error {
	err := FirstError(e.Write(ctx, []Write{{
		Op: Put, Table: Control, Key: layoutKey(), Set: Attrs{}.num(aLayout, Layout), If: Absent(),
	}}))
	if errors.Is(err, ErrCondition) {
		return CheckLayout(ctx, e)
	}
	return err
}

// checkOldLayout returns a *LayoutError if an account was set up in layout 1, which
// did not record its version.
func checkOldLayout(ctx context.Context, e Engine, account string) error {
	items, err := e.Get(ctx, Control, []Key{{"A#" + account, "ACCOUNT"}}, Strong)
	if err == nil && len(items) > 0 {
		err = &LayoutError{1}
	}
	return err
}
