package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// Their fields, our words.

// moment is a moment as Jira writes it: 2026-11-27T13:00:00.000+0000, other zones, RFC 3339, or the milliseconds since 1970 as
// a number (changelog/bulkfetch); numbers too small for milliseconds of our days are seconds.
type moment struct{ time.Time }

var shapes = []string{"2006-01-02T15:04:05.999999999Z0700", time.RFC3339Nano, "2006-01-02T15:04:05.999999999"}

// UnmarshalJSON reads any of them; null is the zero moment.
func (m *moment) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || string(b) == "null" {
		return nil
	}
	if b[0] != '"' {
		n, err := strconv.ParseFloat(string(b), 64)
		if err != nil {
			return fmt.Errorf("%s is no moment", b)
		}
		m.Time = sinceEpoch(n)
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == "" {
		return nil
	}
	for _, shape := range shapes {
		if at, err := time.Parse(shape, s); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		m.Time = sinceEpoch(n)
		return nil
	}
	return fmt.Errorf("%q is no moment", s)
}

// firstMillis is 1973 in milliseconds, and far in the future in seconds.
const firstMillis = 1e11

func sinceEpoch(n float64) time.Time {
	if math.IsNaN(n) || n < 0 || n > firstMillis*1000 { // before 1970, beyond the year 5000, or no number: no moment of ours
		return time.Time{}
	}
	if n < firstMillis {
		n *= 1000
	}
	return time.UnixMilli(int64(n)).UTC()
}

// id is an id that Jira sends as a string or as a number.
type id string

// UnmarshalJSON takes both.
func (i *id) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*i = id(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("%s is no id", b)
	}
	*i = id(n.String())
	return nil
}

type namedJSON struct {
	ID   id     `json:"id"`
	Name string `json:"name"`
}

func (n *namedJSON) named() ticket.Named {
	if n == nil {
		return ticket.Named{}
	}
	return ticket.Named{ID: string(n.ID), Name: n.Name}
}

type statusJSON struct {
	namedJSON
	Category struct {
		Key string `json:"key"`
	} `json:"statusCategory"`
}

func (s statusJSON) status() ticket.Status {
	return ticket.Status{Named: s.named(), Category: categoryOf(s.Category.Key)}
}

// categoryOf is Jira's key of a status category in our words.
func categoryOf(key string) ticket.Category {
	switch key {
	case "new":
		return ticket.ToDo
	case "indeterminate":
		return ticket.InProgress
	case "done":
		return ticket.Done
	}
	return ticket.Unknown
}

type personJSON struct {
	AccountID   string `json:"accountId"`
	Name        string `json:"name"`
	Key         string `json:"key"`
	DisplayName string `json:"displayName"`
}

func (p *personJSON) person() ticket.Person {
	if p == nil {
		return ticket.Person{}
	}
	who := ticket.Person{ID: p.AccountID, Name: p.DisplayName}
	if who.ID == "" {
		who.ID = p.Name
	}
	if who.Name == "" {
		who.Name = who.ID
	}
	return who
}

type commentJSON struct {
	ID      id          `json:"id"`
	Author  *personJSON `json:"author"`
	Body    any         `json:"body"` // a string in version 2
	Created moment      `json:"created"`
	Updated moment      `json:"updated"`
}

func (c commentJSON) comment() jirasync.Comment {
	return jirasync.Comment{ID: string(c.ID), Author: c.Author.person(), Body: text(c.Body), At: c.Created.Time, UpdatedAt: c.Updated.Time}
}

func commentsOf(all []commentJSON) []jirasync.Comment {
	comments := make([]jirasync.Comment, len(all))
	for n, c := range all {
		comments[n] = c.comment()
	}
	return comments
}

type changeJSON struct {
	ID      id          `json:"id"`
	Author  *personJSON `json:"author"`
	Created moment      `json:"created"`
	Items   []struct {
		Field    string `json:"field"`
		FieldID  string `json:"fieldId"`
		From     any    `json:"from"`
		FromText any    `json:"fromString"`
		To       any    `json:"to"`
		ToText   any    `json:"toString"`
	} `json:"items"`
}

func (c changeJSON) change() ticket.Change {
	change := ticket.Change{ID: string(c.ID), At: c.Created.Time, Author: c.Author.person()}
	for _, i := range c.Items {
		change.Items = append(change.Items, ticket.ChangeItem{
			Field: i.Field, FieldID: i.FieldID, From: text(i.From), FromText: text(i.FromText), To: text(i.To), ToText: text(i.ToText),
		})
	}
	return change
}

func changesOf(all []changeJSON) []ticket.Change {
	changes := make([]ticket.Change, len(all))
	for n, c := range all {
		changes[n] = c.change()
	}
	return changes
}

type issueJSON struct {
	ID        id                         `json:"id"`
	Key       string                     `json:"key"`
	Fields    map[string]json.RawMessage `json:"fields"`
	Changelog *struct {
		Total     int          `json:"total"`
		Histories []changeJSON `json:"histories"`
	} `json:"changelog"`
	Properties map[string]struct {
		Mark string `json:"mark"`
	} `json:"properties"`
}

// fieldsRead are the fields that every read names; the Sprint field and the epic's are added where the site has them.
var fieldsRead = []string{
	"summary", "status", "priority", "assignee", "labels", "duedate", "project", "issuetype", "resolution", "created", "updated",
	"statuscategorychangedate", "parent", "comment",
}

