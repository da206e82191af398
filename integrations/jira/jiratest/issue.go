package jiratest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Issue is an issue as it stands.
type Issue struct {
	ID, Key     string
	Project     string
	Type        string // id
	Summary     string
	Description string
	Status      string // id
	Priority    string // id
	Assignee    string // account id or name; empty: nobody
	Labels      []string
	DueOn       string
	Resolution  string // id; empty: none
	Sprints     []int
	Parent      string // key
	Created     time.Time
	Updated     time.Time
	CategoryAt  time.Time // last change of category
	Changes     []Change
	Comments    []Comment
	Links       []RemoteLink
	IssueLinks  []IssueLink
	Properties  map[string]any
	Custom      map[string]any
	Hidden      bool // answers 404 as if the login might not see it
	Deleted     bool

	shown snapshot // what a search that lags behind still says
}

// snapshot is what a search knows of an issue.
type snapshot struct {
	at      time.Time // of the write that it does not know yet
	present bool      // it was there before
	labels  []string
	status  string
	updated time.Time
}

// Change is one entry of a history.
type Change struct {
	ID     int
	Author string
	At     time.Time
	Items  []Item
}

// Item is one field of a change.
type Item struct {
	Field, FieldID, From, FromText, To, ToText string
}

// Comment is a comment.
type Comment struct {
	ID               int
	Author           string
	Body             string
	Created, Updated time.Time
}

// RemoteLink is a link to a page elsewhere.
type RemoteLink struct {
	ID                   int
	GlobalID, URL, Title string
}

// IssueLink is a link to another issue.
type IssueLink struct{ Type, Other string }

// sprintField and epicField are custom fields, found by their schema.
const (
	sprintField = "customfield_10020"
	epicField   = "customfield_10014"
)

// Seed is an issue to begin with; empty members are filled in. By is who made its history.
type Seed struct {
	Key         string // empty: the next of the project
	Project     string // empty: OPS
	Summary     string
	Description string
	Labels      []string
	Priority    string // name
	Assignee    string
	DueOn       string
	Sprint      int // created in it; 0: in none
	Created     time.Time
	Moves       []Move
}

// Move is one change of a seed's history. Empty members do not change.
type Move struct {
	At         time.Time
	Status     string // name
	Priority   string // name
	Sprint     int    // moved into this one; -1: out of all
	Resolution string // name
	By         string // account; empty: somebody who is not the login
}

// Seed puts an issue in and gives its key.
func (s *Server) Seed(seed Seed) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projects[first(seed.Project, "OPS")]
	i := s.add(p, seed.Created)
	if seed.Key != "" {
		delete(s.byKey, i.Key)
		i.Key = seed.Key
		s.byKey[seed.Key] = i.ID
	}
	i.Summary, i.Description, i.Labels, i.DueOn = first(seed.Summary, "An issue"), seed.Description, slices.Clone(seed.Labels), seed.DueOn
	i.Assignee = seed.Assignee
	if seed.Priority != "" {
		i.Priority = idOf(s.priorities, seed.Priority)
	}
	if seed.Sprint != 0 {
		i.Sprints = []int{seed.Sprint}
	}
	for _, m := range seed.Moves {
		s.move(i, m)
	}
	return i.Key
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func idOf(all []Named, name string) string {
	for _, n := range all {
		if strings.EqualFold(n.Name, name) {
			return n.ID
		}
	}
	return ""
}

func nameOf(all []Named, id string) string {
	for _, n := range all {
		if n.ID == id {
			return n.Name
		}
	}
	return ""
}

func (s *Server) status(id string) Status {
	for _, st := range s.statuses {
		if st.ID == id {
			return st
		}
	}
	return Status{ID: id, Name: "?", Category: "undefined"}
}

func (s *Server) statusNamed(name string) (Status, bool) {
	for _, st := range s.statuses {
		if strings.EqualFold(st.Name, name) {
			return st, true
		}
	}
	return Status{}, false
}

