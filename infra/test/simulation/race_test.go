//go:build race

package simulation

// raceEnabled says that the race detector makes everything slow.
const raceEnabled = true