func (c *Client) fieldsRead() []string {
	fields := slices.Clone(fieldsRead)
	custom := c.fieldIDs()
	for _, f := range []string{custom.Sprint, custom.EpicLink} {
		if f != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// issue is an issue in our words. What cannot be read of an unknown shape stays empty; what identifies it must be there.
func (c *Client) issue(j issueJSON) (jirasync.Issue, error) {
	var i jirasync.Issue
	var status statusJSON
	var priority, resolution, kind *namedJSON
	var assignee *personJSON
	var project, parent struct {
		Key string `json:"key"`
	}
	var created, updated, categoryChanged moment
	var comments struct {
		Comments []commentJSON `json:"comments"`
	}
	for name, into := range map[string]any{
		"summary": &i.Summary, "status": &status, "priority": &priority, "assignee": &assignee, "labels": &i.Labels, "duedate": &i.DueOn,
		"project": &project, "issuetype": &kind, "resolution": &resolution, "created": &created, "updated": &updated,
		"statuscategorychangedate": &categoryChanged, "parent": &parent, "comment": &comments,
	} {
		raw, there := j.Fields[name]
		if !there || string(raw) == "null" {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return i, fmt.Errorf("field %s of %s: %w", name, j.Key, err)
		}
	}
	if j.ID == "" || j.Key == "" || updated.IsZero() || created.IsZero() {
		return i, fmt.Errorf("issue %q has no id, key, created or updated", j.Key)
	}
	i.IssueID, i.Key, i.Project, i.Type = string(j.ID), j.Key, project.Key, kind.named().Name
	if i.Project == "" {
		i.Project, _, _ = strings.Cut(j.Key, "-")
	}
	i.Status, i.Category = status.named(), status.status().Category
	i.Priority, i.Resolution, i.Assignee, i.Parent = priority.named(), resolution.named(), assignee.person(), parent.Key
	i.CreatedAt, i.UpdatedAt, i.CategoryChangedAt = created.Time, updated.Time, categoryChanged.Time
	custom := c.fieldIDs()
	if f := custom.Sprint; f != "" {
		i.Sprints = sprints(j.Fields[f])
	}
	if f := custom.EpicLink; f != "" && i.Parent == "" {
		var epic string
		if json.Unmarshal(j.Fields[f], &epic) == nil {
			i.Parent = epic
		}
	}
	i.Comments = commentsOf(comments.Comments)
	if j.Changelog != nil {
		i.Changes, i.HasChanges = changesOf(j.Changelog.Histories), true
		i.Partial = j.Changelog.Total > len(j.Changelog.Histories)
	}
	i.Property = j.Properties[property].Mark
	return i, nil
}

func (c *Client) issues(all []issueJSON) ([]jirasync.Issue, error) {
	issues := make([]jirasync.Issue, len(all))
	for n, j := range all {
		var err error
		if issues[n], err = c.issue(j); err != nil {
			return nil, &jirasync.Trouble{Kind: jirasync.Temporary, Call: "GET issue", Said: "An issue could not be read.", Cause: err}
		}
	}
	return issues, nil
}

type sprintJSON struct {
	ID        id     `json:"id"`
	Name      string `json:"name"`
	State     string `json:"state"`
	StartDate moment `json:"startDate"`
}

func (s sprintJSON) sprint() ticket.Sprint {
	return ticket.Sprint{ID: string(s.ID), Name: s.Name, State: ticket.SprintState(strings.ToLower(s.State)), StartedAt: s.StartDate.Time}
}

// sprints reads the Sprint field: a list of objects, or of the words that Data Center prints.
func sprints(raw json.RawMessage) []ticket.Sprint {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	var all []ticket.Sprint
	for _, item := range items {
		var words string
		if json.Unmarshal(item, &words) == nil {
			if s, ok := SprintOf(words); ok {
				all = append(all, s)
			}
			continue
		}
		var s sprintJSON
		if json.Unmarshal(item, &s) == nil && s.ID != "" {
			all = append(all, s.sprint())
		}
	}
	return all
}

// sprintKeys are the members that Data Center prints of a sprint. Names and goals may hold commas, brackets and what looks like
// a member, so a member ends only where one of these begins.
var sprintKeys = []string{"activatedDate", "autoStartStop", "completeDate", "endDate", "goal", "id", "incompleteIssuesDestinationId", "name", "rapidViewId", "sequence", "startDate", "state", "synced"}

// SprintOf reads a sprint as Data Center prints it: …Sprint@1f[id=3,rapidViewId=1,state=ACTIVE,name=…,startDate=…].
func SprintOf(words string) (ticket.Sprint, bool) {
	_, inside, found := strings.Cut(words, "[")
	if !found || !strings.HasSuffix(inside, "]") {
		return ticket.Sprint{}, false
	}
	inside = inside[:len(inside)-1]
	members := map[string]string{}
	for inside != "" {
		key, rest, is := strings.Cut(inside, "=")
		if !is {
			break
		}
		end := len(rest)
		for _, next := range sprintKeys {
			if _, seen := members[next]; seen || next == key {
				continue
			}
			if at := strings.Index(rest, ","+next+"="); at >= 0 && at < end {
				end = at
			}
		}
		members[key] = rest[:end]
		inside = strings.TrimPrefix(rest[end:], ",")
	}
	s := ticket.Sprint{ID: members["id"], Name: members["name"], State: ticket.SprintState(strings.ToLower(members["state"]))}
	var at moment
	if began := members["startDate"]; began != "<null>" && began != "" {
		if at.UnmarshalJSON([]byte(strconv.Quote(began))) == nil {
			s.StartedAt = at.Time
		}
	}
	return s, s.ID != ""
}
