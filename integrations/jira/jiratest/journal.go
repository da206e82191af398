package jiratest

import (
	"maps"
	"regexp"
	"slices"
	"time"
)

// Entry is one call, and what it did.
type Entry struct {
	At        time.Time
	Method    string
	Path      string
	Operation string // with {id} for what varies
	Status    int    // 0: no answer was sent
	// Effect is what changed: "created", "edited", "commented", "comment edited", "moved", "linked" …; empty: nothing.
	Effect  string
	Issue   string // number
	Label   string // of a creation: the last of its labels
	Labels  []string
	Comment int  // number of the comment that was added or changed
	Lost    bool // the caller never saw the answer
}

// Journal gives every call so far, in order.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Calls counts the calls so far by operation.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, e := range s.journal {
		n[e.Operation]++
	}
	return n
}

// Total counts the calls so far.
func (s *Server) Total() int {
	n := 0
	for c := range maps.Values(s.Calls()) {
		n += c
	}
	return n
}

// MostAtOnce is the greatest number of calls under way at the same time.
func (s *Server) MostAtOnce() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mostAtOnce
}

// ForgetCalls empties the journal.
func (s *Server) ForgetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal, s.mostAtOnce = nil, 0
}

var (
	version = regexp.MustCompile(`^/rest/[a-z]+/[^/]+`)
	varying = regexp.MustCompile(`/([0-9]+|[A-Z][A-Z0-9_]+-[0-9]+)(/|$)`)
)

// operation names a call by its method and path, with {id} for what varies.
func operation(method, path string) string {
	api := version.FindString(path)
	rest := path[len(api):]
	return method + " " + api + varying.ReplaceAllString(varying.ReplaceAllString(rest, "/{id}$2"), "/{id}$2")
}
