package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// Server asks what the site is.
func (c *Client) Server(ctx context.Context) (jirasync.Server, error) {
	var a struct {
		DeploymentType string `json:"deploymentType"`
		Version        string `json:"version"`
		ServerTitle    string `json:"serverTitle"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "serverInfo"}, &a); err != nil {
		return jirasync.Server{}, err
	}
	s := jirasync.Server{Flavour: jirasync.DataCenter, Version: a.Version, Title: a.ServerTitle}
	if strings.EqualFold(a.DeploymentType, "cloud") {
		s.Flavour = jirasync.Cloud
	}
	c.mu.Lock()
	c.flavour = s.Flavour
	c.mu.Unlock()
	return s, nil
}

// Myself asks whose login this is.
func (c *Client) Myself(ctx context.Context) (jirasync.Account, error) {
	var a struct {
		personJSON
		TimeZone string `json:"timeZone"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "myself"}, &a); err != nil {
		return jirasync.Account{}, err
	}
	return jirasync.Account{Person: a.person(), Zone: a.TimeZone}, nil
}

// FieldIDs finds custom fields by what they are, never by their names.
func (c *Client) FieldIDs(ctx context.Context) (jirasync.FieldIDs, error) {
	var all []struct {
		ID     string `json:"id"`
		Schema struct {
			Custom string `json:"custom"`
		} `json:"schema"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "field"}, &all); err != nil {
		return jirasync.FieldIDs{}, err
	}
	var ids jirasync.FieldIDs
	for _, f := range all {
		switch f.Schema.Custom {
		case "com.pyxis.greenhopper.jira:gh-sprint":
			ids.Sprint = f.ID
		case "com.pyxis.greenhopper.jira:gh-epic-link":
			ids.EpicLink = f.ID
		}
	}
	c.mu.Lock()
	c.fields = ids
	c.mu.Unlock()
	return ids, nil
}

// Statuses gives the site's list of statuses.
func (c *Client) Statuses(ctx context.Context) ([]ticket.Status, error) {
	var all []statusJSON
	if err := c.call(ctx, request{method: http.MethodGet, path: "status"}, &all); err != nil {
		return nil, err
	}
	statuses := make([]ticket.Status, len(all))
	for n, s := range all {
		statuses[n] = s.status()
		statuses[n].Known = true
	}
	return statuses, nil
}

// Priorities gives the site's priorities, highest first.
func (c *Client) Priorities(ctx context.Context) ([]ticket.Named, error) {
	return c.names(ctx, "priority")
}

// Resolutions gives the site's resolutions.
func (c *Client) Resolutions(ctx context.Context) ([]ticket.Named, error) {
	return c.names(ctx, "resolution")
}

// names reads a list of names. Cloud has marked it as old, and gives it whole; its searches say the same in pages.
func (c *Client) names(ctx context.Context, of string) ([]ticket.Named, error) {
	var all []namedJSON
	if err := c.call(ctx, request{method: http.MethodGet, path: of}, &all); err != nil {
		return nil, err
	}
	names := make([]ticket.Named, len(all))
	for n := range all {
		names[n] = all[n].named()
	}
	return names, nil
}

// metaPageSize is how much of what creating an issue takes one page is asked for.
const metaPageSize = 50

// pagesMax bounds every walk over pages: more is trouble, never taken for the end.
const pagesMax = 1000

// pages walks pages by their start until one is empty or the last.
func pages(page func(start int) (n int, last bool, err error)) error {
	start := 0
	for range pagesMax {
		n, last, err := page(start)
		if err != nil || last || n == 0 {
			return err
		}
		start += n
	}
	return &jirasync.Trouble{Kind: jirasync.Temporary, Said: fmt.Sprintf("After %d pages there was no end.", pagesMax)}
}

func absent(err error) bool {
	var t *jirasync.Trouble
	return errors.As(err, &t) && t.Kind == jirasync.Absent
}

// noSuchCall tells whether the site does not have a call at all.
func noSuchCall(err error) bool {
	var t *jirasync.Trouble
	return errors.As(err, &t) && (t.Status == http.StatusNotFound || t.Status == http.StatusMethodNotAllowed || t.Status == http.StatusGone)
}

// refused400 tells whether Jira understood a call and refused it: as a query is that names an issue which is not there.
func refused400(err error) bool {
	var t *jirasync.Trouble
	return errors.As(err, &t) && t.Kind == jirasync.Refused && t.Status == http.StatusBadRequest
}

// withoutList is trouble with an answer that lacks the list it is about. Taken for an empty one, it would say that nothing is there.
func withoutList(operation string) error {
	return &jirasync.Trouble{Kind: jirasync.Temporary, Call: operation, Said: "The answer names no issues at all: it is not what Jira sends."}
}

var (
	keyPattern     = jirasync.KeyPattern
	numberPattern  = regexp.MustCompile(`^[0-9]{1,19}$`)
	projectPattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
)

// named checks what goes into a path: whatever is no key and no number could lead out of the API.
func named(keyOrID string) (string, error) {
	if keyPattern.MatchString(keyOrID) || numberPattern.MatchString(keyOrID) {
		return keyOrID, nil
	}
	return "", &jirasync.Trouble{Kind: jirasync.Absent, Said: fmt.Sprintf("%q is neither an issue’s key nor its number.", short(keyOrID))}
}

// May tells what the login may do in a project.
func (c *Client) May(ctx context.Context, project string) (jirasync.Permissions, error) {
	if !projectPattern.MatchString(project) {
		return jirasync.Permissions{}, &jirasync.Trouble{Kind: jirasync.Absent, Said: fmt.Sprintf("%q is no key of a project.", short(project))}
	}
	query := url.Values{"projectKey": {project}}
	cloud, err := c.cloud(ctx)
	if err != nil {
		return jirasync.Permissions{}, err
	}
	if cloud { // Data Center gives all of them, and knows no such parameter
		query.Set("permissions", "BROWSE_PROJECTS,CREATE_ISSUES,EDIT_ISSUES,ADD_COMMENTS,LINK_ISSUES,TRANSITION_ISSUES,ASSIGN_ISSUES")
	}
	var a struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "mypermissions", query: query}, &a); err != nil {
		return jirasync.Permissions{}, err
	}
	has := func(name string) bool { return a.Permissions[name].Have }
	return jirasync.Permissions{
		Browse: has("BROWSE_PROJECTS"), Create: has("CREATE_ISSUES"), Edit: has("EDIT_ISSUES"), Comment: has("ADD_COMMENTS"),
		Link: has("LINK_ISSUES"), Transition: has("TRANSITION_ISSUES"), Assign: has("ASSIGN_ISSUES"),
	}, nil
}

// metaPage is one page of what creating an issue takes. Cloud names the list by what is in it, Data Center does not.
type metaPage[T any] struct {
	Values     []T  `json:"values"`
	IssueTypes []T  `json:"issueTypes"`
	Fields     []T  `json:"fields"`
	IsLast     bool `json:"isLast"`
	Total      int  `json:"total"`
	StartAt    int  `json:"startAt"`
}

func meta[T any](ctx context.Context, c *Client, path, operation string) ([]T, error) {
	var all []T
	err := pages(func(start int) (int, bool, error) {
		var p metaPage[T]
		err := c.call(ctx, request{
			method: http.MethodGet, path: path, operation: operation,
			query: url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(metaPageSize)}},
		}, &p)
		page := slices.Concat(p.Values, p.IssueTypes, p.Fields)
		all = append(all, page...)
		return len(page), p.IsLast || p.Total > 0 && len(all) >= p.Total, err
	})
	return all, err
}

// Types lists the issue types of a project that are no sub-tasks.
func (c *Client) Types(ctx context.Context, project string) ([]ticket.Named, error) {
	if !projectPattern.MatchString(project) {
		return nil, &jirasync.Trouble{Kind: jirasync.Absent, Said: fmt.Sprintf("%q is no key of a project.", short(project))}
	}
	all, err := meta[struct {
		namedJSON
		Subtask bool `json:"subtask"`
	}](ctx, c, "issue/createmeta/"+project+"/issuetypes", "GET createmeta types")
	if err != nil {
		return nil, err
	}
	var types []ticket.Named
	for _, t := range all {
		if !t.Subtask {
			types = append(types, t.named())
		}
	}
	return types, nil
}

// Inputs lists the fields that creating an issue of a type takes.
func (c *Client) Inputs(ctx context.Context, project, issueType string) ([]jirasync.Input, error) {
	if !projectPattern.MatchString(project) || !numberPattern.MatchString(issueType) {
		return nil, &jirasync.Trouble{Kind: jirasync.Absent, Said: "There is no such project or issue type."}
	}
	all, err := meta[struct {
		FieldID    string `json:"fieldId"`
		Key        string `json:"key"`
		Name       string `json:"name"`
		Required   bool   `json:"required"`
		HasDefault bool   `json:"hasDefaultValue"`
		Schema     struct {
			Type   string `json:"type"`
			Items  string `json:"items"`
			System string `json:"system"`
		} `json:"schema"`
		Allowed []struct {
			ID    id     `json:"id"`
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"allowedValues"`
	}](ctx, c, "issue/createmeta/"+project+"/issuetypes/"+issueType, "GET createmeta fields")
	if err != nil {
		return nil, err
	}
	inputs := make([]jirasync.Input, len(all))
	for n, f := range all {
		in := jirasync.Input{ID: f.FieldID, Name: f.Name, Required: f.Required && !f.HasDefault, Kind: kindOf(f.Schema.Type, f.Schema.Items, len(f.Allowed) > 0)}
		if in.ID == "" {
			in.ID = f.Key
		}
		for _, a := range f.Allowed {
			name := a.Name
			if name == "" {
				name = a.Value
			}
			in.Allowed = append(in.Allowed, ticket.Named{ID: string(a.ID), Name: name})
		}
		inputs[n] = in
	}
	return inputs, nil
}