// add makes an empty issue in the first status.
func (s *Server) add(p *Project, at time.Time) *Issue {
	if at.IsZero() {
		at = s.now()
	}
	at = at.UTC().Truncate(time.Millisecond)
	p.last++
	s.nextIssue++
	i := &Issue{
		ID: strconv.Itoa(s.nextIssue), Key: fmt.Sprintf("%s-%d", p.Key, p.last), Project: p.Key, Type: p.Types[0].ID, Status: s.statuses[0].ID,
		Priority: "3", Created: at, Updated: at, CategoryAt: at, Properties: map[string]any{}, Custom: map[string]any{},
	}
	s.issues[i.ID], s.byKey[i.Key] = i, i.ID
	return i
}

// record adds a change to the history. A search that lags does not know of it yet.
func (s *Server) record(i *Issue, by string, at time.Time, items ...Item) {
	if len(items) == 0 {
		return
	}
	s.nextChange++
	i.Changes = append(i.Changes, Change{ID: s.nextChange, Author: by, At: at, Items: items})
	s.touch(i, at)
}

// touch moves updated on, and remembers what a lagging search still says.
func (s *Server) touch(i *Issue, at time.Time) {
	if at.Sub(i.shown.at) > s.faults.SearchLag || i.shown.at.IsZero() {
		i.shown = snapshot{at: at, present: true, labels: slices.Clone(i.Labels), status: i.Status, updated: i.Updated}
	}
	if at.After(i.Updated) {
		i.Updated = at
	}
}

// move applies one move.
func (s *Server) move(i *Issue, m Move) {
	at := m.At.UTC().Truncate(time.Millisecond)
	if m.At.IsZero() {
		at = s.now()
	}
	by := first(m.By, s.id(s.users[1]))
	var items []Item
	if m.Status != "" {
		if to, is := s.statusNamed(m.Status); is && to.ID != i.Status {
			from := s.status(i.Status)
			items = append(items, Item{Field: "status", FieldID: "status", From: from.ID, FromText: from.Name, To: to.ID, ToText: to.Name})
			if from.Category != to.Category {
				i.CategoryAt = at
			}
			i.Status = to.ID
			if to.Category != "done" && i.Resolution != "" {
				items = append(items, Item{Field: "resolution", FieldID: "resolution", From: i.Resolution, FromText: nameOf(s.resolved, i.Resolution)})
				i.Resolution = ""
			}
			if to.Category == "done" && i.Resolution == "" && m.Resolution == "" {
				m.Resolution = "Done"
			}
		}
	}
	if m.Resolution != "" {
		to := idOf(s.resolved, m.Resolution)
		items = append(items, Item{Field: "resolution", FieldID: "resolution", From: i.Resolution, FromText: nameOf(s.resolved, i.Resolution), To: to, ToText: m.Resolution})
		i.Resolution = to
	}
	if m.Priority != "" {
		if to := idOf(s.priorities, m.Priority); to != i.Priority {
			items = append(items, Item{Field: "priority", FieldID: "priority", From: i.Priority, FromText: nameOf(s.priorities, i.Priority), To: to, ToText: nameOf(s.priorities, to)})
			i.Priority = to
		}
	}
	if m.Sprint != 0 {
		var to []int
		if m.Sprint > 0 {
			for _, id := range i.Sprints { // closed ones stay on the issue
				if sp := s.sprint(id); sp != nil && sp.State == "closed" {
					to = append(to, id)
				}
			}
			to = append(to, m.Sprint)
		}
		items = append(items, Item{
			Field: "Sprint", FieldID: sprintField, From: s.sprintIDs(i.Sprints), FromText: s.sprintNames(i.Sprints), To: s.sprintIDs(to), ToText: s.sprintNames(to),
		})
		i.Sprints = to
	}
	s.record(i, by, at, items...)
}

func (s *Server) sprint(id int) *Sprint {
	for _, sp := range s.sprints {
		if sp.ID == id {
			return sp
		}
	}
	return nil
}

