package jiratest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// aSite has four issues: OPS-1 new, OPS-2 in progress, OPS-3 done, and NEW-1, which was OPS-4.
func aSite(t testing.TB) *Server {
	c := &clock{noon}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Now: c.Now, Zone: zone})
	s.AddProject(Project{ID: "10700", Key: "NEW", Name: "New home"})
	s.AddProject(Project{ID: "10800", Key: "HID", Name: "Hidden", Denied: []string{"BROWSE_PROJECTS"}})
	sprint := s.AddSprint(Sprint{Project: "OPS", Name: "Sprint 7", State: "active", StartedAt: noon.Add(-time.Hour)})
	s.Seed(Seed{Summary: "DB pool exhausted", Description: "The pool was small", Labels: []string{"fix", "fu-1"}, Priority: "High", Created: noon.Add(-72 * time.Hour), DueOn: "2026-12-01"})
	s.Seed(Seed{Summary: "Cache is stale", Labels: []string{"fix"}, Priority: "Lowest", Created: noon.Add(-48 * time.Hour), Type: "Bug", Moves: []Move{{At: noon.Add(-30 * time.Minute), Status: "In Progress", Sprint: sprint}}})
	s.Seed(Seed{Summary: "Pool of workers", Created: noon.Add(-24 * time.Hour), Assignee: s.Mira().AccountID, Moves: []Move{{At: noon.Add(-10 * time.Minute), Status: "Done", Resolution: "Won't Do"}}})
	s.Seed(Seed{Summary: "Moved away", Created: noon.Add(-12 * time.Hour), Moves: []Move{{At: noon.Add(-5 * time.Minute), Project: "NEW"}}})
	s.Seed(Seed{Project: "HID"})
	return s
}