// kindOf says how a value of a field is written.
func kindOf(kind, items string, listed bool) string {
	switch {
	case kind == "array" && listed:
		return "options"
	case listed:
		return "option"
	case kind == "string":
		return "text"
	case kind == "number", kind == "date", kind == "user":
		return kind
	case kind == "array" && items == "string":
		return "words"
	}
	return "other"
}

// quoted is a value inside a query.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func list(values []string) string {
	all := make([]string, len(values))
	for n, v := range values {
		all[n] = quoted(v)
	}
	return strings.Join(all, ", ")
}

// jql is a query for what changed. Moments go out as milliseconds since 1970: Jira reads anything else in the zone of the
// account, to the minute.
func jql(q jirasync.Query) string {
	var which []string
	if q.Label != "" {
		which = append(which, "labels = "+quoted(q.Label))
	}
	if len(q.IDs) > 0 {
		which = append(which, "id in ("+strings.Join(q.IDs, ", ")+")")
	}
	said := strings.Join(which, " OR ")
	if len(which) > 1 {
		said = "(" + said + ")"
	}
	if !q.Since.IsZero() {
		said += " AND updated >= " + strconv.FormatInt(q.Since.UnixMilli(), 10)
	}
	return said + " ORDER BY updated ASC, id ASC"
}

