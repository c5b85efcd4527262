//go:build race

package torture

// raceEnabled says that the race detector makes everything slow.
const raceEnabled = true
