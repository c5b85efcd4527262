package desk

import "fmt"

// InvalidError says which field of an input is wrong, why, and what to do.
type InvalidError struct {
	Field   string // path of the field, such as "channels[2].type"
	Problem string // what is wrong, without customers' words
	Do      string // the remedy, as an instruction
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Field, e.Problem, e.Do)
}

// RefusedError says that a rule forbids what was asked.
type RefusedError struct {
	Code    string // stable, such as "fallback-address"
	Problem string // the rule in a sentence
	Do      string // what to do instead
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Code, e.Problem, e.Do)
}
