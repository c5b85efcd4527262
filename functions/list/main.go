// Command list is the step that lists a channel's conversations and sends them in batches.
package main

import (
	"deskmove/shared/app"
	"deskmove/shared/aws"
	"deskmove/shared/move"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
	aws.Batches
	aws.Machine
	aws.Metrics
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[move.Run, move.Run], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	b := c.Platform(e.Tables)
	b.Queue, b.Machine, b.Metrics = c.Queue(e.Batches), c.Machine(e.Machine), c.Writer(e.Metrics)
	return app.New(b).List.Handle, nil
}
