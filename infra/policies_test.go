package infra_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/store"
)

// The key of conditions whose values are the partitions that a request is about.
const leadingKeys = "dynamodb:LeadingKeys"

// itemActions are what IAM may be asked for that changes items. A transaction is the
// first three, each for itself.
var itemActions = []string{
	"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
	"dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete",
}

// allows decides on a call as IAM does: some statement allows it and none denies
// it, of the caller and of the table.
func (t template) allows(caller []statement, c call) (bool, error) {
	allowed := false
	table, _, _ := strings.Cut(strings.TrimPrefix(c.resource, "${"), ".")
	for _, s := range slices.Concat(caller, t.statementsOf(table)) {
		hit, err := s.applies(c)
		switch {
		case err != nil:
			return false, err
		case hit && s.effect == "Deny":
			return false, nil
		case hit && s.in != table: // what a table's own policy allows, it allows to its principals
			allowed = true
		}
	}
	return allowed, nil
}

// roleOf are the statements of a function's role, with those of the policies that it
// shares.
func (t template) roleOf(name string) []statement {
	role := strings.TrimSuffix(function(name), "Function") + "Role"
	all := t.statementsOf(role)
	for _, policy := range list(t.Resources[role].Properties["ManagedPolicyArns"]) {
		all = append(all, t.statementsOf(target(policy))...)
	}
	return all
}

// applies reports whether a statement is about a call.
func (s statement) applies(c call) (bool, error) {
	if !slices.ContainsFunc(s.actions, func(a string) bool { return like(a, c.action) }) ||
		!slices.ContainsFunc(s.resources, func(r string) bool { return r == c.resource || r == "*" }) {
		return false, nil
	}
	operators, _ := s.condition.(map[string]any)
	for operator, keys := range operators {
		of, ok := keys.(map[string]any)
		if !ok {
			return false, fmt.Errorf("%s: %s is no condition", s.in, operator)
		}
		for key, patterns := range of {
			holds, err := condition(operator, key, list(patterns), c)
			if err != nil {
				return false, fmt.Errorf("%s: %w", s.in, err)
			}
			if !holds {
				return false, nil
			}
		}
	}
	return true, nil
}

// condition decides on one condition of a call, which comes by TLS. ForAllValues
// holds for no value at all, ForAnyValue does not.
func condition(operator, key string, patterns []any, c call) (bool, error) {
	matches := func(v string) bool {
		return slices.ContainsFunc(patterns, func(p any) bool { return like(text(p), v) })
	}
	values := strings.Fields(c.partitions)
	switch {
	case operator == "Bool" && key == "aws:SecureTransport":
		return slices.Equal(patterns, []any{"true"}), nil
	case operator == "ForAllValues:StringLike" && key == leadingKeys:
		return !slices.ContainsFunc(values, func(v string) bool { return !matches(v) }), nil
	case operator == "ForAnyValue:StringLike" && key == leadingKeys:
		return slices.ContainsFunc(values, matches), nil
	}
	return false, fmt.Errorf("condition %s on %s is not known here", operator, key)
}

// like compares as StringLike does: * is any characters, # too, and ? is one.
func like(pattern, s string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`^(?s:` + quoted + `)$`).MatchString(s)
}

// attack is what somebody may try who has taken a function over.
type attack struct {
	name, function, action, table string
	partitions                    []string
}

// resource is what it is tried on: a table, or all of another resource.
func (a attack) resource() string {
	if strings.Contains(a.table, ".Arn") {
		return a.table
	}
	return a.table + ".Arn"
}

