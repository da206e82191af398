// Package hook has what readers of incoming events share: fields that may be missing, null or of a wrong type, moments as people and
// programs write them, labels, and signatures.
package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"strings"

	"upshot/app/fault"
)

// Most is how many elements of a list are read: alerts of a group, events of a batch.
const Most = 10_000

// Decode reads a JSON object into a struct of the fields that matter. A field of a wrong type counts as not said: whoever needs it
// says what is missing. The error is a sentence.
func Decode(body []byte, into any) error {
	if err := unmarshal(body, into); err != nil {
		return fault.New(fault.Invalid, "The body is no JSON: %v.", err)
	}
	if !Value(body).IsObject() {
		return fault.New(fault.Invalid, "The body is no JSON object.")
	}
	return nil
}

// Parse gives a body as it is, when it is JSON. The error is a sentence.
func Parse(body []byte) (Value, error) {
	if err := unmarshal(body, &struct{}{}); err != nil {
		return nil, fault.New(fault.Invalid, "The body is no JSON: %v.", err)
	}
	return body, nil
}

// unmarshal leaves fields of a wrong type as they are.
func unmarshal(body []byte, into any) error {
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(body, into); err != nil && !errors.As(err, &wrong) {
		return err
	}
	return nil
}

// Lacks is the error about a text that cannot be done without, named as in the body: "event.data.id".
func Lacks(field string) error {
	return fault.New(fault.Invalid, "%s is missing, or is no text.", field)
}

// Value is a JSON value inside a body that was found to be valid. It is looked through where it lies, so that a body of many small values needs no
// more memory than its bytes. Of a body that is not valid it gives something or nothing, and never panics.
type Value []byte

// kind is the first byte that is no blank: one of {["tfn-0123456789, or 0 for none.
func (v Value) kind() byte {
	if n := blanks(v, 0); n < len(v) {
		return v[n]
	}
	return 0
}

// IsList tells whether it is an array.
func (v Value) IsList() bool { return v.kind() == '[' }

// IsObject tells whether it is an object.
func (v Value) IsObject() bool { return v.kind() == '{' }

// Text is a text without blanks around it and without NUL, which databases refuse, or a number or true and false as they are written. Everything else is empty.
func (v Value) Text() string {
	switch v.kind() {
	case '"':
		if v = bytes.TrimSpace(v); len(v) > 1 && bytes.IndexByte(v, '\\') < 0 {
			return Clean(string(v[1 : len(v)-1]))
		}
		var s string
		if json.Unmarshal(v, &s) != nil {
			return ""
		}
		return Clean(s)
	case 0, '{', '[', 'n':
		return ""
	}
	return Clean(string(v))
}

// Elements are those of an array; of anything else there are none.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		n := blanks(v, 0)
		if n == len(v) || v[n] != '[' {
			return
		}
		for n = blanks(v, n+1); n < len(v) && v[n] != ']'; n = comma(v, n) {
			begin := n
			if n = past(v, n); n == begin || !yield(v[begin:n]) {
				return
			}
		}
	}
}

// members are the names, in quotes, and values of an object.
func (v Value) members() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		n := blanks(v, 0)
		if n == len(v) || v[n] != '{' {
			return
		}
		for n = blanks(v, n+1); n < len(v) && v[n] == '"'; n = comma(v, n) {
			begin := n
			n = past(v, n)
			name := v[begin:n]
			if n = blanks(v, n); n == len(v) || v[n] != ':' {
				return
			}
			begin = blanks(v, n+1)
			if n = past(v, begin); n == begin || !yield(name, v[begin:n]) {
				return
			}
		}
	}
}

// Members are the names and values of an object; of anything else there are none.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for name, value := range v.members() {
			if !yield(name.Text(), value) {
				return
			}
		}
	}
}

// At goes into objects by name and into arrays by position. What leads to nothing, or to null, is nil.
func (v Value) At(path ...string) Value {
	for _, step := range path {
		v = v.step(step)
	}
	if v.kind() == 'n' {
		return nil
	}
	return v
}

func (v Value) step(step string) Value {
	if v.kind() == '[' {
		at, err := strconv.ParseUint(step, 10, 32)
		if err != nil || (len(step) > 1 && step[0] == '0') {
			return nil
		}
		for element := range v.Elements() {
			if at == 0 {
				return element
			}
			at--
		}
		return nil
	}
	for name, value := range v.members() {
		if plain := name[1:max(len(name)-1, 1)]; string(plain) == step {
			return value
		} else if bytes.IndexByte(plain, '\\') >= 0 {
			var s string
			if json.Unmarshal(name, &s) == nil && s == step {
				return value
			}
		}
	}
	return nil
}

func blanks(v []byte, n int) int {
	for n < len(v) && (v[n] == ' ' || v[n] == '\n' || v[n] == '\t' || v[n] == '\r') {
		n++
	}
	return n
}

// comma goes past the comma between two values; without one to the end.
func comma(v []byte, n int) int {
	if n = blanks(v, n); n < len(v) && v[n] == ',' {
		return blanks(v, n+1)
	}
	return len(v)
}

// past is where the value that begins at n ends.
func past(v []byte, n int) int {
	if n >= len(v) {
		return n
	}
	switch v[n] {
	case '"':
		return pastText(v, n)
	case '{', '[':
		for depth := 0; n < len(v); n++ {
			switch v[n] {
			case '"':
				n = pastText(v, n) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return n + 1
				}
			}
		}
		return len(v)
	}
	for n < len(v) && strings.IndexByte(",]} \n\t\r", v[n]) < 0 {
		n++
	}
	return n
}

func pastText(v []byte, n int) int {
	for n++; n < len(v); n++ {
		switch v[n] {
		case '\\':
			n++
		case '"':
			return n + 1
		}
	}
	return len(v)
}

// Text is a field that is a text, or a number or true and false as they are written; of any other type it counts as not said.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = Text(Value(b).Text())
	return nil
}

// List is a field that is an array, of which the first Most elements are read. Anything else has none.
type List[T any] struct {
	All  []T
	More int // how many were not read
}

// UnmarshalJSON fails only where JSON itself does; an element of a wrong type is there and says nothing.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	*l = List[T]{}
	for element := range Value(b).Elements() {
		if len(l.All) == Most {
			l.More++
			continue
		}
		var one T
		if err := unmarshal(element, &one); err != nil {
			return err
		}
		l.All = append(l.All, one)
	}
	return nil
}
