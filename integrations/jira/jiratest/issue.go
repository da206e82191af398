package jiratest

import (
	"fmt"
	"maps"
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
	Reporter    string
	Components  []string // ids
	ResolvedAt  time.Time
	Hidden      bool // answers 404 as if the login might not see it
	Deleted     bool

	earlier []past // what a search that lags behind still says
}

// Change is one entry of a history.
type Change struct {
	ID     int
	Author string
	At     time.Time
	Items  []Item
	// Metadata is the historyMetadata of the request that made it; nil: it had none.
	Metadata any
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
	ID                            int
	GlobalID, URL, Title, Summary string
	Relationship                  string
	Application                   any
}

// IssueLink is a link to another issue, of which Other is the number. Inward: the other one is the link's source.
type IssueLink struct {
	ID          int
	Type, Other string
	Inward      bool
}

// sprintField and epicField are custom fields, found by their schema.
const (
	sprintField = "customfield_10020"
	epicField   = "customfield_10014"
)

// Seed is an issue to begin with; empty members are filled in. By is who made its history.
type Seed struct {
	Key         string // empty: the next of the project
	Project     string // empty: OPS
	Type        string // name; empty: the first of the project
	Summary     string
	Description string
	Labels      []string
	Priority    string // name
	Status      string // name; created in it; empty: the first
	Assignee    string
	DueOn       string
	Sprint      int // created in it; 0: in none
	Created     time.Time
	Moves       []Move
	Comments    []Remark
}

// Remark is a comment of a seed.
type Remark struct {
	At   time.Time // zero: now
	By   string    // account; empty: somebody who is not the login
	Body string
}

// Move is one change of a seed's history. Empty members do not change.
type Move struct {
	At         time.Time
	Status     string // name
	Priority   string // name
	Sprint     int    // moved into this one; -1: out of all
	Resolution string // name
	Labels     string // all that it has from then on, with spaces between; "-": none
	Assignee   string // account; "-": nobody
	Project    string // moved to this one: another key, the same number
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
	for _, t := range p.Types {
		if t.Name == seed.Type {
			i.Type = t.ID
		}
	}
	if st, is := s.statusNamed(seed.Status); is {
		i.Status = st.ID
	}
	if seed.Priority != "" {
		i.Priority = idOf(s.priorities, seed.Priority)
	}
	if seed.Sprint != 0 {
		i.Sprints = []int{seed.Sprint}
	}
	for _, m := range seed.Moves {
		s.move(i, m)
	}
	for _, r := range seed.Comments {
		if r.At.IsZero() {
			r.At = s.now()
		}
		s.comment(i, first(r.By, s.id(s.users[1])), r.Body, r.At.UTC().Truncate(time.Millisecond))
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
		Priority: s.usualPriority(), Created: at, Updated: at, CategoryAt: at, Properties: map[string]any{}, Custom: map[string]any{}, Reporter: s.id(s.users[0]),
	}
	s.issues[i.ID], s.byKey[i.Key] = i, i.ID
	return i
}

// usualPriority is the one in the middle of the list.
func (s *Server) usualPriority() string {
	if len(s.priorities) == 0 {
		return ""
	}
	return s.priorities[len(s.priorities)/2].ID
}

// record adds a change to the history.
func (s *Server) record(i *Issue, by string, at time.Time, items ...Item) {
	if len(items) == 0 {
		return
	}
	s.nextChange++
	i.Changes = append(i.Changes, Change{ID: s.nextChange, Author: by, At: at, Items: items})
	i.touch(at)
}

// touch moves updated on.
func (i *Issue) touch(at time.Time) {
	if at.After(i.Updated) {
		i.Updated = at
	}
}

// move applies one move, in one entry of the history.
func (s *Server) move(i *Issue, m Move) {
	at := m.At.UTC().Truncate(time.Millisecond)
	if m.At.IsZero() {
		at = s.now()
	}
	s.writing(i)
	var items []Item
	if m.Project != "" {
		items = append(items, s.toProject(i, m.Project)...)
	}
	if to, is := s.statusNamed(m.Status); is && to.ID != i.Status {
		from := s.status(i.Status)
		items = append(items, Item{Field: "status", FieldID: "status", From: from.ID, FromText: from.Name, To: to.ID, ToText: to.Name})
		if from.Category != to.Category {
			i.CategoryAt = at
		}
		i.Status = to.ID
		if to.Category != "done" && i.Resolution != "" {
			items = append(items, Item{Field: "resolution", FieldID: "resolution", From: i.Resolution, FromText: nameOf(s.resolved, i.Resolution)})
			i.Resolution, i.ResolvedAt = "", time.Time{}
		}
		if to.Category == "done" && i.Resolution == "" && m.Resolution == "" {
			m.Resolution = "Done"
		}
	}
	if to := idOf(s.resolved, m.Resolution); to != "" && to != i.Resolution {
		items = append(items, Item{Field: "resolution", FieldID: "resolution", From: i.Resolution, FromText: nameOf(s.resolved, i.Resolution), To: to, ToText: nameOf(s.resolved, to)})
		i.Resolution, i.ResolvedAt = to, at
	}
	if to := idOf(s.priorities, m.Priority); to != "" && to != i.Priority {
		items = append(items, Item{Field: "priority", FieldID: "priority", From: i.Priority, FromText: nameOf(s.priorities, i.Priority), To: to, ToText: nameOf(s.priorities, to)})
		i.Priority = to
	}
	if m.Sprint != 0 {
		to := s.sprintsAfter(i, m.Sprint)
		items = append(items, Item{
			Field: "Sprint", FieldID: sprintField, From: s.sprintIDs(i.Sprints), FromText: s.sprintNames(i.Sprints), To: s.sprintIDs(to), ToText: s.sprintNames(to),
		})
		i.Sprints = to
	}
	if m.Labels != "" {
		to := strings.Fields(strings.TrimPrefix(m.Labels, "-"))
		items = append(items, Item{Field: "labels", FieldID: "labels", FromText: strings.Join(i.Labels, " "), ToText: strings.Join(to, " ")})
		i.Labels = to
	}
	if m.Assignee != "" {
		to := strings.TrimPrefix(m.Assignee, "-")
		items = append(items, Item{Field: "assignee", FieldID: "assignee", From: i.Assignee, FromText: s.called(i.Assignee), To: to, ToText: s.called(to)})
		i.Assignee = to
	}
	s.record(i, first(m.By, s.id(s.users[1])), at, items...)
}

