package jira_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/integrations/jira"
	"upshot/integrations/jira/jiratest"
)

// clock is a time that a test moves on.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// both runs a test against a pretend Jira of each flavour.
func both(t *testing.T, test func(t *testing.T, flavour jirasync.Flavour, double *jiratest.Server, c *jira.Client, now *clock)) {
	t.Helper()
	for flavour := range flavours {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			now := &clock{noon}
			double := jiratest.New(jiratest.Options{Flavour: flavours[flavour], Now: now.Now})
			c := clientOf(t, flavour, double.Start(t))
			if _, err := c.FieldIDs(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, flavour, double, c, now)
		})
	}
}

func troubleOf(t *testing.T, err error) *jirasync.Trouble {
	t.Helper()
	var trouble *jirasync.Trouble
	if !errors.As(err, &trouble) {
		t.Fatalf("got %v, want trouble that says what can be done", err)
	}
	return trouble
}

func changed(t *testing.T, c *jira.Client, q jirasync.Query) ([]jirasync.Issue, error) {
	t.Helper()
	var all []jirasync.Issue
	err := c.Changed(t.Context(), q, func(page []jirasync.Issue) error {
		all = append(all, page...)
		return nil
	})
	return all, err
}

func idOf(t *testing.T, double *jiratest.Server, key string) string {
	t.Helper()
	i, there := double.Issue(key)
	if !there {
		t.Fatalf("there is no %s", key)
	}
	return i.ID
}

const mark = "upshot-x-fu-1"

var markedIssue = jirasync.NewIssue{Project: "OPS", Type: "10001", Summary: "Test the cache", Labels: []string{"upshot-x", mark}, Mark: mark}

func TestAnIssueIsFoundByItsMarkAfterALostAnswer(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, _ jirasync.Flavour, double *jiratest.Server, c *jira.Client, now *clock) {
		double.Set(func(f *jiratest.Faults) { f.Next, f.Effect, f.SearchLag = 1, true, time.Minute })
		_, err := c.Create(t.Context(), markedIssue)
		if got := troubleOf(t, err); got.Kind != jirasync.Temporary || !got.Maybe {
			t.Fatalf("got %+v, want an unknown outcome", got)
		}
		found, err := c.Marked(t.Context(), []string{mark, "upshot-x-fu-2"})
		if err != nil || len(found) != 0 {
			t.Fatalf("a search that lags knows it: %+v, %v", found, err)
		}
		now.now = noon.Add(time.Minute)
		found, err = c.Marked(t.Context(), []string{mark, "upshot-x-fu-2"})
		if err != nil || len(found) != 1 || !slices.Contains(found[0].Labels, mark) {
			t.Fatalf("found %+v, %v", found, err)
		}
		one, err := c.IssueOf(t.Context(), found[0].IssueID)
		if err != nil || one.Property != mark || len(double.Labelled(mark)) != 1 {
			t.Errorf("got %+v, %v", one, err)
		}
	})
}

func TestAnAssigneeIsNamedInTheWayOfTheFlavour(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, flavour jirasync.Flavour, double *jiratest.Server, c *jira.Client, _ *clock) {
		mira, left := double.Mira().AccountID, "5b10ac8d82e05b22cc7d4ef6"
		if flavour == jirasync.DataCenter {
			mira, left = double.Mira().Name, "left"
		}
		asked := markedIssue
		asked.Assignee = left
		_, err := c.Create(t.Context(), asked)
		if got := troubleOf(t, err); got.Kind != jirasync.Refused || got.Maybe || got.Fields["assignee"] == "" {
			t.Errorf("somebody who has left: got %+v", got)
		}
		asked.Assignee = mira
		made, err := c.Create(t.Context(), asked)
		if err != nil {
			t.Fatal(err)
		}
		i, err := c.IssueOf(t.Context(), made.Key)
		if err != nil || i.Assignee != (ticket.Person{ID: mira, Name: "Mira Krause"}) {
			t.Errorf("got %+v, %v", i.Assignee, err)
		}
	})
}