// attacks are tried on the partitions that functions were seen to use.
func attacks(calls map[call]bool) []attack {
	people := partitionsLike(calls, setups)
	audit := store.AuditPK("acme", 0)
	const put, update, remove, batch = "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"
	const control, conversations = "ControlTable", "ConversationsTable"
	channels, moves, mails := store.ChannelKey("acme", "mail").PK, store.MoveKey("acme", "m1").PK, store.HeaderKey("acme", "c1").PK
	var all []attack
	for _, worker := range []string{"fence", "list", "drain", "finish", "convert", "redirect", "sweep", "claims"} {
		for _, pk := range people {
			for _, action := range []string{put, update, remove, batch} {
				all = append(all, attack{"makes itself a super administrator", worker, action, control, []string{pk}})
			}
		}
		all = append(all,
			attack{"makes a channel anew", worker, put, control, []string{channels}},
			attack{"takes a channel away", worker, remove, control, []string{channels}},
			attack{"writes a message", worker, put, conversations, []string{mails}},
			attack{"deletes a message", worker, remove, conversations, []string{mails}},
			attack{"empties a table", worker, batch, conversations, []string{mails}},
			attack{"reads a whole table", worker, "dynamodb:Scan", control, nil},
			attack{"reads files", worker, "s3:GetObject", everyFile, nil},
			attack{"puts a file in another's place", worker, "s3:PutObject", everyFile, nil},
			attack{"lists files", worker, "s3:ListBucket", filesBucket, nil},
		)
		if worker != "sweep" {
			all = append(all, attack{"deletes files", worker, "s3:DeleteObject", everyFile, nil})
		}
	}
	for _, worker := range []string{"api", "fence", "list", "drain", "finish", "convert", "redirect", "sweep", "claims"} {
		all = append(all, attack{"opens the bucket", worker, "s3:PutBucketPolicy", filesBucket, nil})
		for _, action := range []string{update, remove, batch, "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"} {
			all = append(all, attack{"rewrites the audit log", worker, action, control, []string{audit}})
		}
	}
	for _, worker := range []string{"list", "drain", "redirect", "convert"} {
		all = append(all, attack{"configures a channel", worker, update, control, []string{channels}})
	}
	for _, worker := range []string{"convert", "redirect"} {
		all = append(all,
			attack{"ends a move", worker, update, control, []string{moves}},
			attack{"adds to the audit log", worker, put, control, []string{audit}},
			attack{"reads the audit log", worker, "dynamodb:Query", control, []string{audit}},
			attack{"hides one partition among those it may read", worker, "dynamodb:BatchGetItem", control, []string{moves, audit}},
		)
	}
	all = append(all,
		attack{"deletes files", "api", "s3:DeleteObject", everyFile, nil},
		attack{"says that a file is used no more", "sweep", update, conversations, partitionsLike(calls, partitionOf(store.FileKey("acme", "0").PK))},
		attack{"hides the log among what it may read", "finish", "dynamodb:BatchGetItem", control, []string{moves, audit}},
		attack{"starts what it may only look at", "sweep", update, conversations, []string{mails}},
	)
	return all
}

// partitionsLike are the partitions that were seen and are like a pattern.
func partitionsLike(calls map[call]bool, pattern string) []string {
	found := map[string]bool{}
	for c := range calls {
		for pk := range strings.FieldsSeq(c.partitions) {
			found[pk] = found[pk] || like(pattern, pk)
		}
	}
	maps.DeleteFunc(found, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(found))
}

