package asl

import (
	"fmt"
	"slices"
	"strings"
)

// maxRetryDelay is AWS's bound of MaxDelaySeconds, in seconds, and where a
// growing delay ends if a definition sets none.
const maxRetryDelay = 31_622_400

func (p *problems) task(o *object, s *state) {
	s.task = &task{
		resource: o.name("Resource"),
		timeout:  seconds(o.whole("TimeoutSeconds", 1, maxSeconds, 0)),
	}
	for _, pattern := range []string{".sync", ".sync:2", ".waitForTaskToken"} {
		if strings.HasSuffix(s.task.resource, pattern) {
			o.refuse("Resource", "%s is not supported: call a function", pattern)
		}
	}
	s.parameters = o.template("Parameters", inTask)
	s.resultSelector = o.template("ResultSelector", inTask)
	s.resultPath = o.path("ResultPath", writable)
	o.inputAndOutput(s, inTask)
	o.nextOrEnd(s)

	retries := p.handlers(o, "Retry")
	for _, r := range retries {
		s.task.retriers = append(s.task.retriers, r.retrier())
		r.close("retrier")
	}
	catches := p.handlers(o, "Catch")
	for _, c := range catches {
		c.text("Comment")
		s.task.catchers = append(s.task.catchers, catcher{
			errors:     c.errors,
			resultPath: c.path("ResultPath", writable),
			next:       c.name("Next"),
		})
		c.close("catcher")
	}
}

// handler is one element of Retry or Catch.
type handler struct {
	*object
	errors []string
}

// handlers are the elements of o's field, which is Retry or Catch, with their
// ErrorEquals read and checked.
func (p *problems) handlers(o *object, field string) []handler {
	var hs []handler
	seen := map[string]bool{}
	list := o.list(field)
	for i, v := range list {
		h := handler{object: p.object(fmt.Sprintf("%s: %s[%d]", o.where, field, i), v)}
		if h.object == nil {
			continue
		}
		if !h.has("ErrorEquals") {
			h.refuse("ErrorEquals", "missing: an array of error names is needed")
		}
		for _, e := range h.list("ErrorEquals") {
			name, _ := e.(string)
			if why := refusedErrors(name); why != "" {
				h.refuse("ErrorEquals", "%q %s", name, why)
			}
			if seen[name] {
				h.refuse("ErrorEquals", "%q is there twice, and the first one holds: remove this one", name)
			}
			seen[name] = true
			h.errors = append(h.errors, name)
		}
		if slices.Contains(h.errors, errAll) && (len(h.errors) > 1 || i < len(list)-1) {
			h.refuse("ErrorEquals", "%s must be alone, and in the last element: move it", errAll)
		}
		hs = append(hs, h)
	}
	return hs
}

// refusedErrors says why a name cannot stand in ErrorEquals; "" if it can.
func refusedErrors(name string) string {
	switch name {
	case "":
		return "is no error name: use a string that is not empty"
	case errAll, errTaskFailed, errTimeout, errDataLimit, errResultPath, errPermissions:
		return ""
	case errRuntime:
		return "is never retried or caught: remove it"
	case "States.ParameterPathFailure":
		return "is reported as States.Runtime, which is never caught: test with IsPresent before, and remove it"
	}
	if strings.HasPrefix(name, "States.") {
		return "is never reported by a Task here: remove it"
	}
	return ""
}

func (h handler) retrier() retrier {
	h.text("Comment")
	h.only("JitterStrategy", "FULL", "NONE")
	r := retrier{
		errors:      h.errors,
		interval:    seconds(h.whole("IntervalSeconds", 1, maxSeconds, 1)),
		backoff:     h.real("BackoffRate", 1, 2),
		maxDelay:    seconds(h.whole("MaxDelaySeconds", 1, maxRetryDelay-1, maxRetryDelay)),
		maxAttempts: h.whole("MaxAttempts", 0, maxSeconds, 3),
		jitter:      h.text("JitterStrategy") == "FULL",
	}
	if h.has("MaxDelaySeconds") && r.maxDelay <= r.interval {
		h.refuse("MaxDelaySeconds", "is not above IntervalSeconds: raise it, or remove it")
	}
	return r
}