func TestQueriesFind(t *testing.T) {
	s := aSite(t)
	cases := map[string]struct {
		jql  string
		want string
	}{
		"everything, when nothing is asked":          {``, "OPS-1 OPS-2 OPS-3 NEW-1"},
		"a label":                                    {`labels = fix`, "OPS-1 OPS-2"},
		"a label with a dash, in quotes":             {`labels = "fu-1"`, "OPS-1"},
		"one of some labels":                         {`labels in (fu-1, 'nothing', "fix")`, "OPS-1 OPS-2"},
		"no such label, which leaves out those bare": {`labels != fu-1`, "OPS-2"},
		"without labels":                             {`labels is EMPTY`, "OPS-3 NEW-1"},
		"with labels":                                {`labels is not empty`, "OPS-1 OPS-2"},
		"a project by key, whatever its case":        {`project = ops`, "OPS-1 OPS-2 OPS-3"},
		"a project by number":                        {`project = 10700`, "NEW-1"},
		"a project by name":                          {`project in ("New home")`, "NEW-1"},
		"not in a project":                           {`project not in (OPS)`, "NEW-1"},
		"keys":                                       {`key in (OPS-1, ops-3)`, "OPS-1 OPS-3"},
		"an earlier key":                             {`issuekey = OPS-4`, "NEW-1"},
		"numbers":                                    {`id in (10002, 10003)`, "OPS-2 OPS-3"},
		"issue is another word for key":              {`issue = OPS-2`, "OPS-2"},
		"another one":                                {`key != OPS-1 AND project = OPS`, "OPS-2 OPS-3"},
		"keys from one on":                           {`key >= OPS-2 AND project = OPS`, "OPS-2 OPS-3"},
		"updated since, in milliseconds":             {fmt.Sprintf(`updated >= %d`, noon.Add(-30*time.Minute).UnixMilli()), "OPS-2 OPS-3 NEW-1"},
		"updated before, in milliseconds":            {fmt.Sprintf(`updated < %d`, noon.Add(-30*time.Minute).UnixMilli()), "OPS-1"},
		"updated within a period":                    {`updated >= -15m`, "OPS-3 NEW-1"},
		"updated within a period in quotes":          {`updated >= "-1h"`, "OPS-2 OPS-3 NEW-1"},
		"a period of two parts":                      {`created >= "-1d 12h"`, "OPS-3 NEW-1"},
		// Noon in UTC is four in the morning there.
		"a bare date is read in the account's zone": {`updated >= "2026-11-27 03:45"`, "OPS-3 NEW-1"},
		"a day with slashes":                        {`created < 2026/11/25`, "OPS-1"},
		"today":                                     {`created >= startOfDay()`, ""},
		"created up to now":                         {`created <= now() AND created > -13h`, "NEW-1"},
		"due":                                       {`duedate <= 2026-12-01`, "OPS-1"},
		"a status by name":                          {`status = "in progress"`, "OPS-2"},
		"a status by number":                        {`status in (3, 10002)`, "OPS-2 OPS-3"},
		"a category":                                {`statusCategory = Done`, "OPS-3"},
		"a category by its key":                     {`statusCategory != done`, "OPS-1 OPS-2 NEW-1"},
		"a priority":                                {`priority = high`, "OPS-1"},
		"a priority or higher":                      {`priority >= Medium`, "OPS-1 OPS-3 NEW-1"},
		"lower than a priority":                     {`priority < Medium`, "OPS-2"},
		"a resolution":                              {`resolution = "Won't Do"`, "OPS-3"},
		"unresolved":                                {`resolution = Unresolved`, "OPS-1 OPS-2 NEW-1"},
		"a type":                                    {`issuetype = Bug`, "OPS-2"},
		"somebody":                                  {`assignee = "5b10ac8d82e05b22cc7d4ef5"`, "OPS-3"},
		"nobody":                                    {`assignee is empty AND project = NEW`, "NEW-1"},
		"myself":                                    {`reporter = currentUser() AND labels = fu-1`, "OPS-1"},
		"a sprint":                                  {`sprint = 1`, "OPS-2"},
		"the open sprints":                          {`sprint in openSprints()`, "OPS-2"},
		"words in the summary, in any order":        {`summary ~ "exhausted pool"`, "OPS-1"},
		"the beginning of a word":                   {`summary ~ "work*"`, "OPS-3"},
		"words anywhere":                            {`text ~ "small"`, "OPS-1"},
		"without words":                             {`summary !~ pool`, "OPS-2 NEW-1"},
		"and binds closer than or":                  {`labels = fu-1 OR labels = fix AND status = "In Progress"`, "OPS-1 OPS-2"},
		"parentheses":                               {`(labels = fu-1 OR labels = fix) AND status = "In Progress"`, "OPS-2"},
		"not":                                       {`project = OPS AND NOT labels = fix`, "OPS-3"},
		"lower case words":                          {`project = OPS and not (labels = fix or key = OPS-3)`, ""},
		"no spaces":                                 {`project=OPS AND labels="fu-1"`, "OPS-1"},
		"quotes within quotes":                      {`labels in ("a\"b", fu-1)`, "OPS-1"},
		"the newest first":                          {`project = OPS ORDER BY created DESC`, "OPS-3 OPS-2 OPS-1"},
		"the longest untouched first":               {`project in (OPS, NEW) order by updated asc, id asc`, "OPS-1 OPS-2 OPS-3 NEW-1"},
		"by priority, not by the alphabet":          {`project = OPS ORDER BY priority DESC`, "OPS-1 OPS-3 OPS-2"},
		"by number, the newest first":               {`ORDER BY key DESC`, "NEW-1 OPS-3 OPS-2 OPS-1"},
		"seven orders":                              {`project = OPS ORDER BY rank, summary, due, status, priority, created, id`, "OPS-2 OPS-1 OPS-3"},
		"eight orders":                              {`ORDER BY id, id, id, id, id, id, id, id`, "!JQL can be ordered by at most 7 fields."},
		"an order that nobody knows":                {`ORDER BY mood`, "!Not able to sort using field 'mood'."},
		"half an order":                             {`ORDER updated`, "!Error in the JQL Query: Expecting 'by' but got 'updated'."},
		"a field that nobody knows":                 {`Severity = 1`, "!Field 'Severity' does not exist or you do not have permission to view it."},
		"a sign that nobody knows":                  {`labels => fix`, "!Error in the JQL Query: Expecting operator but got '=>'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."},
		"a sign that the field does not know":       {`labels ~ fix`, "!The operator '~' is not supported by the 'labels' field."},
		"a text compared as a whole":                {`summary = "Cache is stale"`, "!The operator '=' is not supported by the 'summary' field."},
		"no sign":                                   {`labels`, "!Error in the JQL Query: Expecting operator but got ''. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."},
		"no value":                                  {`labels =`, "!Error in the JQL Query: Expecting either a value, list or function before the end of the query."},
		"an empty list":                             {`labels in ()`, "!Error in the JQL Query: Expecting either a value, list or function but got ')'. You must surround ')' in quotation marks to use it as a value."},
		"a list without commas":                     {`labels in (a b)`, "!Error in the JQL Query: Expecting ')' or ',' but got 'b'."},
		"a list without an end":                     {`labels in (a, b`, "!Error in the JQL Query: Expecting ')' or ',' but got ''."},
		"parentheses without an end":                {`(labels = a`, "!Error in the JQL Query: Expecting ')' before the end of the query."},
		"quotes without an end":                     {`labels = "a`, "!Error in the JQL Query: The quoted string 'a' has not been completed."},
		"two conditions and nothing between":        {`labels = a labels = b`, "!Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'labels'."},
		"a reserved word as a value":                {`labels = and`, "!Error in the JQL Query: Expecting either a value, list or function but got 'and'. You must surround 'and' in quotation marks to use it as a value."},
		"a date that is none":                       {`updated >= soon`, "!Date value 'soon' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."},
		"a function that nobody knows":              {`assignee = nobody()`, "!Unable to find JQL function 'nobody()'."},
		"nested without end":                        {strings.Repeat("(", 500), "!Error in the JQL Query: it is nested too deep."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			q, err := s.parseJQL(c.jql)
			if words, wrong := strings.CutPrefix(c.want, "!"); wrong {
				if err == nil || err.Error() != words {
					t.Errorf("%s: %v", c.jql, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", c.jql, err)
			}
			var keys []string
			for _, i := range s.run(q, nil) {
				keys = append(keys, i.Key)
			}
			if found := strings.Join(keys, " "); found != c.want {
				t.Errorf("%s finds %q", c.jql, found)
			}
		})
	}
}

func TestQueriesNameWhatIsNotThere(t *testing.T) {
	s := aSite(t)
	s.DeleteStatus("In Review")
	cases := map[string]struct {
		jql     string
		named   []string
		unknown []string
	}{
		"a project":                     {`project in (OPS, GONE)`, nil, []string{"The value 'GONE' does not exist for the field 'project'."}},
		"a project one may not see":     {`project = HID`, nil, []string{"The value 'HID' does not exist for the field 'project'."}},
		"a status that was deleted":     {`status = "In Review"`, nil, []string{"The value 'In Review' does not exist for the field 'status'."}},
		"a priority":                    {`priority = Urgent`, nil, []string{"The value 'Urgent' does not exist for the field 'priority'."}},
		"labels are whatever they are":  {`labels = nothing`, nil, nil},
		"keys are looked for elsewhere": {`key in (OPS-1, OPS-99) OR id = 7`, []string{"OPS-1", "OPS-99", "7"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			q, err := s.parseJQL(c.jql)
			if err != nil || !slices.Equal(q.named, c.named) || !slices.Equal(q.unknown, c.unknown) {
				t.Errorf("%s: named %q, unknown %q, %v", c.jql, q.named, q.unknown, err)
			}
		})
	}
}

func FuzzJQL(f *testing.F) {
	for _, seed := range []string{
		"", `project = OPS AND labels in (a, "b c") ORDER BY updated ASC, id DESC`, `key in (OPS-1,OPS-2) OR NOT (id = 10001)`, `updated >= -15m`, `updated >= 1764244800000`,
		`summary ~ "words" AND created < "2026-11-27 12:00"`, `a = "\`, `'`, `((((`, `labels is not empty`, `sprint = openSprints()`, `ORDER BY`, `!!!!`, `priority > High`, "\x00=\xff", `due = -1w`,
		`created >= -99999w`, `not not not labels = a`, `key >= OPS-1`, `parent in (OPS-1)`,
	} {
		f.Add(seed)
	}
	s := aSite(f)
	f.Fuzz(func(t *testing.T, jql string) {
		q, err := s.parseJQL(jql)
		if err != nil {
			if err.Error() == "" {
				t.Errorf("%q is refused without a word", jql)
			}
			return
		}
		found := s.run(q, nil)
		if q.match == nil && len(found) != 4 {
			t.Errorf("%q asks nothing and finds %d", jql, len(found))
		}
		for _, i := range found {
			if i.Project == "HID" {
				t.Errorf("%q finds what one may not see", jql)
			}
		}
	})
}
