// The program generate writes what of the console is made from other files: the
// API's types for the pages, from the API's description, and dist, from ui and
// third. It needs Go alone: the bundler is a Go program too.
package main

import (
	"flag"
	"log"
)

func main() {
	types := flag.String("types", "ui/api.gen.ts", "write the API's types to this file")
	dist := flag.String("dist", "dist", "write the bundle to this folder; what it held is deleted")
	flag.Parse()
	log.SetFlags(0)
	if err := writeTypes(*types); err != nil {
		log.Fatal(err)
	}
	if err := bundle(*dist); err != nil {
		log.Fatal(err)
	}
}
