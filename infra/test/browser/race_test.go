//go:build race

package browser_test

func init() { underRace = true }
