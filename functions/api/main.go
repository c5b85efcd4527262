// Command api serves the HTTP API behind API Gateway.
package main

import (
	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/api"
	"deskmove/shared/app"
	"deskmove/shared/aws"
)

// environment is all that the function reads.
type environment struct {
	aws.Tables
	aws.Files
	aws.Machine
	aws.DeadLetters
	aws.SignIn
	aws.Dashboard
	aws.Operator
}

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[events.APIGatewayV2HTTPRequest, events.APIGatewayV2HTTPResponse], error) {
	var e environment
	if err := c.Read(&e.Tables); err == nil && e.Missing() != nil { // by SAM local: the other variables are no better
		return api.Lambda{API: c.Refuse(e.Missing()), Log: c.Log}.Handle, nil
	}
	if err := c.Read(&e); err != nil {
		return nil, err
	}
	files, err := c.Files(e.Files)
	if err != nil {
		return nil, err
	}
	b := c.Platform(e.Tables)
	b.Files, b.Machine, b.DeadLetters, b.Operator = files, c.Machine(e.Machine), c.DeadLetters(e.DeadLetters), string(e.OperatorAccount)
	a := app.New(b)
	a.Dashboard = string(e.DashboardURL)
	return api.Lambda{API: a.Site(e.Console()), Log: c.Log}.Handle, nil
}
