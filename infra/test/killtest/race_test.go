//go:build race

package killtest

// The race detector makes everything about ten times slower.
const slow = true
