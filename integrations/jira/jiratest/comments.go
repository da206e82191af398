package jiratest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// comment is the comment of that number; nil: there is none.
func (i *Issue) comment(id string) *Comment {
	for n := range i.Comments {
		if strconv.Itoa(i.Comments[n].ID) == id {
			return &i.Comments[n]
		}
	}
	return nil
}

func (s *Server) comments(c call, i *Issue) answer {
	all := slices.Clone(i.Comments)
	if c.text("orderBy") == "-created" {
		slices.Reverse(all)
	}
	start, most := max(0, c.number("startAt", 0)), max(1, c.number("maxResults", 50))
	if s.cloud() {
		most = min(most, 100)
	}
	page := all[min(start, len(all)):min(len(all), start+most)]
	return ok(object{"startAt": start, "maxResults": most, "total": len(all), "comments": s.commentsJSON(i, page)})
}

func (s *Server) addComment(c call, i *Issue) answer {
	for _, readOnly := range []string{"author", "updateAuthor", "id", "created", "updated", "self"} {
		if _, given := c.body[readOnly]; given {
			return refused(http.StatusBadRequest, badPayload, nil)
		}
	}
	if refusal := s.mayWrite(i, "ADD_COMMENTS", "You do not have the permission to comment on this issue."); refusal != nil {
		return *refusal
	}
	if refusal := wrongBody(c.text("body")); refusal != nil {
		return *refusal
	}
	by := s.id(s.Robot())
	added := s.comment(i, by, c.text("body"), s.now())
	c.e.Effect, c.e.Comment = "commented", added.ID
	s.tell("comment_created", i, by)
	return answer{status: http.StatusCreated, body: s.commentJSON(i, *added)}
}

func (s *Server) editComment(c call, i *Issue, id string) answer {
	found := i.comment(id)
	if found == nil {
		return absent("Can not find a comment for the id: " + id + ".")
	}
	if refusal := s.mayWrite(i, "ADD_COMMENTS", "You do not have the permission to edit this comment."); refusal != nil {
		return *refusal
	}
	if refusal := wrongBody(c.text("body")); refusal != nil {
		return *refusal
	}
	s.reword(i, Comment{ID: found.ID, Body: c.text("body")}, s.id(s.Robot()))
	c.e.Effect, c.e.Comment = "comment edited", found.ID
	return ok(s.commentJSON(i, *found))
}

func wrongBody(body string) *answer {
	var a answer
	switch {
	case strings.TrimSpace(body) == "":
		a = wrongField("comment", "Comment body can not be empty!")
	case utf8.RuneCountInString(body) > textMost:
		a = wrongField("comment", tooLong)
	default:
		return nil
	}
	return &a
}

// reword gives a comment other words.
func (s *Server) reword(i *Issue, to Comment, by string) {
	s.writing(i)
	found := i.comment(strconv.Itoa(to.ID))
	found.Body, found.Updated = to.Body, s.now()
	i.touch(s.now())
	s.tell("comment_updated", i, by)
}
