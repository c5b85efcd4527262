package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

type applyCmd struct {
	remote `embed:""`

	File string `arg:"" placeholder:"FILE" help:"The account as YAML or JSON; - reads the standard input."`
}

func (applyCmd) Help() string {
	return `Replaces the setup of the token's account with the file's: plan, agents, teams, connectors, pipelines, SLA policies, and
channels with their settings and bots. Whatever the file leaves out is removed; a channel with conversations cannot be
removed, nor the last super administrator. It is done whole or not at all, and what it changed is printed. If somebody
else changes the setup at the same moment, the file is not applied. Applying a file again changes nothing. Channel
settings in a JSON file are kept byte for byte.

A commented example of every field: infra/deskmove/account.yaml`
}

func (a applyCmd) Run(ctx context.Context, c *call) error {
	server, err := a.client(c)
	if err != nil {
		return err
	}
	text, err := readFile(a.File)
	if err != nil {
		return err
	}
	setup, err := readSetup(a.File, text)
	if err != nil {
		return err
	}
	if setup, err = withAccount(setup, func() (string, error) {
		me, err := server.Me(ctx)
		return me.Account, err
	}); err != nil {
		return fmt.Errorf("%s: %w", a.File, err)
	}
	was, version, err := server.Setup(ctx)
	if err != nil && !client.IsNotFound(err) {
		return fmt.Errorf("%s was not applied: %w", a.File, err)
	}
	made, err := server.ReplaceSetup(ctx, setup, version)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusPreconditionFailed {
		return fmt.Errorf("%s was not applied: somebody else has changed the setup a moment ago: see what they changed, and apply again", a.File)
	}
	if err != nil {
		return fmt.Errorf("%s was not applied: %w", a.File, err)
	}
	changes, err := api.Changes(was, made)
	if err != nil {
		return err
	}
	return c.print(applied{made, version == "", changes}, func(w io.Writer) {
		for _, line := range changes {
			if version != "" { // of a first setup everything is new
				writeln(w, line)
			}
		}
		if len(changes) == 0 {
			writeln(w, "nothing changed")
		}
		_, _ = fmt.Fprintf(w, "account %s has plan %s, %s, %s, %s, %s and %s\n", made.Account.ID, made.Account.Plan, desk.Count(len(made.Agents), "agent"),
			desk.Count(len(made.Teams), "team"), desk.Count(len(made.Connectors), "connector"), desk.Count(len(made.Pipelines), "pipeline"), desk.Count(len(made.Channels), "channel"))
	})
}

// applied is what --json prints.
type applied struct {
	api.Setup
	First   bool     `json:"first"`   // it is the account's first setup
	Changes []string `json:"changes"` // a line for each kind of things: + is new, ~ changed, - gone
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name) // #nosec G304 -- the user named it
}

// readSetup reads an account's file as the JSON that the API takes. JSON is left
// as it is; YAML keeps the order of its keys.
func readSetup(name string, text []byte) (json.RawMessage, error) {
	if json.Valid(text) {
		if err := api.CheckJSON(text); err != nil { // what follows would drop one of two equal names
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return bytes.TrimSpace(text), nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s is neither YAML nor JSON: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s is empty: see infra/deskmove/account.yaml for an example", name)
	}
	var b bytes.Buffer
	if err := writeJSON(&b, doc.Content[0], 0); err != nil {
		return nil, fmt.Errorf("%s, %w", name, err)
	}
	return b.Bytes(), nil
}

// Limits of a YAML file: how deep it may be nested, and how large it may be as
// JSON, its aliases written out: a few lines of aliases of aliases could become
// gigabytes, and an alias of itself never ends. The API takes 1 MB.
const (
	maxDepth = 100
	maxJSON  = 1 << 20
)

// writeJSON writes a YAML value as JSON. Keys keep their order.
func writeJSON(b *bytes.Buffer, n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("line %d: values are nested more than %d deep", n.Line, maxDepth)
	}
	if b.Len() > maxJSON {
		return fmt.Errorf("line %d: with its aliases written out it is larger than the API takes, which is %d MB", n.Line, maxJSON>>20)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return writeJSON(b, n.Alias, depth+1)
	case yaml.MappingNode:
		return writeMapping(b, n, depth)
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	return writeScalar(b, n)
}

func writeMapping(b *bytes.Buffer, n *yaml.Node, depth int) error {
	b.WriteByte('{')
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return fmt.Errorf("line %d: a key must be a plain word", key.Line)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: %s is duplicated", key.Line, key.Value)
		}
		seen[key.Value] = true
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(key.Value)
		if err != nil {
			return err
		}
		b.Write(name)
		b.WriteByte(':')
		if err := writeJSON(b, n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeScalar(b *bytes.Buffer, n *yaml.Node) error {
	var v any
	switch n.ShortTag() {
	case "!!str", "!!timestamp", "!!binary": // JSON has no dates
		v = n.Value
	default:
		if err := n.Decode(&v); err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("line %d: %s cannot be written as JSON: %w", n.Line, n.Value, err)
	}
	b.Write(text)
	return nil
}

// withAccount adds the token's account ID to a setup that has none.
func withAccount(setup json.RawMessage, account func() (string, error)) (json.RawMessage, error) {
	var s struct {
		Account map[string]json.RawMessage `json:"account"`
	}
	if err := json.Unmarshal(setup, &s); err != nil {
		return nil, errors.New("the file has no account section; see infra/deskmove/account.yaml for an example")
	}
	if _, ok := s.Account["id"]; ok || s.Account == nil {
		return setup, nil // the API says what is wrong, if anything is
	}
	id, err := account()
	if err != nil {
		return nil, err
	}
	if s.Account["id"], err = json.Marshal(id); err != nil {
		return nil, err
	}
	// The rest of the document stays as it is, byte for byte.
	var all map[string]json.RawMessage
	if err := json.Unmarshal(setup, &all); err != nil {
		return nil, err
	}
	if all["account"], err = json.Marshal(s.Account); err != nil {
		return nil, err
	}
	return join(all), nil
}

// join writes an object whose values are JSON already.
func join(all map[string]json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(all)) {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(name) // a string
		b.Write(key)
		b.WriteByte(':')
		b.Write(all[name])
	}
	b.WriteByte('}')
	return b.Bytes()
}
