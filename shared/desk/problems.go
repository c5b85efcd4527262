package desk

import (
	"errors"
	"fmt"
	"time"
)

// problems collects what is wrong, so that it is reported all together.
type problems []error

func (p *problems) add(field, problem, remedy string) {
	*p = append(*p, &InvalidError{Field: field, Problem: problem, Remedy: remedy})
}

// check adds err unless it is nil.
func (p *problems) check(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// zone loads the first of names that is not "", else UTC.
func (p *problems) zone(field string, names ...string) *time.Location {
	for _, name := range names {
		if name == "" {
			continue
		}
		zone, err := time.LoadLocation(name)
		// "Local" would make due times depend on the machine.
		if err != nil || name == "Local" {
			p.add(field, fmt.Sprintf("%.40q is not a time zone", name), "use an IANA name such as Europe/Berlin")
			return time.UTC
		}
		return zone
	}
	return time.UTC
}

// unique adds a problem if id is no ID or was seen before, and notes it.
func (p *problems) unique(field, id string, seen map[string]bool) {
	p.check(CheckID(field, id))
	p.once(field, id, seen)
}

// once adds a problem if value was seen before, and notes it.
func (p *problems) once(field, value string, seen map[string]bool) {
	if seen[value] {
		p.add(field, fmt.Sprintf("%.80q is there twice", value), "give each its own")
	}
	seen[value] = true
}

// known adds a problem unless ok says that the thing which id names exists.
func (p *problems) known(field, what, id string, ok bool) {
	if !ok {
		p.add(field, fmt.Sprintf("%s %.80q is unknown", what, id), "name one of the account")
	}
}

// join returns all problems as one error, nil if there are none.
func (p problems) join() error {
	return errors.Join(p...)
}
