package app

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"upshot/app/account"
	"upshot/internal/testneed"
	"upshot/static"
	"upshot/views/link"
)

// together is how many tests run at the same time: most wait for clocks, browsers and other processes.
const together = "6"

func TestMain(m *testing.M) {
	account.Hashing = account.CheapHashing
	if err := flag.Set("test.parallel", together); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// serve answers as the App does, on a free port, until the test ends.
func serve(t *testing.T, a *App) (address string) {
	t.Helper()
	server := httptest.NewServer(a.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := a.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return server.URL
}

// testConfig is an empty database in a folder of its own.
func testConfig(t *testing.T) Config {
	t.Helper()
	config := Config{Addr: "127.0.0.1:0", Database: filepath.Join(t.TempDir(), "upshot.db"), Log: "error", LogFormat: "text", SecretKey: "sixteen characters at least"}
	if err := config.Check(); err != nil {
		t.Fatal(err)
	}
	return config
}

// testLog makes trouble of ours visible where it happened.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// browser is a Chromium at one site. Whatever the pages write to its console, refused scripts and styles among it,
// fails the test.
type browser struct {
	t    *testing.T
	ctx  context.Context
	site string
	at   string // the address asked for last, for messages
}

// meant are answers that a page gives on purpose, and that Chromium writes to the console all the same: there is no
// such page, and a form that needs another look.
var meant = regexp.MustCompile(`^Failed to load resource: the server responded with a status of (404|409|422)`)

// patience is how long a step in a browser may take on a machine that does much else.
const patience = time.Minute

// browsers are those that may run at the same time: each keeps a processor busy, and more of them only get in each other's way.
var browsers = make(chan struct{}, 2)

// openBrowser starts a Chromium that talks to nobody but the site and ends with the test.
func openBrowser(t *testing.T, site string) *browser {
	t.Helper()
	path := testneed.Chromium(t)
	browsers <- struct{}{}
	t.Cleanup(func() { <-browsers })
	profile, err := os.MkdirTemp("", "upshot-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.DisableGPU, chromedp.WindowSize(wide, tall),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	}
	if os.Geteuid() == 0 { // Chromium refuses its own sandbox to root
		options = append(options, chromedp.NoSandbox)
	}
	deadline, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	ctx, end := chromedp.NewContext(deadline, chromedp.WithAllocatorOptions(options...))
	b := &browser{t: t, ctx: ctx, site: site}

	console := chromedp.Console(ctx)
	var listening sync.WaitGroup
	listening.Go(func() {
		for m, err := range console {
			if err != nil {
				return
			}
			if meant.MatchString(m.Text) && !strings.Contains(m.URL, static.Prefix) {
				continue
			}
			t.Errorf("the console says at %s: %s", m.URL, m)
		}
	})
	t.Cleanup(func() {
		end()
		listening.Wait()
		stop()
		remove(t, profile)
	})
	return b
}

// The one person of these tests.
const (
	personName     = "mira"
	personPassword = "correct horse battery staple"
)

func addPerson(t *testing.T, a *App) {
	t.Helper()
	_, err := a.words.accounts.AddUser(t.Context(), account.AsCommand("test"),
		account.User{Name: personName, DisplayName: "Mira Solheim", Role: account.Admin, Zone: "Europe/Lisbon"}, personPassword)
	if err != nil {
		t.Fatal(err)
	}
}

// openEmpty opens a browser at an Upshot in which nothing has happened yet.
func openEmpty(t *testing.T, now func() time.Time) (*browser, *App) {
	t.Helper()
	testneed.Chromium(t)
	a, err := New(t.Context(), testConfig(t), testLog(t), now)
	if err != nil {
		t.Fatal(err)
	}
	return openBrowser(t, serve(t, a)), a
}

// signIn signs the one person in by the form.
func (b *browser) signIn() {
	b.t.Helper()
	b.open(link.SignIn)
	b.fill("#name", personName)
	b.fill("#password", personPassword)
	b.press("main form .btn.primary")
}

// remove takes a profile away; Chromium writes in it for a moment after its end.
func remove(t *testing.T, folder string) {
	var err error
	for range 50 {
		if err = os.RemoveAll(folder); err == nil {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Logf("the browser's profile stays behind: %v", err)
}

// do fails the test when a step is not possible within a while.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s, at %s: %v", what, b.at, err)
	}
}

// answer evaluates an expression on the page.
func answer[T any](b *browser, script string, options ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, options...))
	if err != nil {
		b.t.Fatalf("at %s: %v", b.at, err)
	}
	return value
}

// open goes to an address of the site.
func (b *browser) open(address string) {
	b.t.Helper()
	b.at = address
	b.do("open", chromedp.Navigate(b.site+address), chromedp.WaitVisible(chromedp.CSS("main")))
}

// press clicks what leads to another page, and waits for that page.
func (b *browser) press(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.t.Fatalf("press %s at %s: %v\n%s", selector, b.at, err, b.text("main"))
	}
	b.at = answer[string](b, "location.pathname")
}

// back does what the browser's own button does.
func (b *browser) back() {
	b.t.Helper()
	answer[bool](b, "(history.back(), true)")
	from := b.at
	for range 200 { // a page that was kept loads nothing, so there is nothing else to wait for
		if b.at = answer[string](b, "location.pathname"); b.at != from {
			return
		}
		<-time.After(25 * time.Millisecond)
	}
	b.t.Fatalf("going back from %s leads nowhere", from)
}

// click clicks what stays on its page.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// fill types a value into a field in place of what it holds.
func (b *browser) fill(selector, value string) {
	b.t.Helper()
	field := chromedp.CSS(selector)
	b.do("find "+selector, chromedp.WaitVisible(field))
	answer[string](b, fmt.Sprintf("document.querySelector(%q).value = ''", selector))
	b.do("fill "+selector, chromedp.SendKeys(field, value))
}

// choose selects an answer of a list.
func (b *browser) choose(selector, value string) {
	b.t.Helper()
	b.do("choose "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

// text is what a person reads there, in one line.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(answer[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))), " ")
}

// reads fails the test unless a piece of the page says the words.
func (b *browser) reads(selector string, words ...string) {
	b.t.Helper()
	text := b.text(selector)
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.t.Errorf("%s at %s does not say %q but: %s", selector, b.at, w, text)
		}
	}
}

// looks sets the width of the window and the colours that the system prefers.
func (b *browser) looks(width int64, scheme string) {
	b.t.Helper()
	b.do("set the window", chromedp.EmulateViewport(width, tall), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // a colour halfway to another has no contrast
			},
		})
		return err
	}))
}

// withoutScripts keeps the pages from running any.
func (b *browser) withoutScripts() {
	b.t.Helper()
	b.do("switch scripts off", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// The windows that pages are looked at in.
const (
	wide   = 1360
	narrow = 390
	tall   = 900
)
