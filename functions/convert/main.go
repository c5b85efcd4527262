// Command convert converts the batches of conversations that the queue delivers.
package main

import (
	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app"
	"deskmove/shared/aws"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
	aws.Metrics
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[events.SQSEvent, events.SQSEventResponse], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	b := c.Platform(e.Tables)
	b.Metrics = c.Writer(e.Metrics)
	return app.New(b).Convert.Handle, nil
}