func TestTheCommentIsAddedAndThenWrittenAnew(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, _ jirasync.Flavour, double *jiratest.Server, c *jira.Client, now *clock) {
		key := double.Seed(jiratest.Seed{Comments: []jiratest.Remark{{Body: "A person's word"}}})
		id := idOf(t, double, key)
		now.now = now.now.Add(time.Minute)
		if err := c.Edit(t.Context(), id, jirasync.Edit{AddLabels: []string{"again"}, Priority: "1", Comment: "It happened again."}); err != nil {
			t.Fatal(err)
		}
		comments, err := c.LastComments(t.Context(), id, 20)
		if err != nil || len(comments) != 2 || comments[0].Body != "It happened again." {
			t.Fatalf("newest first: got %+v, %v", comments, err)
		}
		before := double.Total()
		for n := range 3 {
			if err := c.Edit(t.Context(), id, jirasync.Edit{Comment: fmt.Sprintf("It happened %d times.", n+2), CommentID: comments[0].ID}); err != nil {
				t.Fatal(err)
			}
		}
		if calls := double.Total() - before; calls != 3 {
			t.Errorf("three edits took %d calls", calls)
		}
		i, _ := double.Issue(key)
		if len(i.Comments) != 2 || i.Comments[1].Body != "It happened 4 times." || i.Comments[0].Body != "A person's word" || i.Priority != "1" || !slices.Contains(i.Labels, "again") {
			t.Errorf("got %+v", i)
		}
		err = c.Edit(t.Context(), id, jirasync.Edit{Comment: "Anew.", CommentID: "99999"})
		if got := troubleOf(t, err); got.Kind != jirasync.Refused && got.Kind != jirasync.Absent || got.Maybe {
			t.Errorf("a comment that somebody deleted: got %+v", got)
		}
	})
}

func TestWaysAreKnownByWhereTheyLead(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, _ jirasync.Flavour, double *jiratest.Server, c *jira.Client, _ *clock) {
		double.RenameStatus("Done", "Erledigt")
		double.Ways("To Do", "In Progress", "Erledigt")
		key := double.Seed(jiratest.Seed{})
		id := idOf(t, double, key)
		ways, err := c.Transitions(t.Context(), id)
		if err != nil || len(ways) != 2 {
			t.Fatalf("got %+v, %v", ways, err)
		}
		at := slices.IndexFunc(ways, func(w jirasync.Transition) bool { return w.To.Category == ticket.Done })
		done := ways[at]
		if done.To.Name != "Erledigt" || !done.NeedsResolution || len(done.Needs) != 0 || len(done.Resolutions) != 5 || ways[1-at].NeedsResolution {
			t.Errorf("got %+v", ways)
		}
		if got := troubleOf(t, c.Transit(t.Context(), id, done.ID, "")); got.Kind != jirasync.Refused || got.Fields["resolution"] == "" {
			t.Errorf("without a resolution: got %+v", got)
		}
		if err := c.Transit(t.Context(), id, done.ID, done.Resolutions[0].ID); err != nil {
			t.Fatal(err)
		}
		if got := troubleOf(t, c.Transit(t.Context(), id, done.ID, done.Resolutions[0].ID)); got.Kind != jirasync.Raced || got.Maybe {
			t.Errorf("somebody was quicker: got %+v", got)
		}
		i, err := c.IssueOf(t.Context(), id)
		if err != nil || i.Category != ticket.Done || i.Resolution.Name != "Done" {
			t.Errorf("got %+v, %v", i, err)
		}
	})
}

// long gives an issue with so many changes, two of them in each millisecond, each of two fields.
func long(double *jiratest.Server, changes int) string {
	seed := jiratest.Seed{Labels: []string{"upshot-x"}, Created: noon.Add(-48 * time.Hour)}
	for n := range changes {
		m := jiratest.Move{At: noon.Add(-24*time.Hour + time.Duration(n/2)*time.Millisecond), Status: []string{"In Progress", "To Do"}[n%2], Priority: []string{"High", "Low"}[n%2]}
		seed.Moves = append(seed.Moves, m)
	}
	return double.Seed(seed)
}

