//go:build !unix

package peers

import (
	"fmt"
	"os"
	"runtime"
)

// start says that peers are started on Unix only.
func start(command, *os.File, chan<- struct{}) (kill func(), err error) {
	return nil, fmt.Errorf("there is no way to end it on %s: %w", runtime.GOOS, errAbsent)
}