// Changed walks the issues of a search, in order of their last change.
func (c *Client) Changed(ctx context.Context, q jirasync.Query, page func([]jirasync.Issue) error) error {
	begun := false
	err := c.search(ctx, searching{jql: jql(q), fields: c.fieldsRead(), histories: true}, func(issues []jirasync.Issue) error {
		begun = true
		return page(issues)
	})
	if begun || len(q.IDs) == 0 || !refused400(err) {
		return err
	}
	// Some Jiras refuse a whole query for one issue that is gone: those that are there are asked for once more.
	there := q
	there.IDs = nil
	for some := range slices.Chunk(q.IDs, jirasync.IssuesAtOnce) {
		found, _, err := c.Issues(ctx, some)
		if err != nil {
			return err
		}
		for _, i := range found {
			there.IDs = append(there.IDs, i.IssueID)
		}
	}
	switch {
	case len(there.IDs) == len(q.IDs): // it was refused for something else
		return err
	case there.Label == "" && len(there.IDs) == 0:
		return nil
	}
	return c.search(ctx, searching{jql: jql(there), fields: c.fieldsRead(), histories: true}, page)
}

// searchPage is how many issues a page of a search is asked for.
const searchPage = 100

// searching is what a search is asked for.
type searching struct {
	jql    string
	fields []string
	// histories come along where the flavour gives them whole.
	histories bool
	// strict: a query that names what is not there is refused. Otherwise one such issue must not fail the others.
	strict bool
	most   int // issues on a page; 0: searchPage
}

