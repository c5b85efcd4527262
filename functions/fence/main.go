// Command fence is the step that begins a move: from here on its channel redirects.
package main

import (
	"deskmove/shared/app"
	"deskmove/shared/aws"
	"deskmove/shared/move"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[move.Run, move.Run], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	return app.New(c.Platform(e.Tables)).Fence.Handle, nil
}
