package app

import (
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/views/link"
)

// testClock starts at the present and goes on only when it is told to: a session ends by it too.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func newTestClock() *testClock { return &testClock{now: clock()} }

func (c *testClock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// The whole way of one failure: it happens, is known again, is understood, a test against it is promised and waits,
// it happens again meanwhile, and only the proof of the test lets the incident be closed.
func TestTheLoop(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newTestClock()
			b, a := openEmpty(t, now.time)
			addPerson(t, a)
			addCheckout(t, a)
			if !scripts {
				b.withoutScripts()
			}
			theLoop(b, now)
		})
	}
}

// addCheckout adds a team and its service.
func addCheckout(t *testing.T, a *App) {
	t.Helper()
	boss := account.AsCommand("test")
	team, err := a.words.catalog.AddTeam(t.Context(), boss, catalog.Team{Name: "Payments", Slug: "payments", Kind: catalog.Development, Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	service := catalog.Service{Name: "checkout", Slug: "checkout", Builder: team.ID, OnCall: team.ID}
	if _, err := a.words.catalog.AddService(t.Context(), boss, service); err != nil {
		t.Fatal(err)
	}
}

func theLoop(b *browser, now *testClock) {
	b.t.Helper()
	b.signIn()
	b.reads("header", "Report incident")

	earlier := b.report("Checkout rejects every voucher code", "SEV3")
	now.pass(20 * time.Minute)
	b.resolve()

	now.pass(6 * time.Hour)
	known := b.report("Voucher code rejected in checkout", "SEV2")
	b.reads("#similar [data-incident="+earlier+"]", "same service")
	b.press("#similar [data-incident=" + earlier + "] form[action$='/similar/join'] button")
	b.reads("[data-test=occurrence]", "2nd occurrence")
	now.pass(30 * time.Minute)
	b.resolve()
	b.reads("[data-test=gate]", "No confirmed cause", "no change of practice")

	b.press("main a[href$='/" + known + "/notes']")
	b.click("[name=kind][value=cause]")
	b.fill("#body", "Vouchers are read from a replica that lags behind by minutes.")
	b.choose("#cause_class", "data")
	b.choose("#confidence", "high")
	b.press("main form .btn.primary")
	b.reads("#notes", "Confirmed cause", "lags behind by minutes")

	b.press("#followups a[href*='/followups/new']")
	b.fill("#title", "Test: redeem a voucher the moment it is issued")
	b.click("[name=kind][value=automated_test]")
	b.click("[name=purpose][value=prevent]")
	b.choose("#team", "payments")
	b.click("[name=queue]")
	b.press("main form .btn.primary")
	promised := anyRef.FindString(b.at)
	b.reads("[data-test=state]", "proposed")
	b.press("[data-test=step-queue] button")
	b.reads("[data-test=state]", "waiting")

	now.pass(26 * time.Hour)
	row := "#main .q [data-followup=" + promised + "]"
	b.open(link.Queue)
	b.reads(row, "waiting 26 h", "no recurrence")
	before := b.marks(row)

	b.open(link.Ref(known))
	b.press("[data-test=occurrence] a")
	b.press("main a[href$='/again']") // the first click
	b.press("main form .btn.primary") // the second
	b.reads("[data-test=occurrence]", "3rd occurrence")
	now.pass(45 * time.Minute)
	b.resolve()

	b.open(link.Queue)
	b.reads("h1", "1 fix is waiting")
	b.reads(row, "recurred 1×", "45 min")
	if after := b.marks(row); after != before+1 {
		b.t.Errorf("the bar has %d marks of recurrences, and had %d before it happened again", after, before)
	}
	b.open(link.Ref(promised))
	b.reads("[data-test=ledger]", "recurred while it waited", "1×", "45 min")

	b.press("[data-test=step-start] button")
	b.reads("[data-test=state]", "working")
	now.pass(5 * time.Hour)
	b.press("[data-test=step-done] button")
	b.reads("main", "evidence")
	b.reads("[data-test=state]", "working")
	b.fill("[data-test=step-done] [name=evidence_url]", "https://ci.example.com/vouchers/17")
	b.press("[data-test=step-done] button")
	b.reads("[data-test=state]", "done")

	b.open(link.Ref(known))
	b.press("main .head a[href$='/close']")
	b.press("main form .btn.primary")
	b.reads("[data-test=status]", "closed")
}

var anyRef = regexp.MustCompile(`(INC|PRB|FU)-\d+`)

// report reports that something happens to checkout just now, and gives its reference.
func (b *browser) report(title, severity string) (ref string) {
	b.t.Helper()
	b.press("header > a[href='" + link.ReportIncident + "']")
	b.fill("#title", title)
	b.choose("#services", "checkout")
	b.click("[name=severity][value=" + severity + "]")
	b.press("main form .btn.primary")
	b.reads("h1", title)
	b.reads("[data-test=status]", "open")
	return anyRef.FindString(b.at)
}

// resolve ends the incident that is open in the browser by a restart.
func (b *browser) resolve() {
	b.t.Helper()
	b.press("main a[href$='/resolve']")
	b.choose("#ended_by", "restart")
	b.press("main form .btn.primary")
	b.reads("[data-test=status]", "resolved")
}

// marks counts the recurrences that are drawn.
func (b *browser) marks(row string) int {
	b.t.Helper()
	return answer[int](b, "document.querySelectorAll("+strconv.Quote(row+" .trk path.rec")+").length")
}

func TestEverythingIsReachedByKeyboard(t *testing.T) {
	t.Parallel()
	b, a := openEmpty(t, clock)
	addPerson(t, a)
	b.signIn()
	b.open(link.Home)

	b.keys(kb.Tab)
	b.focusIs("a.skip")
	b.keys(kb.Enter, kb.Tab)
	if !b.focused("main *") {
		t.Error("the skip link does not lead past the navigation")
	}

	b.open(link.Home)
	for range 40 {
		if b.keys(kb.Tab); b.focused("header a[href='" + link.ReportIncident + "']") {
			break
		}
	}
	b.focusIs("header a[href='" + link.ReportIncident + "']")
	b.wait("the form", func() { b.keys(kb.Enter) }, "location.pathname === '"+link.ReportIncident+"' && document.querySelector('#title')")
	for range 40 {
		if b.keys(kb.Tab); b.focused("#title") {
			break
		}
	}
	b.focusIs("#title")
	b.keys("Search finds nothing")
	b.wait("the incident", func() { b.keys(kb.Enter) }, "/INC-/.test(location.pathname)")
	b.reads("h1", "Search finds nothing")
}

// keys presses keys one after another.
func (b *browser) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do("press a key", chromedp.KeyEvent(k))
	}
}

