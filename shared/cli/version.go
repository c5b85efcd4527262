package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

func (versionCmd) Run(c *call) error {
	v := map[string]string{"version": "unknown", "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		v["version"] = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v["revision"] = s.Value
			case "vcs.modified":
				v["modified"] = s.Value
			}
		}
	}
	return c.print(v, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "deskmove %s", v["version"])
		if v["revision"] != "" {
			_, _ = fmt.Fprintf(w, " (%.12s)", v["revision"])
		}
		_, _ = fmt.Fprintf(w, ", %s, %s\n", v["go"], v["platform"])
	})
}
