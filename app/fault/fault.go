// Package fault names the few kinds of trouble that whoever sent a request can end.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says which of the few troubles it is; the edges turn it into a status code.
type Kind int

// The kinds, with the status that pages and the API answer with.
const (
	Invalid     Kind = iota + 1 // 422: something in the request is to be corrected
	Denied                      // 401 or 403: somebody else must allow it
	NotFound                    // 404
	Conflict                    // 409: something happened meanwhile, or the state does not allow it
	Unavailable                 // 503: something we need is down; trying later helps
)

// Field is one thing to correct, named as in the form or the JSON body ("started_at", "services[1]").
type Field struct {
	Name    string
	Message string
}

// Fault is trouble the sender can end. Every other error is ours.
type Fault struct {
	Kind    Kind
	Message string  // one sentence for the person
	Fields  []Field // for Invalid: what to correct, and where
	Cause   error   // kept for the log, never shown
}

// Error gives the sentence, and the fields when the sentence is built from them.
func (f *Fault) Error() string {
	if f.Message != "" || len(f.Fields) == 0 {
		return f.Message
	}
	said := make([]string, len(f.Fields))
	for i, field := range f.Fields {
		said[i] = field.Name + ": " + field.Message
	}
	return strings.Join(said, "; ")
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// New makes a fault; the message is formatted as by fmt.Sprintf.
func New(kind Kind, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Of gives the fault inside err, or nil when the trouble is ours.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// Is tells whether err holds a fault of that kind.
func Is(err error, kind Kind) bool {
	f := Of(err)
	return f != nil && f.Kind == kind
}

// Check collects what is wrong with a form, so that a person can correct all of it at once.
type Check struct {
	fields []Field
}

// That notes the field when ok is false.
func (c *Check) That(ok bool, name, format string, args ...any) {
	if !ok {
		c.fields = append(c.fields, Field{Name: name, Message: fmt.Sprintf(format, args...)})
	}
}

// Add takes over the fields of err when it is an Invalid fault, and tells whether it was one.
func (c *Check) Add(err error) bool {
	f := Of(err)
	if f == nil || f.Kind != Invalid {
		return false
	}
	c.fields = append(c.fields, f.Fields...)
	return true
}

// Err is nil when nothing was noted, else an Invalid fault with the fields in the order they were noted.
func (c *Check) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Fault{Kind: Invalid, Message: "Please correct what is marked.", Fields: c.fields}
}