func TestHistoriesAreWholeHoweverLong(t *testing.T) {
	t.Parallel()
	lengths := []int{0, 3, 101, 150, 1200} // over 100, where an expansion is cut; over 1000, a usual page
	moods := map[string]func(*jiratest.Faults){
		"as usual":                       func(*jiratest.Faults) {},
		"moments as text":                func(f *jiratest.Faults) { f.TextMoments = true },
		"without the call for many":      func(f *jiratest.Faults) { f.NoBulk = true },
		"short pages of the search":      func(f *jiratest.Faults) { f.ShortPages = 2 },
		"one that is gone is refused":    func(f *jiratest.Faults) { f.UnknownRefused = true },
		"links to pages leave a mention": func(f *jiratest.Faults) { f.LinkNoise = true },
	}
	both(t, func(t *testing.T, flavour jirasync.Flavour, double *jiratest.Server, c *jira.Client, _ *clock) {
		want := map[string]int{}
		var ids []string
		for _, n := range lengths {
			id := idOf(t, double, long(double, n))
			want[id] = n
			ids = append(ids, id)
		}
		for name, mood := range moods {
			double.Set(func(f *jiratest.Faults) { *f = jiratest.Faults{}; mood(f) })
			got := map[string][]ticket.Change{}
			if flavour == jirasync.Cloud {
				var err error
				if got, err = c.Histories(t.Context(), ids); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			} else {
				issues, err := changed(t, c, jirasync.Query{Label: "upshot-x"})
				if err != nil || len(issues) != len(ids) {
					t.Fatalf("%s: %d issues, %v", name, len(issues), err)
				}
				for _, i := range issues {
					if !i.HasChanges || i.Partial {
						t.Errorf("%s: %s came without its whole history", name, i.Key)
					}
					got[i.IssueID] = i.Changes
				}
			}
			for id, n := range want {
				seen := map[string]bool{}
				for _, change := range got[id] {
					seen[change.ID] = true
					if len(change.Items) != 2 || change.At.IsZero() || change.Author.ID == "" {
						t.Fatalf("%s: got %+v", name, change)
					}
				}
				if len(got[id]) != n || len(seen) != n {
					t.Errorf("%s: %d changes, %d different ones, want %d", name, len(got[id]), len(seen), n)
				}
			}
		}
	})
}

// Ten thousand changes are the longest page there is: histories go on behind it, also in the middle of an issue's.
func TestHistoriesGoOnBehindTheLongestPage(t *testing.T) {
	t.Parallel()
	double, address := pretend(t, jirasync.Cloud)
	ids := []string{idOf(t, double, long(double, 6000)), idOf(t, double, long(double, 4500))}
	got, err := clientOf(t, jirasync.Cloud, address).Histories(t.Context(), ids)
	if err != nil || len(got[ids[0]]) != 6000 || len(got[ids[1]]) != 4500 {
		t.Errorf("got %d and %d, %v", len(got[ids[0]]), len(got[ids[1]]), err)
	}
	if calls := double.Calls()["POST /rest/api/2/changelog/bulkfetch"]; calls != 2 {
		t.Errorf("%d calls", calls)
	}
}

func TestAHistoryThatDataCenterCutsIsPartial(t *testing.T) {
	t.Parallel()
	double, address := pretend(t, jirasync.DataCenter)
	long(double, 120)
	double.Set(func(f *jiratest.Faults) { f.HistoryMax = 100 })
	issues, err := changed(t, clientOf(t, jirasync.DataCenter, address), jirasync.Query{Label: "upshot-x"})
	if err != nil || len(issues) != 1 || !issues[0].Partial || len(issues[0].Changes) != 100 {
		t.Errorf("got %d issues, %v", len(issues), err)
	}
}

