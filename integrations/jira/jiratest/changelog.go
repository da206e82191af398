package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// history is Cloud's whole history of one issue, by pages.
func (s *Server) history(c call, i *Issue) answer {
	return ok(s.paged(c, "values", len(i.Changes), func(n int) any { return s.changeJSON(i.Changes[n], false) }))
}

const (
	issuesMost    = 1000
	fieldsMost    = 10
	historiesMost = 10_000
	searchCut     = 40 // histories of an issue that come with a search of Cloud
	issueCut      = 100
)

// bulkHistories is Cloud's call for the histories of many issues, by pages that may begin within an issue.
func (s *Server) bulkHistories(c call) answer {
	names, fields := c.list("issueIdsOrKeys"), c.list("fieldIds")
	switch {
	case len(names) == 0:
		return refused(http.StatusBadRequest, "No issue IDs or keys were provided.", nil)
	case len(names) > issuesMost:
		return refused(http.StatusBadRequest, fmt.Sprintf("The number of issues requested exceeds the limit of %d.", issuesMost), nil)
	case len(fields) > fieldsMost:
		return refused(http.StatusBadRequest, fmt.Sprintf("The number of fields requested exceeds the limit of %d.", fieldsMost), nil)
	}
	most := min(max(1, c.number("maxResults", 1000)), historiesMost)
	at := pageToken{}
	if token := c.text("nextPageToken"); token != "" {
		was, known := s.tokens[token]
		if !known || s.faults.StaleTokens {
			return refused(http.StatusBadRequest, badToken, nil)
		}
		at = was
	}
	logs := []any{}
	n := 0
	for _, name := range names {
		i := s.visible(name)
		if i == nil {
			if s.faults.UnknownRefused {
				return refused(http.StatusBadRequest, fmt.Sprintf("Issue '%s' does not exist or you do not have permission to see it.", name), nil)
			}
			continue
		}
		some := []any{}
		for _, change := range i.Changes {
			if len(fields) > 0 {
				change.Items = slices.DeleteFunc(slices.Clone(change.Items), func(it Item) bool { return !slices.Contains(fields, s.filedUnder(it)) })
			}
			if len(change.Items) == 0 {
				continue
			}
			if n >= at.start && n < at.start+most {
				some = append(some, s.changeJSON(change, !s.faults.TextMoments))
			}
			n++
		}
		if len(some) > 0 {
			logs = append(logs, object{"issueId": i.ID, "changeHistories": some})
		}
	}
	j := object{"issueChangeLogs": logs}
	if n > at.start+most {
		j["nextPageToken"] = s.token(pageToken{start: at.start + most})
	}
	return ok(j)
}

// filedUnder is the field id by which an item is asked for. Whether Key and the like have one, nobody knows for sure.
func (s *Server) filedUnder(it Item) string {
	if it.FieldID == "" && s.faults.KeyIsField {
		return it.Field
	}
	return it.FieldID
}

// expanded is the history that comes with an issue: cut without a word on Cloud, newest first there.
func (s *Server) expanded(i *Issue, search bool) object {
	changes := slices.Clone(i.Changes)
	most := len(changes)
	switch {
	case s.cloud() && search:
		most = min(most, searchCut)
	case s.cloud():
		most = min(most, issueCut)
	case s.faults.HistoryMax > 0:
		most = min(most, s.faults.HistoryMax)
	}
	if s.cloud() {
		slices.Reverse(changes)
	}
	list := []any{}
	for _, change := range changes[:most] {
		list = append(list, s.changeJSON(change, false))
	}
	return object{"startAt": 0, "maxResults": most, "total": len(changes), "histories": list}
}

func (s *Server) changeJSON(c Change, asNumber bool) object {
	items := []any{}
	for _, it := range c.Items {
		items = append(items, s.itemJSON(it))
	}
	j := object{"id": strconv.Itoa(c.ID), "author": s.userJSON(c.Author), "created": stamp(c.At), "items": items}
	if asNumber {
		j["created"] = c.At.UnixMilli()
	}
	if c.Metadata != nil {
		j["historyMetadata"] = c.Metadata
	}
	return j
}

func (s *Server) itemJSON(it Item) object {
	j := object{"field": it.Field, "fieldtype": "jira"}
	for name, value := range map[string]string{"from": it.From, "fromString": it.FromText, "to": it.To, "toString": it.ToText} {
		if value != "" {
			j[name] = value
		} else if s.faults.Nulls || s.cloud() {
			j[name] = nil
		}
	}
	if _, custom := customNumber(it.FieldID); custom {
		j["fieldtype"] = "custom"
	}
	if s.cloud() && it.FieldID != "" {
		j["fieldId"] = it.FieldID
	}
	return j
}