// search walks the pages of a query.
func (c *Client) search(ctx context.Context, q searching, page func([]jirasync.Issue) error) error {
	return c.walk(ctx, q, func(some []issueJSON) error {
		issues, err := c.issues(some)
		if err != nil {
			return err
		}
		return page(issues)
	})
}

func (c *Client) walk(ctx context.Context, q searching, page func([]issueJSON) error) error {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return err
	}
	if q.most == 0 {
		q.most = searchPage
	}
	if cloud {
		return c.walkByToken(ctx, q, page)
	}
	return pages(func(start int) (int, bool, error) {
		body := map[string]any{"jql": q.jql, "startAt": start, "maxResults": q.most, "fields": q.fields, "validateQuery": q.strict}
		if q.histories {
			body["expand"] = []string{"changelog"}
		}
		var a struct {
			Issues []issueJSON `json:"issues"`
			Total  *int        `json:"total"`
		}
		if err := c.call(ctx, request{method: http.MethodPost, path: "search", body: body}, &a); err != nil {
			return 0, false, err
		}
		if a.Issues == nil {
			return 0, false, withoutList("POST search")
		}
		return len(a.Issues), a.Total != nil && start+len(a.Issues) >= *a.Total, page(a.Issues)
	})
}

// walkByToken walks pages until one comes without a token. An empty page with one is not the end, and a token that comes again
// is trouble.
func (c *Client) walkByToken(ctx context.Context, q searching, page func([]issueJSON) error) error {
	token, seen := "", map[string]bool{}
	for range pagesMax {
		body := map[string]any{"jql": q.jql, "maxResults": q.most, "fields": q.fields}
		if token != "" {
			body["nextPageToken"] = token
		}
		var a struct {
			Issues []issueJSON `json:"issues"`
			Next   string      `json:"nextPageToken"`
		}
		if err := c.call(ctx, request{method: http.MethodPost, path: "search/jql", body: body}, &a); err != nil {
			return err
		}
		if a.Issues == nil {
			return withoutList("POST search/jql")
		}
		if len(a.Issues) > 0 {
			if err := page(a.Issues); err != nil {
				return err
			}
		}
		switch {
		case a.Next == "":
			return nil
		case seen[a.Next]:
			return &jirasync.Trouble{Kind: jirasync.Temporary, Call: "POST search/jql", Said: "Jira gave the same page twice."}
		}
		token = a.Next
		seen[token] = true
	}
	return &jirasync.Trouble{Kind: jirasync.Temporary, Call: "POST search/jql", Said: fmt.Sprintf("After %d pages there was no end.", pagesMax)}
}

// Issues reads issues by their numbers.
func (c *Client) Issues(ctx context.Context, ids []string) (found []jirasync.Issue, missing []string, err error) {
	for _, i := range ids {
		if !numberPattern.MatchString(i) {
			return nil, nil, &jirasync.Trouble{Kind: jirasync.Refused, Said: fmt.Sprintf("%q is no number of an issue.", short(i))}
		}
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, nil, err
	}
	if cloud {
		found, err = c.bulk(ctx, ids)
	}
	if !cloud || noSuchCall(err) { // an older Cloud does not have it
		found, err = c.byNumber(ctx, ids)
	}
	if err != nil {
		return nil, nil, err
	}
	there := map[string]bool{}
	for _, i := range found {
		there[i.IssueID] = true
	}
	for _, i := range ids {
		if !there[i] {
			missing = append(missing, i)
		}
	}
	return found, missing, nil
}