// sprintsAfter are the sprints of an issue that is moved into one, or out of all (-1). Closed ones stay on it.
func (s *Server) sprintsAfter(i *Issue, into int) []int {
	if into < 0 {
		return nil
	}
	var to []int
	for _, id := range i.Sprints {
		if sp := s.sprint(id); sp != nil && sp.State == "closed" && id != into {
			to = append(to, id)
		}
	}
	return append(to, into)
}

// toProject gives an issue its key in another project, and the items that tell of it: Key, project and the workflow.
func (s *Server) toProject(i *Issue, project string) []Item {
	p := s.projects[project]
	if p == nil || p.Key == i.Project {
		return nil
	}
	p.last++
	was, from := i.Key, s.projects[i.Project]
	i.Key, i.Project = fmt.Sprintf("%s-%d", p.Key, p.last), p.Key
	s.byKey[i.Key] = i.ID
	return []Item{
		{Field: "Key", FromText: was, ToText: i.Key},
		{Field: "project", FieldID: "project", From: from.ID, FromText: from.Name, To: p.ID, ToText: p.Name},
		{Field: "Workflow", From: "1", FromText: "Workflow of " + from.Key, To: "2", ToText: "Workflow of " + p.Key},
	}
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
	s.change(key, func(i *Issue) {
		before := len(i.Changes)
		s.move(i, m)
		if len(i.Changes) > before {
			s.tell("jira:issue_updated", i, i.Changes[before].Author)
		}
	})
}

// Say adds a comment as a person does.
func (s *Server) Say(key, body string) {
	s.change(key, func(i *Issue) {
		by := s.id(s.users[1])
		s.comment(i, by, body, s.now())
		s.tell("comment_created", i, by)
	})
}

func (s *Server) comment(i *Issue, by, body string, at time.Time) *Comment {
	s.writing(i)
	s.nextOther++
	i.Comments = append(i.Comments, Comment{ID: s.nextOther, Author: by, Body: body, Created: at, Updated: at})
	i.touch(at)
	return &i.Comments[len(i.Comments)-1]
}

// change does something to an issue, when there is one of that key or number, and sends the webhooks that tell of it.
func (s *Server) change(key string, do func(*Issue)) {
	s.mu.Lock()
	defer s.release()
	if i := s.find(key); i != nil {
		do(i)
	}
}

// Change changes anything of an issue; what its history should say is up to the caller, and no webhook tells of it.
func (s *Server) Change(key string, change func(*Issue)) {
	s.change(key, func(i *Issue) {
		s.writing(i)
		i.touch(s.now())
		change(i)
	})
}

// Touch moves the issue's updated on without any change to its history.
func (s *Server) Touch(key string) { s.Change(key, func(*Issue) {}) }

// Hide takes an issue out of the login's sight, as a security level or a lost permission does, or gives it back.
func (s *Server) Hide(key string, hidden bool) {
	s.change(key, func(i *Issue) { i.Hidden = hidden })
}

// Delete deletes an issue; webhooks tell of it.
func (s *Server) Delete(key string) {
	s.change(key, func(i *Issue) {
		s.tell("jira:issue_deleted", i, s.id(s.users[1]))
		i.Deleted = true
	})
}

// MoveToProject moves an issue to another project and gives its key there; empty: there is no such issue or project. The history
// says Key, project and the workflow in one entry.
func (s *Server) MoveToProject(key, project string) string {
	now := ""
	s.change(key, func(i *Issue) {
		before := len(i.Changes)
		if s.move(i, Move{Project: project}); len(i.Changes) > before {
			now = i.Key
			s.tell("jira:issue_updated", i, i.Changes[before].Author)
		}
	})
	return now
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
	return i.clone(), true
}

// clone is a copy that later changes leave alone.
func (i *Issue) clone() Issue {
	c := *i
	c.Labels, c.Sprints, c.Components = slices.Clone(i.Labels), slices.Clone(i.Sprints), slices.Clone(i.Components)
	c.Changes = i.Changes[:len(i.Changes):len(i.Changes)] // only ever added to
	c.Comments, c.Links, c.IssueLinks = slices.Clone(i.Comments), slices.Clone(i.Links), slices.Clone(i.IssueLinks)
	c.Properties, c.Custom = maps.Clone(i.Properties), maps.Clone(i.Custom)
	c.earlier = nil
	return c
}

// Issues gives copies of all issues that are there, by number.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Issue
	for _, i := range s.sorted() {
		all = append(all, i.clone())
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
