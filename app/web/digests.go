package web

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/app/fault"
	"upshot/views/digests"
	"upshot/views/layout"
	"upshot/views/link"
)

// digestStore is what the pages read of letters.
type digestStore interface {
	DigestRun(ctx context.Context, scope digest.Scope, week digest.Week) (digest.Run, error)
	DigestRuns(ctx context.Context, scope digest.Scope, limit int) ([]digest.Run, error)
	DigestMailsOf(ctx context.Context, run digest.RunID, limit int) ([]digest.Mail, error)
	TroubledDigestMails(ctx context.Context, since time.Time, limit int) ([]digest.Mail, error)
	StuckDigestMail(ctx context.Context) (m digest.Mail, n int, err error)
	DigestSubscriptionsOf(ctx context.Context, user account.UserID) ([]digest.Subscription, error)
}

// The bounds of the pages.
const (
	lettersShown   = 12
	troubledShown  = 20
	troubledWithin = 14 * 24 * time.Hour
	mailsLookedAt  = 1000
)

// showDigest leads to the letter of the reader's team, else to that of the organisation.
func (w *Web) showDigest(c echo.Context) error {
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	var scope digest.Scope
	for _, t := range teams {
		if int64(t.ID) == userOf(c).Team && t.ArchivedAt.IsZero() {
			scope.Team = t.ID
		}
	}
	return seeOther(c, link.DigestOf(digests.ScopeKey(scope, teams)))
}

// scoped is the scope that the address names.
type scoped struct {
	key      string
	settings digest.Settings
	all      []digest.Settings
	teams    []catalog.Team
	zone     *time.Location
	archived bool // it gets no more letters: those that were written can be read
}

// scopeIn is a scope that gets letters.
func (w *Web) scopeIn(c echo.Context) (scoped, error) {
	s, err := w.anyScopeIn(c)
	if err == nil && s.archived {
		err = fault.New(fault.NotFound, "An archived team gets no letter.")
	}
	return s, err
}

// anyScopeIn is a scope, also of a team that was archived.
func (w *Web) anyScopeIn(c echo.Context) (scoped, error) {
	ctx := c.Request().Context()
	s := scoped{key: c.Param("scope"), zone: w.Digests.Zone}
	var err error
	if s.teams, err = w.Store.Teams(ctx, actorOf(c)); err != nil {
		return s, err
	}
	var scope digest.Scope
	if s.key != link.EveryTeam {
		for _, t := range s.teams {
			if t.Slug == s.key {
				scope.Team, s.zone = t.ID, digest.ZoneOf(t)
			}
		}
		if scope.Team == 0 {
			return s, fault.New(fault.NotFound, "There is no such letter.")
		}
	}
	if s.all, err = w.Digests.Scopes(ctx); err != nil {
		return s, err
	}
	for _, d := range s.all {
		if d.Scope == scope {
			s.settings = d
			return s, nil
		}
	}
	s.settings, s.archived = digest.Settings{Scope: scope}, true
	return s, nil
}

// weekIn is the week that the address names; one that has not begun has no letter.
func (w *Web) weekIn(c echo.Context, s scoped) (digest.Week, error) {
	week, err := digest.ParseWeek(c.Param("week"))
	if err != nil || week.Begins(s.zone).After(w.Now()) {
		return week, fault.New(fault.NotFound, "There is no letter about such a week.")
	}
	return week, nil
}

func (w *Web) showDigestOf(c echo.Context) error {
	if week := c.QueryParam("week"); week != "" {
		asked, err := digest.ParseWeek(week)
		if err != nil {
			return err
		}
		return seeOther(c, link.Letter(c.Param("scope"), asked.String()))
	}
	return w.digestPage(c, http.StatusOK, nil, nil)
}

