package jiratest

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The pages: a plain board, on which a visitor moves a card.

var pages = template.Must(template.New("").Parse(`{{define "head"}}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.}}</title>
<style>
:root{color-scheme:light dark;--ground:light-dark(#f4f5f7,#161a1d);--card:light-dark(#fff,#22272b);--line:light-dark(#d5d9e0,#3b444c);--ink:light-dark(#172b4d,#dee4ea);--soft:light-dark(#505f79,#9fadbc)}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
header{padding:14px 20px;border-bottom:1px solid var(--line);background:var(--card)}header p{margin:2px 0 0;color:var(--soft)}h1{font-size:18px;margin:0}
main{padding:16px 20px}.board{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:12px;align-items:start}
section{border:1px solid var(--line);border-radius:8px;padding:10px}h2{font-size:13px;margin:0 0 8px;color:var(--soft)}
article{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px;margin:0 0 8px}
article h3{font-size:14px;margin:0 0 6px;overflow-wrap:anywhere}.meta{color:var(--soft);font-size:12px;margin:0 0 8px}
form{display:flex;gap:6px;margin:6px 0 0}label{flex:1;min-width:0}.vh{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
select,button,input{font:inherit;min-height:32px;border:1px solid var(--line);border-radius:5px;background:var(--card);color:var(--ink);padding:2px 8px;max-width:100%}
select,input{width:100%}button{cursor:pointer}a{color:inherit}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:6px;text-align:left;vertical-align:top}pre{white-space:pre-wrap;overflow-wrap:anywhere}
</style></head><body>{{end}}
{{define "board"}}{{template "head" "Board · pretend Jira"}}
<header><h1>{{.Title}}</h1><p>This is a pretend Jira for trying things out: nothing here is real. Move a card; within a minute Upshot has seen it.</p></header>
<main><div class="board">{{range .Columns}}<section aria-label="{{.Name}}"><h2>{{.Name}} · {{len .Cards}}</h2>
{{range .Cards}}<article data-issue="{{.Key}}"><h3><a href="{{$.Base}}/browse/{{.Key}}">{{.Key}}</a> {{.Summary}}</h3>
<p class="meta">{{.Priority}}{{if .Sprint}} · {{.Sprint}}{{end}}{{if .Resolution}} · {{.Resolution}}{{end}}</p>
<form method="post" action="{{$.Base}}/board/{{.Key}}"><label><span class="vh">Move {{.Key}} to</span><select name="status">{{range $.Statuses}}<option>{{.}}</option>{{end}}</select></label><button>Move</button></form>
<form method="post" action="{{$.Base}}/board/{{.Key}}"><label><span class="vh">Priority of {{.Key}}</span><select name="priority">{{range $.Priorities}}<option>{{.}}</option>{{end}}</select></label><button>Set</button></form>
{{if $.Sprints}}<form method="post" action="{{$.Base}}/board/{{.Key}}"><label><span class="vh">Sprint of {{.Key}}</span><select name="sprint">{{range $.Sprints}}<option value="{{.ID}}">{{.Name}}</option>{{end}}</select></label><button>Plan</button></form>{{end}}
</article>{{else}}<p class="meta">Nothing here.</p>{{end}}</section>{{end}}</div></main></body></html>{{end}}
{{define "issue"}}{{template "head" .Key}}
<header><h1>{{.Key}} {{.Summary}}</h1><p><a href="{{.Base}}/board">Board</a> · {{.Status}} · {{.Priority}}{{if .Resolution}} · {{.Resolution}}{{end}} · pretend Jira, nothing here is real</p></header>
<main><p class="meta">Labels: {{range .Labels}}{{.}} {{else}}none{{end}}</p><pre>{{.Description}}</pre>
<h2>Comments</h2>{{range .Comments}}<article><pre>{{.}}</pre></article>{{else}}<p class="meta">None.</p>{{end}}
<form method="post" action="{{.Base}}/board/{{.Key}}"><label><span class="vh">Comment</span><input name="comment" required></label><button>Comment</button></form>
<h2>Links</h2>{{range .Links}}<p><a href="{{.URL}}">{{.Title}}</a></p>{{else}}<p class="meta">None.</p>{{end}}
<h2>History</h2><table><tr><th scope="col">When (UTC)</th><th scope="col">What</th></tr>{{range .History}}<tr><td>{{.At}}</td><td>{{.What}}</td></tr>{{end}}</table></main></body></html>{{end}}`))

