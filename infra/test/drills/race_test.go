//go:build race

package drills_test

func init() { underRace = true }