func (w *Web) digestPage(c echo.Context, status int, typed map[string]string, wrong error) error {
	ctx := c.Request().Context()
	s, err := w.scopeIn(c)
	if err != nil {
		return err
	}
	u := userOf(c)
	d := digests.Data{
		Settings: s.settings, All: s.all, Teams: s.teams, Zone: s.zone, Reader: u, Mail: w.Mail.Ready(), Typed: typed, Wrong: wrong,
		IsAdmin: u.Role.Includes(account.Admin), CanEdit: u.Role.Includes(account.Editor), Clock: w.clock(c),
	}
	if d.Readers, err = w.Digests.Readers(ctx, s.settings.Scope); err != nil {
		return err
	}
	d.Person = d.Readers.People[u.ID]
	if d.Runs, err = w.Store.DigestRuns(ctx, s.settings.Scope, lettersShown); err != nil {
		return err
	}
	if d.Troubled, err = w.Store.TroubledDigestMails(ctx, w.Now().Add(-troubledWithin), troubledShown); err != nil {
		return err
	}
	if d.Stuck, d.StuckAll, err = w.Store.StuckDigestMail(ctx); err != nil {
		return err
	}
	if d.Own, err = w.Store.DigestSubscriptionsOf(ctx, u.ID); err != nil {
		return err
	}
	framed(c)
	return render(c, status, digests.Show(w.frame(c, "Digest", link.Digest), digests.NewShowPage(d)))
}

// framed lets a page hold a letter.
func framed(c echo.Context) {
	c.Response().Header().Set("Content-Security-Policy", policy+"; frame-src 'self'")
}

func (w *Web) showLetter(c echo.Context) error {
	ctx := c.Request().Context()
	s, err := w.anyScopeIn(c)
	if err != nil {
		return err
	}
	week, err := w.weekIn(c, s)
	if err != nil {
		return err
	}
	d := digests.LetterData{
		Scope: s.settings.Scope, Week: week, Teams: s.teams, Mail: w.Mail.Ready(), Clock: w.clock(c),
		Admin: userOf(c).Role.Includes(account.Admin), CanEdit: userOf(c).Role.Includes(account.Editor),
	}
	if d.Archived = s.archived; d.Archived {
		d.Mail = false
	}
	if d.Run, err = w.Store.DigestRun(ctx, s.settings.Scope, week); err != nil && (s.archived || !fault.Is(err, fault.NotFound)) {
		return err
	}
	if err == nil {
		if d.Mails, err = w.Store.DigestMailsOf(ctx, d.Run.ID, mailsLookedAt); err != nil {
			return err
		}
	}
	p := digests.NewLetterPage(d)
	framed(c)
	return render(c, http.StatusOK, digests.Letter(w.frame(c, p.Heading.Title, link.Letter(s.key, week.String())), p))
}

// letterPolicy lets a letter have the styles that stand in it, and nothing else: no script, no form, nothing from anywhere. It is shown
// in our own pages alone.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"

// letterAsked is the letter that the address names: as it was sent, else as it would be now. The link that ends it is a reader's own,
// so it leads to the page instead.
func (w *Web) letterAsked(c echo.Context) (digest.Run, error) {
	ctx := c.Request().Context()
	s, err := w.anyScopeIn(c)
	if err != nil {
		return digest.Run{}, err
	}
	week, err := w.weekIn(c, s)
	if err != nil {
		return digest.Run{}, err
	}
	run, err := w.Store.DigestRun(ctx, s.settings.Scope, week)
	if fault.Is(err, fault.NotFound) && !s.archived {
		run, err = w.Digests.Preview(ctx, s.settings, week)
	}
	return run.Shared(), err
}

func (w *Web) letterAlone(c echo.Context) error {
	run, err := w.letterAsked(c)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", letterPolicy)
	h.Del("Cross-Origin-Opener-Policy")
	// In a page's frame its links lead the page on.
	return c.HTML(http.StatusOK, strings.Replace(run.HTML, "<head>", `<head><base target="_top"/>`, 1))
}