func TestEveryPageIsWalked(t *testing.T) {
	t.Parallel()
	const many = 230
	cases := map[string]struct {
		mood    func(*jiratest.Faults)
		cloud   jirasync.TroubleKind // empty: all are found
		dc      jirasync.TroubleKind
		callsAt int // most calls
	}{
		"as usual":               {func(*jiratest.Faults) {}, "", "", 3},
		"pages of seven":         {func(f *jiratest.Faults) { f.ShortPages = 7 }, "", "", 33},
		"an empty page first":    {func(f *jiratest.Faults) { f.EmptyPages = true }, "", "", 4},
		"the same page again":    {func(f *jiratest.Faults) { f.SameToken = true }, jirasync.Temporary, "", 3},
		"tokens that run out":    {func(f *jiratest.Faults) { f.StaleTokens = true }, jirasync.Refused, "", 3},
		"fields that are null":   {func(f *jiratest.Faults) { f.Nulls = true }, "", "", 3},
		"a page that is cut":     {func(f *jiratest.Faults) { f.CutOneIn = 1 }, jirasync.Temporary, jirasync.Temporary, 1},
		"an expired token":       {func(f *jiratest.Faults) { f.Expired = true }, jirasync.Login, jirasync.Login, 1},
		"taken for nobody":       {func(f *jiratest.Faults) { f.Anonymous = true }, jirasync.Login, jirasync.Login, 1},
		"a page of the gateway":  {func(f *jiratest.Faults) { f.Next, f.Status = 1, http.StatusBadGateway }, jirasync.Temporary, jirasync.Temporary, 1},
		"the edge refuses it":    {func(f *jiratest.Faults) { f.Next, f.Status = 1, http.StatusBadRequest }, jirasync.Temporary, jirasync.Temporary, 1},
		"a limit on the way":     {func(f *jiratest.Faults) { f.Every, f.Limit = 3, jiratest.Quota }, jirasync.Limited, jirasync.Limited, 3},
		"led to another address": {func(f *jiratest.Faults) { f.Redirect = "http://login.example.test/" }, jirasync.Refused, jirasync.Refused, 1},
	}
	both(t, func(t *testing.T, flavour jirasync.Flavour, double *jiratest.Server, c *jira.Client, _ *clock) {
		for n := range many {
			double.Seed(jiratest.Seed{Labels: []string{"upshot-x"}, Created: noon.Add(-time.Duration(n) * time.Minute)})
		}
		double.Seed(jiratest.Seed{Labels: []string{"other"}})
		if _, err := c.Server(t.Context()); err != nil { // which of the two it is is known from here on
			t.Fatal(err)
		}
		for name, k := range cases {
			double.Set(func(f *jiratest.Faults) { *f = jiratest.Faults{}; k.mood(f) })
			double.ForgetCalls()
			found, err := changed(t, c, jirasync.Query{Label: "upshot-x"})
			if calls := double.Total(); calls > k.callsAt {
				t.Errorf("%s: %d calls", name, calls)
			}
			want := k.cloud
			if flavour == jirasync.DataCenter {
				want = k.dc
			}
			if want != "" {
				if got := troubleOf(t, err); got.Kind != want || got.Maybe {
					t.Errorf("%s: got %+v", name, got)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			seen := map[string]bool{}
			for n, i := range found {
				seen[i.IssueID] = true
				if n > 0 && i.UpdatedAt.Before(found[n-1].UpdatedAt) {
					t.Errorf("%s: %s comes too late", name, i.Key)
				}
			}
			if len(found) != many || len(seen) != many {
				t.Errorf("%s: found %d, %d different ones", name, len(found), len(seen))
			}
		}
	})
}

func TestSinceAMomentInAnyZone(t *testing.T) {
	t.Parallel()
	for flavour := range flavours {
		for _, zone := range []string{"UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"} {
			t.Run(string(flavour)+" in "+zone, func(t *testing.T) {
				t.Parallel()
				there, err := time.LoadLocation(zone)
				if err != nil {
					t.Fatal(err)
				}
				double := jiratest.New(jiratest.Options{Flavour: flavours[flavour], Now: func() time.Time { return noon }, Zone: there})
				c := clientOf(t, flavour, double.Start(t))
				before := double.Seed(jiratest.Seed{Labels: []string{"upshot-x"}, Created: noon.Add(-time.Hour - time.Millisecond)})
				at := double.Seed(jiratest.Seed{Labels: []string{"upshot-x"}, Created: noon.Add(-time.Hour)})
				found, err := changed(t, c, jirasync.Query{Label: "upshot-x", Since: noon.Add(-time.Hour)})
				if err != nil || len(found) != 1 || found[0].Key != at {
					t.Errorf("found %+v, %v; not %s", found, err, before)
				}
			})
		}
	}
}

func TestOneThatIsGoneHidesNoOther(t *testing.T) {
	t.Parallel()
	moods := map[string]func(*jiratest.Faults){
		"a query that names it is refused":    func(*jiratest.Faults) {},
		"a query leaves it out":               func(f *jiratest.Faults) { f.NewStyleMissing = true },
		"without the calls for many":          func(f *jiratest.Faults) { f.NoBulk = true },
		"refused by the call for histories":   func(f *jiratest.Faults) { f.UnknownRefused = true },
		"what is archived is out of sight":    func(f *jiratest.Faults) { f.ArchivedGone = true },
		"without the calls, and left out too": func(f *jiratest.Faults) { f.NoBulk, f.NewStyleMissing = true, true },
	}
	both(t, func(t *testing.T, flavour jirasync.Flavour, double *jiratest.Server, c *jira.Client, now *clock) {
		double.AddProject(jiratest.Project{Key: "NEW", Name: "New home"})
		var ids []string
		for _, key := range []string{"here", "deleted", "hidden", "moved"} {
			ids = append(ids, idOf(t, double, double.Seed(jiratest.Seed{Summary: key, Created: noon.Add(-time.Hour), Moves: []jiratest.Move{{At: noon.Add(-time.Minute), Status: "In Progress"}}})))
		}
		now.now = noon.Add(time.Minute)
		double.Delete(ids[1])
		double.Hide(ids[2], true)
		key := double.MoveToProject(ids[3], "NEW")
		for name, mood := range moods {
			double.Set(func(f *jiratest.Faults) { *f = jiratest.Faults{}; mood(f) })
			if _, err := c.Server(t.Context()); err != nil { // which of the two it is is known from here on
				t.Fatal(err)
			}
			double.ForgetCalls()
			found, missing, err := c.Issues(t.Context(), append([]string{"99999"}, ids...))
			if calls := double.Total(); flavour == jirasync.DataCenter && calls != 1 {
				t.Errorf("%s: one call would do, %d were made", name, calls)
			}
			if err != nil || len(found) != 2 || !slices.Equal(missing, []string{"99999", ids[1], ids[2]}) {
				t.Errorf("%s: found %d, missing %v, %v", name, len(found), missing, err)
				continue
			}
			at := slices.IndexFunc(found, func(i jirasync.Issue) bool { return i.IssueID == ids[3] })
			if at < 0 || found[at].Key != key || found[at].Project != "NEW" {
				t.Errorf("%s: what was moved is %+v", name, found)
			}
			recent, err := changed(t, c, jirasync.Query{Label: "upshot-x", IDs: ids, Since: noon.Add(-time.Hour)})
			if err != nil || len(recent) != 2 {
				t.Errorf("%s: %d changed, %v", name, len(recent), err)
			}
		}
		double.Set(func(f *jiratest.Faults) { *f = jiratest.Faults{} })
		i, err := c.IssueOf(t.Context(), "OPS-4") // by the key that it had
		if err != nil || i.Key != key || i.IssueID != ids[3] {
			t.Errorf("got %+v, %v", i, err)
		}
		for _, id := range ids[1:3] {
			_, err := c.IssueOf(t.Context(), id)
			if got := troubleOf(t, err); got.Kind != jirasync.Absent {
				t.Errorf("got %+v", got)
			}
		}
		double.Set(func(f *jiratest.Faults) { f.Expired = true })
		_, missing, err := c.Issues(t.Context(), ids)
		if got := troubleOf(t, err); got.Kind != jirasync.Login || len(missing) != 0 {
			t.Errorf("with a login that is not good, missing %v: %+v", missing, got)
		}
		if flavour == jirasync.DataCenter {
			double.Set(func(f *jiratest.Faults) { *f = jiratest.Faults{Captcha: true} })
			_, err := c.Myself(t.Context())
			if got := troubleOf(t, err); got.Kind != jirasync.Login || !strings.Contains(got.Said, "CAPTCHA") {
				t.Errorf("got %+v", got)
			}
		}
	})
}

func TestALinkBackIsThereOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, _ jirasync.Flavour, double *jiratest.Server, c *jira.Client, _ *clock) {
		key := double.Seed(jiratest.Seed{})
		id := idOf(t, double, key)
		link := jirasync.BackLink{GlobalID: "upshot-x-fu-1", URL: "https://upshot.example.test/followups/FU-1", Title: "FU-1", Summary: "waiting"}
		double.Set(func(f *jiratest.Faults) { f.Next, f.Effect = 1, true }) // its answer is lost
		if got := troubleOf(t, c.LinkBack(t.Context(), id, link)); !got.Maybe {
			t.Errorf("got %+v", got)
		}
		link.Title, link.Summary = "FU-1, done", strings.Repeat("語", 400)
		if err := c.LinkBack(t.Context(), id, link); err != nil {
			t.Fatal(err)
		}
		other := link
		other.GlobalID = "upshot-x-fu-2"
		if err := c.LinkBack(t.Context(), id, other); err != nil {
			t.Fatal(err)
		}
		i, _ := double.Issue(key)
		if len(i.Links) != 2 || i.Links[0].Title != "FU-1, done" || i.Links[0].GlobalID != "upshot-x-fu-1" || len([]rune(i.Links[0].Summary)) != 255 {
			t.Errorf("got %+v", i.Links)
		}
	})
}