func (s *Server) sprintIDs(ids []int) string {
	var all []string
	for _, id := range ids {
		all = append(all, strconv.Itoa(id))
	}
	return strings.Join(all, ", ")
}

func (s *Server) sprintNames(ids []int) string {
	var all []string
	for _, id := range ids {
		if sp := s.sprint(id); sp != nil {
			all = append(all, sp.Name)
		}
	}
	return strings.Join(all, ", ")
}

// id identifies a user on this flavour.
func (s *Server) id(u User) string {
	if s.cloud() {
		return u.AccountID
	}
	return u.Name
}

// Move changes an issue as a person in Jira does.
func (s *Server) Move(key string, m Move) {
	s.mu.Lock()
	i := s.find(key)
	if i == nil {
		s.mu.Unlock()
		return
	}
	s.move(i, m)
	deliveries := s.deliveries("jira:issue_updated", i)
	s.mu.Unlock()
	s.deliver(deliveries)
}

// Say adds a comment as a person does.
func (s *Server) Say(key, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(key); i != nil {
		s.comment(i, s.id(s.users[1]), body, s.now())
	}
}

func (s *Server) comment(i *Issue, by, body string, at time.Time) *Comment {
	s.nextOther++
	i.Comments = append(i.Comments, Comment{ID: s.nextOther, Author: by, Body: body, Created: at, Updated: at})
	s.touch(i, at)
	return &i.Comments[len(i.Comments)-1]
}

// Change changes anything of an issue; what its history should say is up to the caller.
func (s *Server) Change(key string, change func(*Issue)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(key); i != nil {
		s.touch(i, s.now())
		change(i)
	}
}

// Delete deletes an issue; webhooks tell of it.
func (s *Server) Delete(key string) {
	s.mu.Lock()
	i := s.find(key)
	if i == nil {
		s.mu.Unlock()
		return
	}
	deliveries := s.deliveries("jira:issue_deleted", i)
	i.Deleted = true
	s.mu.Unlock()
	s.deliver(deliveries)
}

// MoveToProject moves an issue: another key, the same number; its history says Key, project and the workflow in one.
func (s *Server) MoveToProject(key, project string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, p := s.find(key), s.projects[project]
	if i == nil || p == nil {
		return ""
	}
	p.last++
	was, from := i.Key, i.Project
	i.Key, i.Project = fmt.Sprintf("%s-%d", project, p.last), project
	s.byKey[i.Key] = i.ID
	s.record(i, s.id(s.users[1]), s.now(),
		Item{Field: "Key", From: "", FromText: was, To: "", ToText: i.Key},
		Item{Field: "project", FieldID: "project", From: s.projects[from].ID, FromText: from, To: p.ID, ToText: project},
		Item{Field: "Workflow", From: "1", FromText: "one", To: "2", ToText: "another"})
	return i.Key
}

// find finds an issue by key, an earlier key, or its number.
func (s *Server) find(name string) *Issue {
	if i := s.issues[name]; i != nil && !i.Deleted {
		return i
	}
	if i := s.issues[s.byKey[strings.ToUpper(name)]]; i != nil && !i.Deleted {
		return i
	}
	return nil
}

// Issue gives a copy of an issue as it stands; false: there is none.
func (s *Server) Issue(key string) (Issue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(key)
	if i == nil {
		return Issue{}, false
	}
	return *i, true
}

// Issues gives copies of all issues that are there, by number.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Issue
	for _, i := range s.sorted() {
		all = append(all, *i)
	}
	return all
}

// Labelled gives the issues that carry a label.
func (s *Server) Labelled(label string) []Issue {
	return slices.DeleteFunc(s.Issues(), func(i Issue) bool { return !slices.Contains(i.Labels, label) })
}

func (s *Server) sorted() []*Issue {
	var all []*Issue
	for _, i := range s.issues {
		if !i.Deleted {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b *Issue) int { return compareNumbers(a.ID, b.ID) })
	return all
}

func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