func (w *Web) letterText(c echo.Context) error {
	run, err := w.letterAsked(c)
	if err != nil {
		return err
	}
	return c.String(http.StatusOK, "Subject: "+run.Subject+"\n\n"+run.Text)
}

// sendMeLetter sends a letter to whoever asks.
func (w *Web) sendMeLetter(c echo.Context) error {
	s, err := w.scopeIn(c)
	if err != nil {
		return err
	}
	week, err := w.weekIn(c, s)
	if err != nil {
		return err
	}
	back := link.Letter(s.key, week.String())
	if err := w.Digests.SendMe(c.Request().Context(), userOf(c), s.settings, week); err != nil {
		return w.refused(c, err, back)
	}
	w.flash(c, layout.OK, "It is under way to "+userOf(c).Email+", where one goes a minute.")
	return seeOther(c, back)
}

// subscribe says whether whoever asks wants a letter.
func (w *Web) subscribe(c echo.Context) error {
	s, err := w.scopeIn(c)
	if err != nil {
		return err
	}
	u, wanted := userOf(c), answer(c, "wanted") == "1"
	if wanted && u.Email == "" {
		w.flash(c, layout.Bad, "Your profile has no mail address. Add one there first.")
		return seeOther(c, link.DigestOf(s.key))
	}
	if err := w.Digests.Wish(c.Request().Context(), u, s.settings.Scope, wanted); err != nil {
		return err
	}
	said := "You get no more of these letters."
	if wanted {
		said = "You get this letter from now on."
	}
	w.flash(c, layout.OK, said)
	return seeOther(c, link.DigestOf(s.key))
}

// takeLetters says how whoever asks takes letters.
func (w *Web) takeLetters(c echo.Context) error {
	p := digest.Person{
		User: userOf(c).ID, PausedUntil: strings.TrimSpace(answer(c, "paused_until")), OnlyDecisions: answer(c, "only_decisions") == "1", Nudges: answer(c, "nudges") == "1",
	}
	back := answer(c, "back")
	if back == "" || len(back) > 100 {
		back = link.EveryTeam
	}
	if err := w.Digests.Take(c.Request().Context(), p); err != nil {
		return w.refused(c, err, link.DigestOf(back))
	}
	w.flash(c, layout.OK, "Saved.")
	return seeOther(c, link.DigestOf(back))
}

// changeLetters changes when a scope's letters go out.
func (w *Web) changeLetters(c echo.Context) error {
	s, err := w.scopeIn(c)
	if err != nil {
		return err
	}
	typed := map[string]string{"day": answer(c, "day"), "clock": answer(c, "clock")}
	if s.settings.When, err = digest.ParseWhen(typed["day"], typed["clock"]); err == nil {
		s.settings.OnlyDecisions = answer(c, "only") == "1"
		err = w.Digests.ChangeWhen(c.Request().Context(), actorOf(c), s.settings)
	}
	return w.lettersChanged(c, s, err, typed, "It goes out on "+s.settings.When.String()+".")
}

// askAddress asks an address whether it wants a scope's letters.
func (w *Web) askAddress(c echo.Context) error {
	s, err := w.scopeIn(c)
	if err != nil {
		return err
	}
	typed := map[string]string{"address": answer(c, "address")}
	err = w.Digests.Ask(c.Request().Context(), actorOf(c), s.settings.Scope, digests.NameOf(s.settings.Scope, s.teams), typed["address"])
	return w.lettersChanged(c, s, err, typed, "It is asked.")
}