// bulk reads issues with Cloud's call for many, which leaves out those it does not find.
func (c *Client) bulk(ctx context.Context, ids []string) ([]jirasync.Issue, error) {
	var a struct {
		Issues []issueJSON `json:"issues"`
	}
	err := c.call(ctx, request{method: http.MethodPost, path: "issue/bulkfetch", body: map[string]any{"issueIdsOrKeys": ids, "fields": c.fieldsRead()}}, &a)
	if err != nil {
		return nil, err
	}
	if a.Issues == nil {
		return nil, withoutList("POST issue/bulkfetch")
	}
	return c.issues(a.Issues)
}

// byNumber searches issues by their numbers. Where one that is not there has the whole query refused, halves are asked for.
func (c *Client) byNumber(ctx context.Context, ids []string) (found []jirasync.Issue, err error) {
	err = c.search(ctx, searching{jql: "id in (" + strings.Join(ids, ", ") + ") ORDER BY id ASC", fields: c.fieldsRead(), histories: true}, func(page []jirasync.Issue) error {
		found = append(found, page...)
		return nil
	})
	switch {
	case !refused400(err):
		return found, err
	case len(ids) == 1:
		i, err := c.issueOf(ctx, ids[0], true)
		if absent(err) {
			return nil, nil
		}
		return []jirasync.Issue{i}, err
	}
	found = nil
	for half := range slices.Chunk(ids, (len(ids)+1)/2) {
		some, err := c.byNumber(ctx, half)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// historiesPage is how many changes one page of histories is asked for; Jira allows that many.
const historiesPage = 10_000

// Histories reads the whole histories of issues, on Cloud; on Data Center they come along with the issues. Only the fields that
// are read are asked for: links of other programs would be nine tenths of it.
func (c *Client) Histories(ctx context.Context, ids []string) (map[string][]ticket.Change, error) {
	cloud, err := c.cloud(ctx)
	if err != nil || !cloud || len(ids) == 0 {
		return nil, err
	}
	fields := []string{"status", "priority", "assignee", "labels", "resolution"}
	if f := c.fieldIDs().Sprint; f != "" {
		fields = append(fields, f)
	}
	all := make(map[string][]ticket.Change, len(ids))
	for _, i := range ids { // one without changes is not in the answer
		all[i] = nil
	}
	token, seen := "", map[string]bool{}
	for range pagesMax {
		body := map[string]any{"issueIdsOrKeys": ids, "fieldIds": fields, "maxResults": historiesPage}
		if token != "" {
			body["nextPageToken"] = token
		}
		var a struct {
			Logs []struct {
				IssueID   id           `json:"issueId"`
				Histories []changeJSON `json:"changeHistories"`
			} `json:"issueChangeLogs"`
			Next string `json:"nextPageToken"`
		}
		err := c.call(ctx, request{method: http.MethodPost, path: "changelog/bulkfetch", body: body}, &a)
		if noSuchCall(err) {
			return c.historiesOneByOne(ctx, ids)
		}
		if err != nil {
			return nil, err
		}
		for _, l := range a.Logs { // one issue's changes may go on on the next page
			all[string(l.IssueID)] = append(all[string(l.IssueID)], changesOf(l.Histories)...)
		}
		switch {
		case a.Next == "":
			return all, nil
		case seen[a.Next]:
			return nil, &jirasync.Trouble{Kind: jirasync.Temporary, Call: "POST changelog/bulkfetch", Said: "Jira gave the same page twice."}
		}
		token = a.Next
		seen[token] = true
	}
	return nil, &jirasync.Trouble{Kind: jirasync.Temporary, Call: "POST changelog/bulkfetch", Said: fmt.Sprintf("After %d pages there was no end.", pagesMax)}
}

// historiesOneByOne is for a Cloud without the call for many.
func (c *Client) historiesOneByOne(ctx context.Context, ids []string) (map[string][]ticket.Change, error) {
	all := make(map[string][]ticket.Change, len(ids))
	for _, i := range ids {
		err := pages(func(start int) (int, bool, error) {
			var a struct {
				Values []changeJSON `json:"values"`
				IsLast bool         `json:"isLast"`
			}
			err := c.call(ctx, request{
				method: http.MethodGet, path: "issue/" + i + "/changelog", operation: "GET issue changelog",
				query: url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(searchPage)}},
			}, &a)
			all[i] = append(all[i], changesOf(a.Values)...)
			return len(a.Values), a.IsLast, err
		})
		if absent(err) { // it is gone since it was read: its history is not known whole, the others' are
			delete(all, i)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Marked finds the issues that carry any of the labels.
func (c *Client) Marked(ctx context.Context, labels []string) ([]jirasync.Issue, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	var found []jirasync.Issue
	err := c.search(ctx, searching{jql: "labels in (" + list(labels) + ") ORDER BY id ASC", fields: c.fieldsRead()}, func(page []jirasync.Issue) error {
		found = append(found, page...)
		return nil
	})
	return found, err
}

// Find looks for issues a person means. An address of another site means none of this one.
func (c *Client) Find(ctx context.Context, typed, project string, limit int) ([]jirasync.Issue, error) {
	typed = strings.TrimSpace(typed)
	if strings.HasPrefix(typed, "https://") || strings.HasPrefix(typed, "http://") {
		key, ours := c.keyIn(typed)
		if !ours {
			return nil, nil
		}
		typed = key
	}
	if key := strings.ToUpper(typed); keyPattern.MatchString(key) {
		i, err := c.IssueOf(ctx, key)
		if absent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []jirasync.Issue{i}, nil
	}
	// In capitals, AND, OR and NOT would be no words; a search does not tell capitals apart otherwise.
	words := strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return strings.ContainsRune(`"\'+-&|!(){}[]^~*?:/`, r) || r < ' ' })
	said := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	if said == "" {
		return nil, nil
	}
	query := "summary ~ " + quoted(said)
	if projectPattern.MatchString(project) {
		query += " AND project = " + quoted(project)
	}
	var found []jirasync.Issue
	err := c.search(ctx, searching{jql: query + " ORDER BY updated DESC", fields: c.fieldsRead()}, func(page []jirasync.Issue) error {
		if found = append(found, page...); len(found) >= limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found[:min(len(found), limit)], err
}

var errEnough = errors.New("enough was found")

// keyIn is the key in the address of an issue's page on this site.
func (c *Client) keyIn(address string) (key string, ours bool) {
	path, ours := strings.CutPrefix(address, strings.TrimRight(c.settings.URL, "/")+"/browse/")
	key, _, _ = strings.Cut(path, "?")
	key, _, _ = strings.Cut(key, "#")
	key = strings.ToUpper(strings.TrimRight(key, "/"))
	return key, ours && keyPattern.MatchString(key)
}

// IssueOf reads one issue, without its history.
func (c *Client) IssueOf(ctx context.Context, keyOrID string) (jirasync.Issue, error) {
	return c.issueOf(ctx, keyOrID, false)
}

// issueOf reads one issue, with its history where the flavour gives it whole.
func (c *Client) issueOf(ctx context.Context, keyOrID string, history bool) (jirasync.Issue, error) {
	name, err := named(keyOrID)
	if err != nil {
		return jirasync.Issue{}, err
	}
	query := url.Values{"fields": {strings.Join(c.fieldsRead(), ",")}, "properties": {property}}
	if history {
		cloud, err := c.cloud(ctx)
		if err != nil {
			return jirasync.Issue{}, err
		}
		if !cloud {
			query.Set("expand", "changelog")
		}
	}
	var j issueJSON
	err = c.call(ctx, request{method: http.MethodGet, path: "issue/" + name, operation: "GET issue", query: query}, &j)
	if err != nil {
		return jirasync.Issue{}, err
	}
	all, err := c.issues([]issueJSON{j})
	if err != nil {
		return jirasync.Issue{}, err
	}
	return all[0], nil
}

// LastComments gives the latest comments, newest first.
func (c *Client) LastComments(ctx context.Context, issue string, n int) ([]jirasync.Comment, error) {
	name, err := named(issue)
	if err != nil {
		return nil, err
	}
	var a struct {
		Comments []commentJSON `json:"comments"`
	}
	err = c.call(ctx, request{
		method: http.MethodGet, path: "issue/" + name + "/comment", operation: "GET issue comment",
		query: url.Values{"orderBy": {"-created"}, "maxResults": {strconv.Itoa(n)}, "startAt": {"0"}},
	}, &a)
	comments := commentsOf(a.Comments)
	slices.SortStableFunc(comments, func(a, b jirasync.Comment) int { return b.At.Compare(a.At) })
	return comments, err
}

// Transitions gives the ways out of an issue's status.
func (c *Client) Transitions(ctx context.Context, issue string) ([]jirasync.Transition, error) {
	name, err := named(issue)
	if err != nil {
		return nil, err
	}
	var a struct {
		Transitions []struct {
			namedJSON
			To     statusJSON `json:"to"`
			Fields map[string]struct {
				Required   bool        `json:"required"`
				HasDefault bool        `json:"hasDefaultValue"`
				Allowed    []namedJSON `json:"allowedValues"`
			} `json:"fields"`
		} `json:"transitions"`
	}
	err = c.call(ctx, request{
		method: http.MethodGet, path: "issue/" + name + "/transitions", operation: "GET issue transitions",
		query: url.Values{"expand": {"transitions.fields"}},
	}, &a)
	ways := make([]jirasync.Transition, len(a.Transitions))
	for n, t := range a.Transitions {
		w := jirasync.Transition{ID: string(t.ID), Name: t.Name, To: t.To.status()}
		for field, f := range t.Fields {
			switch {
			case field == "resolution":
				w.NeedsResolution = f.Required
				for _, r := range f.Allowed {
					w.Resolutions = append(w.Resolutions, r.named())
				}
			case f.Required && !f.HasDefault:
				w.Needs = append(w.Needs, field)
			}
		}
		slices.Sort(w.Needs)
		ways[n] = w
	}
	return ways, err
}

const agileAPI = "rest/agile/1.0"

// ActiveSprint is the active sprint of a board of the project.
func (c *Client) ActiveSprint(ctx context.Context, project string) (ticket.Sprint, error) {
	var found ticket.Sprint
	err := pages(func(start int) (int, bool, error) {
		var boards struct {
			Values []struct {
				ID   id     `json:"id"`
				Type string `json:"type"`
			} `json:"values"`
			IsLast bool `json:"isLast"`
		}
		err := c.call(ctx, request{
			method: http.MethodGet, path: "board", api: agileAPI,
			query: url.Values{"projectKeyOrId": {project}, "startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(boardsPage)}},
		}, &boards)
		if err != nil {
			return 0, false, err
		}
		for _, b := range boards.Values {
			if b.Type == "kanban" || !numberPattern.MatchString(string(b.ID)) {
				continue
			}
			found, err = c.activeSprintOf(ctx, string(b.ID))
			if err != nil || found.ID != "" {
				return 0, true, err
			}
		}
		return len(boards.Values), boards.IsLast, nil
	})
	return found, err
}

// boardsPage is how many boards or sprints one page is asked for.
const boardsPage = 50

func (c *Client) activeSprintOf(ctx context.Context, board string) (ticket.Sprint, error) {
	var a struct {
		Values []struct {
			ID        id     `json:"id"`
			Name      string `json:"name"`
			StartDate moment `json:"startDate"`
		} `json:"values"`
	}
	err := c.call(ctx, request{
		method: http.MethodGet, path: "board/" + board + "/sprint", api: agileAPI, operation: "GET board sprint",
		query: url.Values{"state": {"active"}, "maxResults": {strconv.Itoa(boardsPage)}},
	}, &a)
	switch {
	case refused400(err): // a board of the simple kind may have none
		return ticket.Sprint{}, nil
	case err != nil:
		return ticket.Sprint{}, err
	case len(a.Values) == 0:
		return ticket.Sprint{}, nil
	}
	s := a.Values[0]
	return ticket.Sprint{ID: string(s.ID), Name: s.Name, State: ticket.ActiveSprint, StartedAt: s.StartDate.Time}, nil
}
