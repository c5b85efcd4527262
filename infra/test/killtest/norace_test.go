//go:build !race

package killtest

const slow = false
