// Package console serves the console: pages for a browser, over the public API
// and nothing else.
//
// The pages are in ui, what they have from others is in third, and dist is what is
// served: `make console` builds it, and a test keeps it fresh.
package console

import "embed"

//go:generate go run ./generate

//go:embed dist
var dist embed.FS
