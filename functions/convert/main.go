// Command convert converts the batches of conversations that the queue delivers.
package main

import (
	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/cloud"
	"deskmove/shared/handler"
)

// environment is all that the function reads.
type environment struct {
	cloud.Tables
	cloud.Metrics
}

func main() { cloud.Main(wire) }

func wire(c *cloud.Cloud) (cloud.Handler[events.SQSEvent, events.SQSEventResponse], error) {
	var e environment
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	b := c.Below(e.Tables)
	b.Metrics = c.Writer(e.Metrics)
	return handler.New(b).Convert.Handle, nil
}
