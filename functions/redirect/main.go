// Command redirect brings what changes in moved channels into the help desk. The stream
// of changes drives it, and so does the queue of what failed there.
package main

import (
	"encoding/json"

	"deskmove/shared/app"
	"deskmove/shared/aws"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
	aws.Stream
	aws.Metrics
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[json.RawMessage, any], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	b := c.Platform(e.Tables)
	b.Stream, b.Metrics = c.Stream(e.Tables, e.Stream), c.Writer(e.Metrics)
	return app.New(b).Redirect.Event, nil
}