type card struct{ Key, Summary, Priority, Sprint, Resolution string }

type column struct {
	Name  string
	Cards []card
}

func (s *Server) servePages(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	key, onBoard := strings.CutPrefix(path, "/board/")
	switch {
	case onBoard && r.Method == http.MethodPost:
		if cross := http.NewCrossOriginProtection().Check(r); cross != nil {
			http.Error(w, cross.Error(), http.StatusForbidden)
			return
		}
		s.byHand(r, key)
		to := s.options.Path + "/board"
		if r.FormValue("comment") != "" {
			to = s.options.Path + "/browse/" + key
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	case strings.HasPrefix(path, "/browse/"):
		s.showPage(w, r, strings.TrimPrefix(path, "/browse/"))
	case path == "" || path == "/":
		http.Redirect(w, r, s.options.Path+"/board", http.StatusSeeOther)
	case path == "/board":
		s.mu.Lock()
		page := s.board()
		s.mu.Unlock()
		_ = pages.ExecuteTemplate(w, "board", page)
	default:
		http.NotFound(w, r)
	}
}

// byHand does what a form of the board says.
func (s *Server) byHand(r *http.Request, key string) {
	sprint, _ := strconv.Atoi(r.FormValue("sprint"))
	if m := (Move{Status: r.FormValue("status"), Priority: r.FormValue("priority"), Sprint: sprint}); m != (Move{}) {
		s.Move(key, m)
	}
	if comment := r.FormValue("comment"); comment != "" {
		s.Say(key, comment)
	}
}

type boardPage struct {
	Base, Title          string
	Columns              []column
	Statuses, Priorities []string
	Sprints              []*Sprint
}

func (s *Server) board() boardPage {
	p := boardPage{Base: s.options.Path, Title: "Pretend Jira: the board"}
	at := map[string]int{}
	for _, st := range s.statuses {
		if !st.Deleted {
			at[st.ID] = len(p.Columns)
			p.Columns = append(p.Columns, column{Name: st.Name})
			p.Statuses = append(p.Statuses, st.Name)
		}
	}
	for _, n := range s.priorities {
		p.Priorities = append(p.Priorities, n.Name)
	}
	for _, sp := range s.sprints {
		if sp.State != "closed" {
			p.Sprints = append(p.Sprints, sp)
		}
	}
	for _, i := range slices.Backward(s.sorted()) {
		n, is := at[i.Status]
		if !is {
			continue
		}
		c := card{Key: i.Key, Summary: i.Summary, Priority: nameOf(s.priorities, i.Priority), Resolution: nameOf(s.resolved, i.Resolution)}
		if len(i.Sprints) > 0 {
			c.Sprint = s.sprintNames(i.Sprints[len(i.Sprints)-1:])
		}
		p.Columns[n].Cards = append(p.Columns[n].Cards, c)
	}
	return p
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	i := s.find(key)
	if i == nil {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	type change struct{ At, What string }
	page := struct {
		Base, Key, Summary, Status, Priority, Resolution, Description string
		Labels, Comments                                              []string
		Links                                                         []RemoteLink
		History                                                       []change
	}{
		Base: s.options.Path, Key: i.Key, Summary: i.Summary, Status: s.status(i.Status).Name, Priority: nameOf(s.priorities, i.Priority),
		Resolution: nameOf(s.resolved, i.Resolution), Description: i.Description, Labels: i.Labels, Links: slices.Clone(i.Links),
	}
	for _, c := range i.Comments {
		page.Comments = append(page.Comments, c.Body)
	}
	for _, c := range slices.Backward(i.Changes) {
		for _, it := range c.Items {
			page.History = append(page.History, change{c.At.Format("2006-01-02 15:04"), it.Field + ": " + first(it.FromText, "none") + " → " + first(it.ToText, "none")})
		}
	}
	s.mu.Unlock()
	_ = pages.ExecuteTemplate(w, "issue", page)
}
