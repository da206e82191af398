package jiratest

import "time"

// past is how an issue was until a write.
type past struct {
	until time.Time
	was   Issue
}

// writing is called before an issue changes: a search that lags goes on telling of it as it was. Reading by id does not.
func (s *Server) writing(i *Issue) {
	if s.faults.SearchLag <= 0 {
		return
	}
	now := s.now()
	for len(i.earlier) > 0 && now.Sub(i.earlier[0].until) >= s.faults.SearchLag {
		i.earlier = i.earlier[1:]
	}
	if n := len(i.earlier); n > 0 && i.earlier[n-1].until.Equal(now) {
		return // one request writes several things
	}
	i.earlier = append(i.earlier, past{until: now, was: i.clone()})
}

// seen is what a search knows of an issue.
func (s *Server) seen(i *Issue) *Issue {
	if s.faults.SearchLag <= 0 {
		return i
	}
	now := s.now()
	for n := range i.earlier {
		if now.Sub(i.earlier[n].until) < s.faults.SearchLag {
			return &i.earlier[n].was
		}
	}
	return i
}

// searchable tells whether a search knows the issue at all.
func (s *Server) searchable(i *Issue) bool {
	p := s.projects[i.Project]
	if i.Hidden || p == nil || p.Archived || p.denies("BROWSE_PROJECTS") {
		return false
	}
	return s.faults.SearchLag <= 0 || s.now().Sub(i.Created) >= s.faults.SearchLag
}
