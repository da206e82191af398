package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"upshot/app/incident"
)

// Made is what a source last made of an incident: what differs from it was changed by a person, and is left to them.
type Made struct {
	Course   Course            `json:"course"`
	Declared time.Time         `json:"declared,omitzero"`
	Acked    time.Time         `json:"acked,omitzero"`
	Detected time.Time         `json:"detected,omitzero"`
	Paged    time.Time         `json:"paged,omitzero"`
	Title    string            `json:"title,omitempty"`
	Summary  string            `json:"summary,omitempty"`
	URL      string            `json:"url,omitempty"`
	Severity incident.Severity `json:"severity,omitempty"`
	Services []string          `json:"services,omitempty"`
}

// Course is when users felt an incident.
type Course struct {
	StartedAt  time.Time          `json:"started_at"`
	Segments   []incident.Segment `json:"segments,omitempty"`
	ReopenedAt time.Time          `json:"reopened_at,omitzero"`
	EndedAt    time.Time          `json:"ended_at,omitzero"`
}

func courseOf(o Occurrence) Course {
	c := Course{StartedAt: o.Start(), EndedAt: o.Last().End}
	for _, s := range o.Spans[:len(o.Spans)-1] {
		c.Segments = append(c.Segments, incident.Segment{StartedAt: s.Start, EndedAt: s.End})
	}
	if len(c.Segments) > 0 {
		c.ReopenedAt = o.Last().Start
	}
	return c
}

func courseFelt(i incident.Incident) Course {
	return Course{StartedAt: i.Moments.StartedAt, Segments: i.Segments, ReopenedAt: i.Moments.ReopenedAt, EndedAt: i.Moments.RestoredOrResolved()}
}

func (c Course) equal(other Course) bool {
	return c.StartedAt.Equal(other.StartedAt) && c.ReopenedAt.Equal(other.ReopenedAt) && c.EndedAt.Equal(other.EndedAt) &&
		slices.EqualFunc(c.Segments, other.Segments, func(a, b incident.Segment) bool {
			return a.StartedAt.Equal(b.StartedAt) && a.EndedAt.Equal(b.EndedAt)
		})
}

// Seen is how an incident looks, in our words: see Mapping.See.
type Seen struct {
	Title, Summary, URL string
	Severity            incident.Severity
	Kind                incident.Kind
	DetectedBy          incident.Detector
	Services            []string // slugs
	Unknown             []string // names of services that nobody mapped
	Labels              map[string]string
	// Paged tells that whoever builds it was paged when it fired.
	Paged bool
}

// Begin makes an incident of an occurrence.
func Begin(o Occurrence, s Seen) (incident.Incident, Made) {
	i := incident.New(cmp.Or(s.Title, "Without a title"), o.Start())
	i.Kind, i.DetectedBy = cmp.Or(s.Kind, incident.Real), cmp.Or(s.DetectedBy, incident.ByAlert)
	made := Follow(&i, o, s, Made{Course: courseFelt(i), Title: i.Title})
	if s.Paged && i.Learn(incident.Telling{At: o.Start(), By: incident.ByPage}) {
		made.Paged = o.Start()
	}
	return i, made
}

// Follow brings an incident to what its source says, except for what people have changed since the source last did: made is what it made
// of it then, and the answer what it made of it now. It never makes a moment unknown that is known.
func Follow(i *incident.Incident, o Occurrence, s Seen, made Made) Made {
	if made.Course.equal(courseFelt(*i)) {
		made.Course = courseOf(o)
		run(i, made.Course, o.MitigatedAt)
	} else {
		join(i, o.Last())
	}
	made.Declared = moment(&i.Moments.DeclaredAt, o.DeclaredAt, made.Declared)
	made.Acked = moment(&i.Moments.AcknowledgedAt, o.AcknowledgedAt, made.Acked)
	if i.DetectedBy == incident.ByAlert {
		made.Detected = moment(&i.Moments.DetectedAt, o.Start(), made.Detected)
	}
	made.Title = said(&i.Title, s.Title, made.Title)
	made.Summary = said(&i.Summary, s.Summary, made.Summary)
	made.URL = said(&i.URL, s.URL, made.URL)
	made.Severity = said(&i.Severity, s.Severity, made.Severity)
	if len(s.Services) > 0 && slices.Equal(i.Services, made.Services) {
		i.Services = slices.Clone(s.Services)
		made.Services = i.Services
	}
	i.Labels = maps.Clone(s.Labels)
	return made
}

// run gives an incident the whole course that its source tells.
func run(i *incident.Incident, c Course, mitigatedAt time.Time) {
	was := i.Status
	i.Moments.StartedAt, i.Segments, i.Moments.ReopenedAt = c.StartedAt, c.Segments, c.ReopenedAt
	i.Moments.RestoredAt, i.Moments.ResolvedAt = c.EndedAt, c.EndedAt
	i.Moments.MitigatedAt = mitigatedAt
	switch {
	case !c.EndedAt.IsZero() && was != incident.Closed:
		i.Status = incident.Resolved
	case c.EndedAt.IsZero() && !mitigatedAt.IsZero():
		i.Status = incident.Mitigated
	case c.EndedAt.IsZero():
		i.Status = incident.Open
	}
	if over := was == incident.Resolved || was == incident.Closed; over && c.EndedAt.IsZero() {
		i.Moments.ClosedAt, i.EndedBy = time.Time{}, incident.UnknownEnding
	}
	if i.Status == incident.Closed && i.Moments.ClosedAt.Before(c.EndedAt) {
		i.Moments.ClosedAt = c.EndedAt
	}
}

// join brings what the present time of impact says to an incident whose course a person changed: it ends what still goes on, and
// opens again what had ended before it began.
func join(i *incident.Incident, last Span) {
	over := i.Status == incident.Resolved || i.Status == incident.Closed
	if over && last.Start.After(i.Moments.RestoredOrResolved()) {
		i.Resume(last.Start)
		over = false
	}
	if !over && last.Over() && !last.End.Before(i.Moments.StartedAt) && !last.End.Before(i.Moments.ReopenedAt) {
		_ = i.Resolve(last.End, "") // it goes on, so it can be
	}
}

// moment sets a moment that is unknown, or that the source set itself, and gives what the source says of it.
func moment(is *time.Time, says, made time.Time) time.Time {
	if says.IsZero() {
		return made
	}
	if is.IsZero() || is.Equal(made) {
		*is = says
		return says
	}
	return made
}

// said does so for words.
func said[T ~string](is *T, says, made T) T {
	if says == "" || *is != made {
		return made
	}
	*is = says
	return says
}

// Pair says which of the incidents that stand for a track belong to which of its occurrences: the first of several is the one, the others are
// second reports of it; none: it is still to be reported.
func Pair(all []Occurrence, kept []Kept) [][]Kept {
	pairs := make([][]Kept, len(all))
	for _, k := range kept {
		at := 0
		for n := len(all) - 1; n > 0; n-- {
			if !k.Start.Before(all[n].Start()) {
				at = n
				break
			}
		}
		pairs[at] = append(pairs[at], k)
	}
	return pairs
}
