// Command sweep starts again what carries a move on, if nothing does, and deletes files
// that no message names. A schedule drives it every minute.
package main

import (
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/aws"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
	aws.Files
	aws.Machine
	aws.Metrics
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[events.EventBridgeEvent, json.RawMessage], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	files, err := c.Files(e.Files)
	if err != nil {
		return nil, err
	}
	b := c.Platform(e.Tables)
	b.Files, b.Machine, b.Metrics = files, c.Machine(e.Machine), c.Writer(e.Metrics)
	return app.New(b).Sweep.Handle, nil
}
