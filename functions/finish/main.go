// Command finish is the step that writes a move's report and ends it.
package main

import (
	"deskmove/shared/app"
	"deskmove/shared/aws"
	"deskmove/shared/move"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
	aws.Metrics
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[move.Run, move.Run], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	b := c.Platform(e.Tables)
	b.Metrics = c.Writer(e.Metrics)
	return app.New(b).Finish.Handle, nil
}
