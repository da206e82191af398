package app

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/integrations/jira/jiratest"
	"upshot/views/link"
)

// The way with Jira: connect it with a wrong token and see why that does not do, correct it, map a project that requires a field,
// file a ticket and link another, move a card on Jira's board, and settle what the two sides disagree about.
func TestTheWayWithJira(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newTestClock()
			b, a := openEmpty(t, now.time)
			double := jiratest.New(jiratest.Options{Now: now.time})
			server := httptest.NewServer(double)
			t.Cleanup(server.Close)
			addPerson(t, a)
			addCheckout(t, a)
			if !scripts {
				b.withoutScripts()
			}
			theWayWithJira(b, a, double, server.URL, now)
		})
	}
}

func impact(id string) jiratest.Field {
	return jiratest.Field{ID: id, Name: "Customer impact", Required: true, Allowed: []jiratest.Named{{ID: "7", Name: "Checkout fails"}}}
}

func theWayWithJira(b *browser, a *App, double *jiratest.Server, jira string, now *testClock) {
	b.t.Helper()
	project := func(fields ...jiratest.Field) {
		double.AddProject(jiratest.Project{ID: "10077", Key: "TRK", Name: "Tracking", Types: []jiratest.Type{{ID: "10001", Name: "Task", Fields: fields}}})
	}
	project(impact("customfield_10042"))
	read := func() {
		b.t.Helper()
		now.pass(61e9)
		b.open(link.Jira)
		b.press("form[action$='/read'] button")
		b.reads("main", "Jira was read.")
	}
	b.signIn()

	// Connect it, first with a wrong token.
	b.open(link.Jira)
	b.reads("h1", "No Jira is connected")
	b.press("main a[href='" + link.JiraConnect + "']")
	b.fill("#url", jira)
	b.fill("#user", jiratest.DefaultUser)
	b.fill("#token", "a-wrong-token")
	b.press("main form .btn.primary")
	b.reads("main", "Jira does not accept the login", "Check the address, the user and the token")
	b.fill("#token", jiratest.DefaultToken)
	b.press("main form .btn.primary")
	b.reads("main", "Connected, signed in as Upshot robot", "nothing can be filed")

	// Map a project that requires a field.
	b.press("[data-test=projects] a[href*='/map']")
	b.fill("#project", "TRK")
	b.press("main form .btn.primary")
	b.reads("[data-test=wrong]", "Jira requires the field “Customer impact”")
	b.choose("[name='fixed.customfield_10042']", "7")
	b.press("main form .btn.primary")
	b.reads("main", "Follow-ups go to TRK now, as Task")
	b.reads("[data-project=TRK]", "read, write, link")

	// File a ticket.
	promise := func(title string) string {
		b.t.Helper()
		b.open(link.NewFollowUp)
		b.fill("#title", title)
		b.click("[name=kind][value=automated_test]")
		b.click("[name=purpose][value=prevent]")
		b.choose("#team", "payments")
		if !answer[bool](b, "document.querySelector('[name=queue]').checked") {
			b.click("[name=queue]")
		}
		b.press("main form .btn.primary")
		return anyRef.FindString(b.at)
	}
	first := promise("Test: redeem a voucher at once")
	b.press("[data-test=file] button")
	b.reads("[data-test=ticket]", "It is being filed in TRK")
	read()
	read()
	b.open(link.Ref(first))
	b.reads("[data-test=ticket]", "TRK-1", "To Do", "Medium")
	b.reads("[data-test=carried]", "Jira says how far it is: move TRK-1 there")
	if i, is := double.Issue("TRK-1"); !is || i.Custom["customfield_10042"] == nil {
		b.t.Errorf("Jira has %+v", i)
	}

	// Move the card on Jira's board; the bar in the queue has moved.
	now.pass(26 * 3600e9)
	row := "#main .q [data-followup=" + first + "]"
	b.open(link.Queue)
	b.reads(row, "TRK-1 To Do", "waiting 26 h")
	b.do("open the board", chromedp.Navigate(jira+"/board"), chromedp.WaitVisible(chromedp.CSS("article[data-issue=TRK-1]")))
	b.choose("article[data-issue=TRK-1] select[name=status]", "In Progress")
	b.press("article[data-issue=TRK-1] form button")
	read()
	now.pass(5 * 3600e9)
	b.open(link.Queue)
	b.reads(row, "TRK-1 In Progress", "working 5 h")
	if answer[int](b, "document.querySelectorAll('"+row+" .trk rect').length") < 2 {
		b.t.Errorf("the bar has not moved: %s", answer[string](b, "document.querySelector('"+row+" .trk').innerHTML"))
	}

	// Link one that is there, found by words.
	double.Seed(jiratest.Seed{Project: "TRK", Summary: "Vouchers are read from a replica that lags"})
	second := promise("Read vouchers from the primary")
	b.fill("#find", "replica lags")
	b.press("[data-test=find] button")
	b.reads("[data-test=found]", "TRK-2", "Vouchers are read from a replica that lags")
	b.press("[data-test=found] form button")
	b.reads("main", "Linked. Its history is read within a minute.")
	read()
	b.open(link.Ref(second))
	b.reads("[data-test=ticket]", "TRK-2", "To Do")

	// Both sides change the title: nothing is overwritten, and a person chooses.
	id, err := followup.ParseID(first)
	if err != nil {
		b.t.Fatal(err)
	}
	boss := account.AsCommand("test")
	if _, err := a.words.followUps.Edit(b.t.Context(), boss, id, 0, func(f *followup.FollowUp) error { f.Title = "Test: redeem it at once"; return nil }); err != nil {
		b.t.Fatal(err)
	}
	double.Change("TRK-1", func(i *jiratest.Issue) { i.Summary, i.Updated = "Test: redeem within a second", now.time() })
	read()
	b.reads("h1", "one conflict needs a choice")
	b.open(link.Ref(first))
	b.reads("[data-conflict=summary]", "Test: redeem it at once", "Test: redeem within a second")
	b.press("[data-conflict=summary] button[value=jira]")
	b.reads("h1", "Test: redeem within a second")
	b.reads("main", "Jira’s is kept.")

	// A ticket that Jira refuses is a dead letter, until somebody gives Jira what it lacks.
	project(impact("customfield_10042"), impact("customfield_10043"))
	third := promise("Alert on the lag of the replica")
	b.press("[data-test=file] button")
	read()
	b.reads("[data-test=dead]", third, "Customer impact is required.")
	b.open(link.Ref(third))
	b.reads("[data-test=ticket]", "Jira refused to file it", "Customer impact is required.")
	project(impact("customfield_10042"))
	b.open(link.Jira)
	b.press("[data-dead=" + third + "] form[action$='/again'] button")
	b.reads("main", "It is asked for again.")
	read()
	if strings.Contains(b.text("main"), "Dead letters") {
		b.t.Errorf("the dead letter is still there: %s", b.text("[data-test=dead]"))
	}
	read()
	b.open(link.Ref(third))
	b.reads("[data-test=ticket]", "TRK-3", "To Do")
}
