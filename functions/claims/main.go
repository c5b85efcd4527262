// Command claims puts into access tokens what deskmove asks of them. A Cognito
// user pool calls it before it makes a token. It reads nothing of the
// environment.
package main

import (
	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/aws"
	"deskmove/shared/handler"
)

type tokens = events.CognitoEventUserPoolsPreTokenGenV2_0

func main() { aws.Main(wire) }

func wire(c *aws.Cloud) (aws.Handler[tokens, tokens], error) {
	return handler.Claims{Log: c.Log}.Handle, nil
}