// Whatever goes wrong with a write, before its effect or after it: that it certainly had none is only said when it had none.
func TestAWriteThatMayHaveHappenedSaysSo(t *testing.T) {
	t.Parallel()
	type fault struct {
		name string
		set  func(*jiratest.Faults)
	}
	var faults []fault
	for _, effect := range []bool{false, true} {
		when := map[bool]string{false: "before", true: "after"}[effect]
		for _, status := range []int{0, 500, 502, 503, 504} {
			faults = append(faults, fault{fmt.Sprintf("%d %s the effect", status, when), func(f *jiratest.Faults) { f.Next, f.Status, f.Effect = 1, status, effect }})
		}
		faults = append(faults,
			fault{"503 that says how long " + when, func(f *jiratest.Faults) { f.Next, f.Status, f.Effect, f.LimitFor = 1, 503, effect, 1 }},
			fault{"a reset " + when, func(f *jiratest.Faults) { f.Next, f.Effect, f.Reset = 1, effect, true }},
			fault{"silence " + when, func(f *jiratest.Faults) { f.Hang, f.HangBefore = 5*time.Second, !effect }},
		)
	}
	faults = append(faults, fault{"an answer that is cut", func(f *jiratest.Faults) { f.CutOneIn = 1 }})
	for _, limit := range []jiratest.Limit{jiratest.Burst, jiratest.PerIssue, jiratest.Quota, jiratest.Gateway, jiratest.Unknown} {
		faults = append(faults, fault{"limited: " + string(limit), func(f *jiratest.Faults) { f.Next, f.Status, f.Limit = 1, 429, limit }})
	}
	for _, status := range []int{400, 409, 413} {
		faults = append(faults, fault{fmt.Sprint(status), func(f *jiratest.Faults) { f.Next, f.Status = 1, status }})
	}
	writes := map[string]func(c *jira.Client, id string) error{
		"create": func(c *jira.Client, _ string) error { _, err := c.Create(t.Context(), markedIssue); return err },
		"edit":   func(c *jira.Client, id string) error { return c.Edit(t.Context(), id, jirasync.Edit{Comment: "c"}) },
		"move":   func(c *jira.Client, id string) error { return c.Transit(t.Context(), id, "31", "") },
		"plan":   func(c *jira.Client, id string) error { return c.MoveToSprint(t.Context(), "1", []string{id}) },
		"link": func(c *jira.Client, id string) error {
			return c.LinkBack(t.Context(), id, jirasync.BackLink{GlobalID: "g", URL: "https://upshot.example.test/1", Title: "FU-1"})
		},
	}
	for flavour := range flavours {
		for what, write := range writes {
			t.Run(string(flavour)+", "+what, func(t *testing.T) {
				t.Parallel()
				for _, f := range faults {
					double, address := pretend(t, flavour)
					double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "S", State: "active"})
					id := idOf(t, double, double.Seed(jiratest.Seed{}))
					s := jira.Settings{URL: address, Token: jiratest.DefaultToken, Flavour: flavour, Timeout: 300 * time.Millisecond}
					if flavour == jirasync.Cloud {
						s.User = jiratest.DefaultUser
					}
					c, err := jira.New(s)
					if err != nil {
						t.Fatal(err)
					}
					double.Set(f.set)
					err = write(c, id)
					happened := slices.ContainsFunc(double.Journal(), func(e jiratest.Entry) bool { return e.Effect != "" })
					if err == nil { // an answer without a body cannot be cut
						if !happened {
							t.Errorf("%s: all is said to be well, and nothing happened", f.name)
						}
						continue
					}
					if got := troubleOf(t, err); happened && !got.Maybe {
						t.Errorf("%s: it happened, and is said not to have: %+v", f.name, got)
					}
					if entries := double.Journal(); len(entries) > 2 { // a refused transition is looked at once more
						t.Errorf("%s: %d calls", f.name, len(entries))
					}
				}
			})
		}
	}
}