// focused tells whether the focus is on what the selector names.
func (b *browser) focused(selector string) bool {
	b.t.Helper()
	return answer[bool](b, "document.activeElement.matches("+strconv.Quote(selector)+")")
}

// focusIs fails the test unless the focus is there, inside the window, with a ring around it.
func (b *browser) focusIs(selector string) {
	b.t.Helper()
	if !b.focused(selector) {
		b.t.Fatalf("the focus is not on %s at %s but on %s", selector, b.at, answer[string](b, "document.activeElement.outerHTML.slice(0, 200)"))
	}
	const visible = `(() => {
		const e = document.activeElement, box = e.getBoundingClientRect(), look = getComputedStyle(e);
		return box.width > 1 && box.height > 1 && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight &&
			look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
	})()`
	if !answer[bool](b, visible) {
		b.t.Errorf("the focus on %s at %s can't be seen", selector, b.at)
	}
}

// wait does something and waits until a condition holds, on this page or the next.
func (b *browser) wait(what string, do func(), condition string) {
	b.t.Helper()
	do()
	until := time.Now().Add(20 * time.Second)
	for time.Now().Before(until) {
		met, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && !!("+condition+")"))
		if err == nil && met { // between two pages there is nothing to ask
			b.at = answer[string](b, "location.pathname")
			return
		}
	}
	b.t.Fatalf("%s does not come after %s", what, b.at)
}

// What looks like an earlier failure is shown while a report is typed, and one press says that it is the same.
func TestARecurrenceIsSeenWhileItIsTyped(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newTestClock()
			b, a := openEmpty(t, now.time)
			addPerson(t, a)
			addCheckout(t, a)
			if !scripts {
				b.withoutScripts()
			}
			b.signIn()
			earlier := b.report("Checkout rejects every voucher code", "SEV3")
			now.pass(20 * time.Minute)
			b.resolve()

			now.pass(6 * time.Hour)
			b.press("header > a[href='" + link.ReportIncident + "']")
			b.fill("#title", "Voucher codes rejected")
			if !scripts {
				b.press("button[formmethod=get]")
			}
			b.do("see what it may be", chromedp.WaitVisible(chromedp.CSS("#earlier [data-incident="+earlier+"]")))
			b.reads("#earlier [data-incident="+earlier+"]", "Checkout rejects every voucher code", "words: voucher")
			b.press("#earlier [data-incident=" + earlier + "] button")
			b.reads("h1", "Voucher codes rejected")
			b.reads("[data-test=occurrence]", "2nd occurrence")
		})
	}
}
