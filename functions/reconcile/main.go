// Command reconcile is the step that looks for conversations that the listing missed, and
// of a rehearsal the whole of it.
package main

import (
	"deskmove/shared/cloud"
	"deskmove/shared/handler"
	"deskmove/shared/move"
)

// environment is all that the function reads.
type environment struct {
	cloud.Tables
	cloud.Batches
	cloud.Machine
	cloud.Metrics
}

func main() { cloud.Main(wire) }

func wire(c *cloud.Cloud) (cloud.Handler[move.Run, move.Run], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	b := c.Below(e.Tables)
	b.Queue, b.Machine, b.Metrics = c.Queue(e.Batches), c.Machine(e.Machine), c.Writer(e.Metrics)
	return handler.New(b).Reconcile.Handle, nil
}