// policies is the contract that the template's policies allow each call that was
// seen, no change that was not, and none of the attacks.
func policies(calls map[call]bool) contract {
	// What was seen, and of which tables' partitions, is the same for every template.
	type change struct{ function, action, table, kind string }
	seen := map[change]bool{}
	one := map[string]map[string]string{} // a partition of each kind, by table
	for c := range calls {
		table := strings.TrimSuffix(c.resource, ".Arn")
		if table != "ControlTable" && table != "ConversationsTable" {
			continue
		}
		if one[table] == nil {
			one[table] = map[string]string{}
		}
		for pk := range strings.FieldsSeq(c.partitions) {
			seen[change{c.function, c.action, table, partitionOf(pk)}] = true
			one[table][partitionOf(pk)] = pk
		}
	}
	return func(p project) []string {
		t, err := p.template()
		if err != nil {
			return []string{err.Error()}
		}
		var problems []string
		check := func(what string, caller []statement, c call, want bool) {
			got, err := t.allows(caller, c)
			if err != nil {
				problems = append(problems, err.Error())
			} else if got != want {
				problems = append(problems, fmt.Sprintf("%s: %s %s on %s %s: allowed is %t", what, c.function, c.action, c.resource, c.partitions, got))
			}
		}
		for _, c := range slices.SortedFunc(maps.Keys(calls), func(a, b call) int {
			return cmp.Or(strings.Compare(a.function, b.function), strings.Compare(a.action, b.action), strings.Compare(a.partitions, b.partitions))
		}) {
			check("was seen", t.roleOf(c.function), c, true)
		}
		for _, name := range t.functions() {
			role := t.roleOf(name)
			for table, kinds := range one {
				for kind, pk := range kinds {
					for _, action := range itemActions {
						c := call{name, action, table + ".Arn", pk}
						if !seen[change{name, action, table, kind}] {
							check("was never seen", role, c, false)
						}
					}
				}
			}
		}
		for _, a := range attacks(calls) {
			check(a.name, t.roleOf(a.function), call{a.function, a.action, a.resource(), strings.Join(a.partitions, " ")}, false)
		}
		administrator := []statement{{in: "administrator", effect: "Allow", actions: []string{"*"}, resources: []string{"*"}}}
		for kind, pk := range one["ControlTable"] {
			for _, action := range itemActions {
				entry := kind == partitionOf(store.AuditPK("acme", 0))
				adds := action == "dynamodb:PutItem" || action == "dynamodb:PartiQLInsert"
				check("an administrator", administrator, call{"administrator", action, "ControlTable.Arn", pk}, !entry || adds)
			}
		}
		mixed := call{"administrator", "dynamodb:BatchWriteItem", "ControlTable.Arn", store.AuditPK("acme", 0) + " " + store.MoveKey("acme", "m1").PK}
		check("an administrator, hidden in a batch", administrator, mixed, false)
		return problems
	}
}

// policiesHold sees the contract fail, too.
func policiesHold(t *testing.T, calls map[call]bool) {
	for _, kind := range []string{setups, jobs, partitionOf(store.AuditPK("acme", 0)), partitionOf(store.HeaderKey("acme", "c1").PK)} {
		if len(partitionsLike(calls, kind)) == 0 {
			t.Errorf("no call about %s was seen", kind)
		}
	}
	const yaml = "template.yaml"
	holds(t, policies(calls), map[string]breakage{
		"a pattern too wide":  {file: yaml, old: jobs + ", ", new: everybodys + ", ", says: "makes itself a super administrator: convert dynamodb:PutItem"},
		"too narrow":          {file: yaml, old: ledgers + ", ", new: strings.TrimSuffix(ledgers, "#*") + ", ", says: "was seen: convert dynamodb:DeleteItem"},
		"any value":           {file: yaml, old: "ForAllValues:StringLike", new: "ForAnyValue:StringLike", says: "hides the log among what it may read: finish dynamodb:BatchGetItem"},
		"another condition":   {file: yaml, old: "ForAllValues:StringLike", new: "ForAllValues:StringEquals", says: "condition ForAllValues:StringEquals on " + leadingKeys + " is not known"},
		"no condition":        {file: yaml, old: leadingKeys, new: "dynamodb:Select", says: "condition ForAllValues:StringLike on dynamodb:Select is not known"},
		"deletes messages":    {file: yaml, old: "[dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:UpdateItem]", new: "[dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:UpdateItem, dynamodb:DeleteItem]", says: "deletes a message: redirect"},
		"everybody's files":   {file: yaml, old: "Action: s3:DeleteObject", new: "Action: [s3:DeleteObject, s3:GetObject]", says: "reads files: sweep s3:GetObject"},
		"a log to rewrite":    {file: yaml, old: "Effect: Deny # of", new: "Effect: Allow # of", says: "an administrator: administrator dynamodb:DeleteItem on ControlTable.Arn " + strings.TrimSuffix(store.AuditPK("acme", 0), "0")},
		"half a denial":       {file: yaml, old: "ForAnyValue:StringLike", new: "ForAllValues:StringLike", says: "hidden in a batch"},
		"too wide a denial":   {file: yaml, old: "[" + partitionOf(store.AuditPK("acme", 0)) + "]", new: "[" + everybodys + "]", says: "was seen: fence dynamodb:UpdateItem"},
		"another's partition": {file: yaml, old: "[LAYOUT, " + partitionOf(store.LockKey("acme").PK) + ", " + partitionOf(store.AuditPK("acme", 0)) + ", ", new: "[LAYOUT, ", says: "was seen: sweep dynamodb:GetItem"},
	})
}