// lettersChanged leads back after a change, or shows the form again with what is wrong.
func (w *Web) lettersChanged(c echo.Context, s scoped, err error, typed map[string]string, done string) error {
	if status := formStatus(err); status != 0 {
		return w.digestPage(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, done)
	return seeOther(c, link.DigestOf(s.key))
}

// dropAddress takes an address off a scope's list.
func (w *Web) dropAddress(c echo.Context) error {
	s, err := w.scopeIn(c)
	if err != nil {
		return err
	}
	id, err := numberIn(c, "address")
	if err != nil {
		return err
	}
	err = w.Digests.Forget(c.Request().Context(), actorOf(c), s.settings.Scope, digest.SubscriptionID(id))
	return w.lettersChanged(c, s, err, nil, "It gets no more letters.")
}

// letterAgain sends a mail again that came to nothing.
func (w *Web) letterAgain(c echo.Context) error {
	id, err := numberIn(c, "mail")
	if err != nil {
		return err
	}
	if _, err := w.Digests.Again(c.Request().Context(), actorOf(c), digest.MailID(id)); err != nil {
		return w.refused(c, err, link.Digest)
	}
	w.flash(c, layout.OK, "It is sent again.")
	return seeOther(c, link.Digest)
}

// trustAddress lets letters go to an address again.
func (w *Web) trustAddress(c echo.Context) error {
	if err := w.Digests.Trust(c.Request().Context(), actorOf(c), answer(c, "address")); err != nil {
		return err
	}
	w.flash(c, layout.OK, "The next letter goes there again.")
	return seeOther(c, link.Digest)
}

// The links in mails. Whoever has one need not sign in.

// tokenIn is the token of a link. What no text of the database can be is no token: it is empty then, and found nowhere.
func tokenIn(c echo.Context) string {
	token := c.Param("token")
	if !utf8.ValidString(token) || strings.ContainsRune(token, 0) {
		return ""
	}
	return token
}

func (w *Web) askStop(c echo.Context) error {
	m, err := w.Digests.Stopping(c.Request().Context(), tokenIn(c))
	if err != nil {
		return stale(err)
	}
	name, err := w.stopName(c, m)
	if err != nil {
		return err
	}
	return w.plain(c, digests.Plain{
		Title: "Stop " + name + "?", Text: m.Address + " gets no more of them. Whoever has an account may ask for them again.",
		Action: link.StopLetters(m.Token), Button: "Stop them",
	})
}

// stopLetters ends letters by one request, which mail programs send too (RFC 8058).
func (w *Web) stopLetters(c echo.Context) error {
	m, err := w.Digests.Stop(c.Request().Context(), tokenIn(c))
	if err != nil {
		return stale(err)
	}
	name, err := w.stopName(c, m)
	if err != nil {
		return err
	}
	return w.plain(c, digests.Plain{Title: "Stopped", Text: m.Address + " gets no more of " + name + "."})
}

func (w *Web) stopName(c echo.Context, m digest.Mail) (string, error) {
	if m.Kind == digest.OfNudge {
		return "single reminders", nil
	}
	name, err := w.Digests.NameOf(c.Request().Context(), m.Scope)
	return "the weekly letters of " + name, err
}

func (w *Web) askConfirm(c echo.Context) error {
	sub, err := w.Digests.Confirmed(c.Request().Context(), tokenIn(c))
	if err != nil {
		return stale(err)
	}
	name, err := w.Digests.NameOf(c.Request().Context(), sub.Scope)
	if err != nil {
		return err
	}
	return w.plain(c, digests.Plain{
		Title: "The weekly letter of " + name, Text: "Shall it come to " + sub.Address + "? Each letter has a link that ends it.",
		Action: link.ConfirmLetters(sub.Token), Button: "Yes, send it",
	})
}

func (w *Web) confirmLetters(c echo.Context) error {
	sub, err := w.Digests.Confirm(c.Request().Context(), tokenIn(c))
	if err != nil {
		return stale(err)
	}
	return w.plain(c, digests.Plain{Title: "Thank you", Text: "The letter comes to " + sub.Address + " every week."})
}

// stale says that a link leads nowhere any more.
func stale(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "This link is not good any more.")
	}
	return err
}

func (w *Web) plain(c echo.Context, p digests.Plain) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	return render(c, http.StatusOK, digests.Answer(layout.Frame{Title: p.Title}, p))
}
