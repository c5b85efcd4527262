package cli

import (
	"fmt"
	"io"
	"os"

	"deskmove/shared/api"
)

type openapiCmd struct {
	Write bool   `help:"Write it to the file instead of the standard output."`
	File  string `default:"infra/openapi.yaml" placeholder:"FILE" help:"The file that --write writes (${default})."`
}

func (openapiCmd) Help() string {
	return `The API's description, OpenAPI 3.1, generated from the API's Go types. A test checks that the file is up to date.`
}

func (o openapiCmd) Run(c *call) error {
	text, err := api.OpenAPI()
	if err != nil {
		return err
	}
	if !o.Write {
		_, err := c.stdout.Write(text)
		return err
	}
	if err := os.WriteFile(o.File, text, 0o644); err != nil { // #nosec G306 -- for everybody to read
		return fmt.Errorf("%w: run it in the repository, or name the file with --file", err)
	}
	return c.print(map[string]string{"file": o.File}, func(w io.Writer) { writeln(w, "wrote "+o.File) })
}
