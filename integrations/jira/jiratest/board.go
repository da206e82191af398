package jiratest

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The pages: a plain board, on which a visitor moves a card, and a page for each issue.

//go:embed pages.html
var pagesHTML string

var pages = template.Must(template.New("").Parse(pagesHTML))

func (s *Server) servePages(w http.ResponseWriter, r *http.Request, path string) {
	key, onBoard := strings.CutPrefix(path, "/board/")
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case onBoard && r.Method == http.MethodPost:
		s.moveByHand(w, r, key)
	case get && path == "/board":
		s.showBoard(w, r, "")
	case get && onBoard:
		s.showBoard(w, r, key)
	case get && strings.HasPrefix(path, "/browse/"):
		s.showIssue(w, r, strings.TrimPrefix(path, "/browse/"))
	case get && (path == "" || path == "/"):
		http.Redirect(w, r, s.options.Path+"/board", http.StatusSeeOther)
	case get && path == "/login.jsp": // what stands before a Jira leads here
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_, _ = w.Write([]byte("<!doctype html><title>Log in</title><p>Please log in.</p>"))
	default:
		http.NotFound(w, r)
	}
}

// moveByHand does what a form of the board says.
func (s *Server) moveByHand(w http.ResponseWriter, r *http.Request, key string) {
	if cross := http.NewCrossOriginProtection().Check(r); cross != nil {
		http.Error(w, cross.Error(), http.StatusForbidden)
		return
	}
	if _, is := s.Issue(key); !is {
		http.NotFound(w, r)
		return
	}
	sprint, _ := strconv.Atoi(r.FormValue("sprint"))
	s.Move(key, Move{Status: r.FormValue("status"), Priority: r.FormValue("priority"), Sprint: sprint})
	to := "/board"
	if project := r.FormValue("project"); project != "" {
		to += "/" + strings.Trim(project, "/")
	}
	if comment := strings.TrimSpace(r.FormValue("comment")); comment != "" {
		s.Say(key, comment)
		to = "/browse/" + key
	}
	http.Redirect(w, r, s.options.Path+to, http.StatusSeeOther)
}

func show(w http.ResponseWriter, page string, data any) {
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, page, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	_, _ = w.Write([]byte(b.String()))
}

// card is an issue with the forms that change it. Board is the project whose board it is on; empty: all.
type card struct {
	Base, Board, Key, Summary, Status, Priority, Sprint, Resolution string
	SprintID                                                        int
	Statuses, Priorities                                            []string
	Sprints                                                         []Sprint
}

type column struct {
	Name  string
	Cards []card
}

type boardPage struct {
	Base, Title string
	Projects    []string
	Columns     []column
}

// showBoard shows the board of a project, or of all: empty.
func (s *Server) showBoard(w http.ResponseWriter, r *http.Request, project string) {
	s.mu.Lock()
	if project != "" && s.projects[project] == nil {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	page := s.board(project)
	s.mu.Unlock()
	show(w, "board", page)
}

func (s *Server) board(project string) boardPage {
	p := boardPage{Base: s.options.Path, Title: "All projects"}
	if project != "" {
		p.Title = s.projects[project].Name
	}
	if all := s.projectsInOrder(); len(all) > 1 {
		for _, one := range all {
			p.Projects = append(p.Projects, one.Key)
		}
	}
	at := map[string]int{}
	for _, st := range s.statuses {
		if !st.Deleted {
			at[st.ID] = len(p.Columns)
			p.Columns = append(p.Columns, column{Name: st.Name})
		}
	}
	for _, i := range slices.Backward(s.sorted()) {
		n, is := at[i.Status]
		if is && (project == "" || i.Project == project) {
			p.Columns[n].Cards = append(p.Columns[n].Cards, s.card(i, project))
		}
	}
	return p
}

func (s *Server) card(i *Issue, board string) card {
	c := card{
		Base: s.options.Path, Board: board, Key: i.Key, Summary: i.Summary, Status: s.status(i.Status).Name, Priority: nameOf(s.priorities, i.Priority),
		Resolution: nameOf(s.resolved, i.Resolution), Statuses: []string{s.status(i.Status).Name},
	}
	for _, w := range s.waysFrom(i) {
		c.Statuses = append(c.Statuses, w.to.Name)
	}
	for _, n := range s.priorities {
		c.Priorities = append(c.Priorities, n.Name)
	}
	for _, sp := range s.sprints {
		if sp.Project == i.Project && sp.State != "closed" {
			c.Sprints = append(c.Sprints, *sp)
		}
	}
	if len(i.Sprints) > 0 {
		c.SprintID = i.Sprints[len(i.Sprints)-1]
		c.Sprint = s.sprintNames([]int{c.SprintID})
	}
	return c
}

type saying struct{ At, By, Body string }

type issuePage struct {
	Card                 card
	Project, Description string
	Fields               []struct{ Name, Value string }
	Comments, History    []saying
	Links                []RemoteLink
	Issues               []struct{ Says, Key string }
	Linked               bool
}

func (s *Server) showIssue(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	i := s.find(key)
	if i == nil {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	page := s.issuePage(i)
	s.mu.Unlock()
	show(w, "issue", page)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func (s *Server) issuePage(i *Issue) issuePage {
	p := issuePage{
		Card: s.card(i, i.Project), Project: i.Project, Description: i.Description, Links: slices.Clone(i.Links), Linked: len(i.Links)+len(i.IssueLinks) > 0,
	}
	field := func(name, value string) {
		if value != "" {
			p.Fields = append(p.Fields, struct{ Name, Value string }{name, value})
		}
	}
	field("Status", p.Card.Status)
	field("Resolution", p.Card.Resolution)
	field("Type", s.typeOf(i).Name)
	field("Priority", p.Card.Priority)
	field("Assignee", first(s.called(i.Assignee), "Nobody"))
	field("Sprint", s.sprintNames(i.Sprints))
	field("Labels", strings.Join(i.Labels, " "))
	field("Due date", i.DueOn)
	for _, f := range s.typeOf(i).Fields {
		field(f.Name, shown(i.Custom[f.ID]))
	}
	field("Created", minute(i.Created)+" UTC")
	field("Updated", minute(i.Updated)+" UTC")
	for _, c := range i.Comments {
		p.Comments = append(p.Comments, saying{minute(c.Created), s.called(c.Author), c.Body})
	}
	for _, l := range i.IssueLinks {
		for _, t := range linkTypes {
			if other := s.issues[l.Other]; t.name == l.Type && other != nil {
				says := t.outward
				if l.Inward {
					says = t.inward
				}
				p.Issues = append(p.Issues, struct{ Says, Key string }{says, other.Key})
			}
		}
	}
	for _, c := range slices.Backward(i.Changes) {
		for _, it := range c.Items {
			what := fmt.Sprintf("%s: %s → %s", it.Field, first(it.FromText, "none"), first(it.ToText, "none"))
			p.History = append(p.History, saying{minute(c.At), s.called(c.Author), what})
		}
	}
	return p
}
