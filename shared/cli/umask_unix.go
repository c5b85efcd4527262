//go:build unix

package cli

import "syscall"

// keepPrivate has whatever this process writes be its owner's alone.
func keepPrivate() { syscall.Umask(0o077) }
