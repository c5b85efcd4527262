package api

import (
	"strings"
	"time"
)

// duration is written as Go writes it, less its zeros: 4h, not 4h0m0s.
type duration string

func writeDuration(d time.Duration) duration {
	if d == 0 {
		return ""
	}
	s := d.String()
	for _, zero := range [...]string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return duration(s)
}
