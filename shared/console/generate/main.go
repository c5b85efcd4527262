// The program generate writes what of the console is made from other files: the
// API's types for the pages, from the API's description; the page of operations'
// widgets and alarms, from template.yaml; and dist, from ui and third. It needs Go
// alone: the bundler is a Go program too.
package main

import (
	"flag"
	"log"
	"path/filepath"
)

func main() {
	ui := flag.String("ui", "ui", "write what the pages are generated from to this folder")
	dist := flag.String("dist", "dist", "write the bundle to this folder; what it held is deleted")
	flag.Parse()
	log.SetFlags(0)
	if err := writeTypes(filepath.Join(*ui, "api.gen.ts")); err != nil {
		log.Fatal(err)
	}
	if err := writeDashboard("../../template.yaml", filepath.Join(*ui, "dashboard.gen.ts"), filepath.Join(*ui, "dashboard.text.gen.ts")); err != nil {
		log.Fatal(err)
	}
	if err := bundle(*dist); err != nil {
		log.Fatal(err)
	}
}
