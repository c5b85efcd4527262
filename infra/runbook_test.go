package infra_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/cli"
)

// runbook are the sections of the runbook about alarms, by their headings.
func runbook(document string) map[string]string {
	_, alarms, _ := strings.Cut(document, "\n## Alarms\n")
	alarms, _, _ = strings.Cut(alarms, "\n## ")
	sections := map[string]string{}
	for i, section := range strings.Split("\n"+alarms, "\n### ") {
		if i > 0 {
			name, text, _ := strings.Cut(section, "\n")
			sections[name] = text
		}
	}
	return sections
}

var inBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// runbookCommands are the lines of a section's blocks.
func runbookCommands(section string) (lines []string) {
	for _, block := range inBlock.FindAllStringSubmatch(section, -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// runbookLacks says which alarms have no section or one that says too little, and
// which commands the program does not know.
func runbookLacks(p project) []string {
	t, err := p.template()
	if err != nil {
		return []string{err.Error()}
	}
	ended, end := context.WithCancel(context.Background()) // what is wrong with a line comes before it is done
	end()
	sections := runbook(p["infra/RUNBOOK.md"])
	var names []string
	for name := range sections {
		names = append(names, name)
	}
	problems := differ(t.of("AWS::CloudWatch::Alarm"), names, "has no section", "is no alarm")
	for name, text := range sections {
		for _, part := range []string{"**What has happened.**", "**For customers.**", "**Which.**", "**What to do.**", "**It is over when**"} {
			if strings.Count(text, part) != 1 {
				problems = append(problems, fmt.Sprintf("%s: has not one %q", name, part))
			}
		}
		for _, line := range runbookCommands(text) {
			words := strings.Fields(line)
			var said bytes.Buffer
			args := append(slices.Clone(words[1:]), "--endpoint", "http://127.0.0.1:1", "--token", "none")
			if words[0] != "deskmove" || cli.Main(ended, args, &said, &said) == 0 || strings.Contains(said.String(), "--help") {
				problems = append(problems, fmt.Sprintf("%s: %q is no command: %s", name, line, said.String()))
			}
		}
	}
	slices.Sort(problems)
	return problems
}

// TestRunbook: each alarm has its section, each section its alarm, and its commands are
// such as the program takes. The drills run them.
func TestRunbook(t *testing.T) {
	const file = "infra/RUNBOOK.md"
	holds(t, runbookLacks, map[string]breakage{
		"no section":      {file: file, old: "### SweeperAlarm\n", new: "### Sweeper\n", says: "SweeperAlarm: has no section"},
		"no alarm":        {file: "template.yaml", old: "  StreamLateAlarm:\n", new: "  StreamSlowAlarm:\n", says: "StreamLateAlarm: is no alarm"},
		"no such command": {file: file, old: "deskmove redrive\n", new: "deskmove resend\n", says: `"deskmove resend" is no command`},
		"no such flag":    {file: file, old: "MOVE --watch", new: "MOVE --look", says: `"deskmove retry MOVE --look" is no command`},
		"too few words":   {file: file, old: "deskmove repair CHANNEL\n", new: "deskmove repair\n", says: `"deskmove repair" is no command`},
		"says too little": {file: file, old: "**It is over when** ", new: "It is over when ", says: "ExecutionsAlarm: has not one"},
	})
}
