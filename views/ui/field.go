package ui

import (
	"strings"

	"github.com/a-h/templ"

	"upshot/app/fault"
)

// Field is one question of a form. Its name is its id, unless ID says otherwise.
type Field struct {
	Name  string
	ID    string // when the name stands twice on a page
	Label string
	Hint  string // beside the label: "optional", or the zone
	Help  string // below the field
	Error string // what is wrong and what would do
	Value string

	Type         string // of an input: text (default), url, email, number, password, search, datetime-local, date
	Placeholder  string
	Autocomplete string
	Required     bool
	Wide         bool // takes the whole width of a two-column form
	Rows         int  // of a text area
	Checked      bool // of a checkbox, whose value is "1" when Value is empty
	Options      []Option
	More         templ.Attributes // min, max, step, pattern, list, hx-…
}

// Option is one answer to choose.
type Option struct {
	Value    string
	Label    string
	Help     string // in a radio card, below the label
	Disabled bool
}

// ErrorFor finds what is wrong with a field; "services[1]" counts for "services".
func ErrorFor(wrong []fault.Field, name string) string {
	for _, f := range wrong {
		if base, _, _ := strings.Cut(f.Name, "["); f.Name == name || base == name {
			return f.Message
		}
	}
	return ""
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) value() string {
	if f.Value == "" {
		return "1"
	}
	return f.Value
}

func (f Field) class() string {
	class := "field"
	if f.Error != "" {
		class += " bad"
	}
	if f.Wide {
		class += " all"
	}
	return class
}

func (f Field) rows() int {
	if f.Rows == 0 {
		return 4
	}
	return f.Rows
}

// attributes tie the field to its help and its error.
func (f Field) attributes() templ.Attributes {
	all := templ.Attributes{}
	for name, value := range f.More {
		all[name] = value
	}
	if about := f.about(); about != "" {
		all["aria-describedby"] = about
	}
	if f.Error != "" {
		all["aria-invalid"] = "true"
	}
	if f.Required {
		all["required"] = true
	}
	if f.Placeholder != "" {
		all["placeholder"] = f.Placeholder
	}
	if f.Autocomplete != "" {
		all["autocomplete"] = f.Autocomplete
	}
	return all
}

// groupAttributes do the same for a group of radio cards, which has no validity of its own.
func (f Field) groupAttributes() templ.Attributes {
	if about := f.about(); about != "" {
		return templ.Attributes{"aria-describedby": about}
	}
	return nil
}

func (f Field) about() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	if f.Help != "" {
		ids = append(ids, f.id()+"-help")
	}
	return strings.Join(ids, " ")
}

// anchor leads from the summary of what is wrong to the field.
func anchor(name string) string {
	base, _, _ := strings.Cut(name, "[")
	return "#" + base
}
