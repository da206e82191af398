// Package rootcause knows what was learnt about an incident or a problem, by whom, and how sure they are.
package rootcause

import (
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
)

// ID identifies a note.
type ID int64

// Kind is what sort of knowledge a note is.
type Kind string

// The kinds. A factor contributed; a cause is confirmed.
const (
	Symptom    Kind = "symptom"
	Hypothesis Kind = "hypothesis"
	Factor     Kind = "factor"
	Cause      Kind = "cause"
)

// The closed lists, in the order forms offer them.
var (
	Kinds        = []Kind{Symptom, Hypothesis, Factor, Cause}
	CauseClasses = []string{"configuration", "code", "capacity", "data", "dependency", "deployment", "process", "unknown"}
	Confidences  = []string{"low", "medium", "high"}
	Sides        = []string{"development", "operations"}
)

// Note is what was learnt, in Markdown. It stands on an incident or on a problem.
type Note struct {
	ID         ID
	Incident   incident.ID // or 0
	Problem    problem.ID  // or 0
	Kind       Kind
	CauseClass string
	Confidence string
	Side       string // of whoever wrote it; may be empty
	Body       string // Markdown as written
	Revision   int    // from 1
	Author     account.Actor
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Revision is a note as it once was.
type Revision struct {
	Revision   int
	Kind       Kind
	CauseClass string
	Confidence string
	Side       string
	Body       string
	Author     account.Actor
	At         time.Time
}

// Check says what is wrong with the note.
func (n Note) Check() error {
	var c fault.Check
	c.That(strings.TrimSpace(n.Body) != "", "body", "Write what was learnt.")
	c.That(len(n.Body) <= 100_000, "body", "At most 100,000 characters.")
	c.That(slices.Contains(Kinds, n.Kind), "kind", "Choose symptom, hypothesis, contributing factor or confirmed cause.")
	c.That(slices.Contains(CauseClasses, n.CauseClass), "cause_class", "Choose a class of cause, or unknown.")
	c.That(slices.Contains(Confidences, n.Confidence), "confidence", "Choose low, medium or high.")
	c.That(n.Side == "" || slices.Contains(Sides, n.Side), "side", "Choose development or operations.")
	c.That((n.Incident == 0) != (n.Problem == 0), "about", "A note is about one incident or one problem.")
	return c.Err()
}
