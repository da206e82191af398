package digest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/dispatch"
	"upshot/app/fault"
	"upshot/app/job"
)

// Store keeps letters, their mails, and who gets them.
type Store interface {
	Reads
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Enqueue(ctx context.Context, args interface{ Kind() string }) error
	Installation(ctx context.Context) (string, error)
	Users(ctx context.Context) ([]account.User, error)

	// BeginDigests writes down the settings of scopes that have none yet.
	BeginDigests(ctx context.Context, all []Settings) error
	DigestSettings(ctx context.Context) ([]Settings, error)
	ChangeDigest(ctx context.Context, s Settings) error

	// CreateDigestRun writes a letter down with its mails; false: it was already.
	CreateDigestRun(ctx context.Context, run Run, mails []Mail) (bool, error)
	DigestRun(ctx context.Context, scope Scope, week Week) (Run, error)
	DigestRunByID(ctx context.Context, id RunID) (Run, error)

	DigestMailsOf(ctx context.Context, run RunID, limit int) ([]Mail, error)

	// AddDigestMails writes down those that are not there yet.
	AddDigestMails(ctx context.Context, all []Mail) error
	// ClaimDigestMail takes the one that is due longest, for as long as the lease; false: none is due.
	ClaimDigestMail(ctx context.Context, holder string, now, until time.Time) (Mail, bool, error)
	// HandDigestMail marks a claimed one as being handed over; false: somebody else has it.
	HandDigestMail(ctx context.Context, m Mail, until time.Time) (bool, error)
	// SettleDigestMail writes what became of a claimed one, unless somebody else has claimed it since.
	SettleDigestMail(ctx context.Context, m Mail) (bool, error)
	UpdateDigestMail(ctx context.Context, id MailID, change func(*Mail) error) (Mail, error)
	DigestMailByToken(ctx context.Context, token string) (Mail, error)
	// DropDigestMails drops a scope's letters to an address that are not sent yet, DropDigestReminders a person's reminders.
	DropDigestMails(ctx context.Context, scope Scope, address string) error
	DropDigestReminders(ctx context.Context, user account.UserID) error

	DigestSubscriptions(ctx context.Context, scope Scope) ([]Subscription, error)
	DigestSubscriptionByToken(ctx context.Context, token string) (Subscription, error)
	PutDigestSubscription(ctx context.Context, sub Subscription) (Subscription, error)
	DropDigestSubscription(ctx context.Context, scope Scope, id SubscriptionID) error
	DigestPeople(ctx context.Context) (map[account.UserID]Person, error)
	PutDigestPerson(ctx context.Context, p Person) error
	DigestRefusals(ctx context.Context) (map[string]Refusal, error)
	PutDigestRefusal(ctx context.Context, r Refusal) error
	DropDigestRefusal(ctx context.Context, address string) error
}

// Posting is a connection to the mail server, for mails one after the other.
type Posting interface {
	Send(ctx context.Context, m dispatch.Mail) error
	Broken() bool // it takes no more
	Close()
}

// Message is a short mail: a reminder, or a question.
type Message struct {
	Subject, Title, Text string
	Link, LinkText       string
	Foot                 string
	Stop                 string // address that ends such mails; empty: there is none
}

// Service writes letters and sends them. Any number of replicas may run it at the same time.
type Service struct {
	Store Store
	Log   audit.Log
	// Ready tells whether mail can be sent, Open comes to be let in by the server.
	Ready func() bool
	Open  func(ctx context.Context) (Posting, error)
	// Letter and Short give a letter's and a short mail's looks: subject, text and page.
	Letter  func(ctx context.Context, l Letter) (subject, text, html string, err error)
	Short   func(ctx context.Context, m Message) (text, html string, err error)
	Logger  *slog.Logger
	Now     func() time.Time
	BaseURL string         // of this Upshot, without a slash at the end
	Zone    *time.Location // of the organisation
	Poll    time.Duration  // how often Jira is read
	Holder  string         // this process, among the replicas
	Lease   time.Duration  // how long a claim lasts whose process died: longer than sending one mail takes
}

// LookArgs are the job that writes the letters that are due, and sends what waits.
type LookArgs struct{ job.Minutely }

// Kind names the job.
func (LookArgs) Kind() string { return "digest_look" }

// SoonArgs are the same job after something changed.
type SoonArgs struct{ job.Soon }

// Kind names the job.
func (SoonArgs) Kind() string { return "digest_soon" }

// NudgeArgs are the job that writes single reminders for those who chose them.
type NudgeArgs struct{ job.Once }

// Kind names the job.
func (NudgeArgs) Kind() string { return "digest_nudges" }

var self = account.AsJob("letters")

// Run writes the letters that are due, and sends everything that waits.
func (s *Service) Run(ctx context.Context) error {
	return errors.Join(s.writeDue(ctx), s.sendDue(ctx))
}

// Scopes are the organisation and every team that is not archived, each with its settings.
func (s *Service) Scopes(ctx context.Context) ([]Settings, error) {
	all, _, err := s.scopes(ctx)
	return all, err
}

// begun are the same, after those that have no settings yet were given the usual ones.
func (s *Service) begun(ctx context.Context) ([]Settings, error) {
	all, missing, err := s.scopes(ctx)
	if err == nil && len(missing) > 0 {
		err = s.Store.BeginDigests(ctx, missing)
	}
	return all, err
}

func (s *Service) scopes(ctx context.Context) (all, missing []Settings, err error) {
	teams, err := s.Store.Teams(ctx, self)
	if err != nil {
		return nil, nil, err
	}
	known, err := s.Store.DigestSettings(ctx)
	if err != nil {
		return nil, nil, err
	}
	of := map[Scope]Settings{}
	for _, k := range known {
		of[k.Scope] = k
	}
	scopes := []Scope{{}}
	for _, t := range teams {
		if t.ArchivedAt.IsZero() {
			scopes = append(scopes, Scope{t.ID})
		}
	}
	for _, scope := range scopes {
		d, there := of[scope]
		if !there {
			d = Settings{Scope: scope, When: Monday7, Since: s.Now()}
			missing = append(missing, d)
		}
		all = append(all, d)
	}
	return all, missing, nil
}

// ScopeOf gives the settings of one scope, which has some from then on.
func (s *Service) ScopeOf(ctx context.Context, scope Scope) (Settings, error) {
	all, err := s.begun(ctx)
	if err != nil {
		return Settings{}, err
	}
	for _, d := range all {
		if d.Scope == scope {
			return d, nil
		}
	}
	return Settings{}, fault.New(fault.NotFound, "There is no such letter.")
}

// NameOf is what a scope's letters are called.
func (s *Service) NameOf(ctx context.Context, scope Scope) (string, error) {
	if scope.Team == 0 {
		return "every team", nil
	}
	teams, err := s.Store.Teams(ctx, self)
	for _, t := range teams {
		if t.ID == scope.Team {
			return oneLine(t.Name), nil
		}
	}
	return "a team", err
}

// writeDue writes the latest letter of every scope that is due and not written. After days without a running program that is one
// letter, not one for each week.
func (s *Service) writeDue(ctx context.Context) error {
	all, err := s.begun(ctx)
	if err != nil {
		return err
	}
	zones, err := s.zones(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range all {
		zone := zones[d.Scope]
		week := d.When.Latest(s.Now(), zone)
		if d.When.Due(week, zone).Before(d.Since) || d.Latest >= week.String() {
			continue
		}
		if _, err := s.write(ctx, d, week); err != nil { // the others are written all the same
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// zones are those of every scope.
func (s *Service) zones(ctx context.Context) (map[Scope]*time.Location, error) {
	teams, err := s.Store.Teams(ctx, self)
	zones := map[Scope]*time.Location{{}: s.Zone}
	for _, t := range teams {
		zones[Scope{t.ID}] = ZoneOf(t)
	}
	return zones, err
}

// write writes a letter down with a mail for each of its recipients; false: it was already.
func (s *Service) write(ctx context.Context, d Settings, week Week) (bool, error) {
	run, l, err := s.compose(ctx, d, week, false)
	if err != nil {
		return false, err
	}
	readers, err := s.Readers(ctx, d.Scope)
	if err != nil {
		return false, err
	}
	run.Skipped = d.OnlyDecisions && l.Decisions == 0
	var mails []Mail
	if !run.Skipped && s.Ready() {
		mails = mailsOf(run, readers, run.MadeAt, run.DueAt.Location())
	}
	made, err := s.Store.CreateDigestRun(ctx, run, mails)
	if err != nil {
		return false, fmt.Errorf("write the letter of %s about %s: %w", d.Scope, week, err)
	}
	if made {
		s.Logger.InfoContext(ctx, "a letter is written", "scope", d.Scope.String(), "week", week.String(), "mails", len(mails))
	}
	return made, nil
}

// mailsOf are a mail of a letter for each of those who get it now.
func mailsOf(run Run, readers Readers, now time.Time, zone *time.Location) []Mail {
	var mails []Mail
	for _, to := range Sendable(readers.Recipients(run.Scope, run.Decisions, now.In(zone).Format(time.DateOnly))) {
		mails = append(mails, Mail{
			Run: run.ID, Kind: OfLetter, Once: fmt.Sprintf("letter:%s:%s:%s", run.Scope, run.Week, strings.ToLower(to.Address)), Scope: run.Scope,
			Address: to.Address, User: to.User, Token: rand.Text(), State: Waiting, NextAt: now, CreatedAt: now,
		})
	}
	return mails
}

// Preview is the letter as it would be written now.
func (s *Service) Preview(ctx context.Context, d Settings, week Week) (Run, error) {
	run, _, err := s.compose(ctx, d, week, true)
	return run, err
}

func (s *Service) compose(ctx context.Context, d Settings, week Week, preview bool) (Run, Letter, error) {
	facts, err := s.Facts(ctx, d, week)
	if err != nil {
		return Run{}, Letter{}, err
	}
	facts.Preview = preview
	l := NewLetter(facts)
	run := Run{Scope: d.Scope, Week: week, DueAt: d.When.Due(week, facts.Zone), MadeAt: facts.Now, Decisions: l.Decisions}
	run.Subject, run.Text, run.HTML, err = s.Letter(ctx, l)
	return run, l, err
}

// Readers are those of whom a scope's recipients are chosen.
func (s *Service) Readers(ctx context.Context, scope Scope) (r Readers, err error) {
	if r.Users, err = s.Store.Users(ctx); err != nil {
		return r, err
	}
	if r.Subscriptions, err = s.Store.DigestSubscriptions(ctx, scope); err != nil {
		return r, err
	}
	if r.People, err = s.Store.DigestPeople(ctx); err != nil {
		return r, err
	}
	r.Refused, err = s.Store.DigestRefusals(ctx)
	return r, err
}

// SendNow writes a scope's letter about a week that is over and sends it, although its time has not come.
func (s *Service) SendNow(ctx context.Context, actor account.Actor, d Settings, week Week) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	if !s.Ready() {
		return fault.New(fault.Conflict, "No mail server is set: see UPSHOT_SMTP_URL.")
	}
	zones, err := s.zones(ctx)
	if err != nil {
		return err
	}
	if week.Ends(zones[d.Scope]).After(s.Now()) {
		return fault.New(fault.Conflict, "Week %s is not over; a preview shows it so far.", week)
	}
	made, err := s.write(ctx, d, week)
	if err != nil {
		return err
	}
	if err := s.sendKept(ctx, d.Scope, week, zones[d.Scope], made); err != nil {
		return err
	}
	return s.sendDue(ctx)
}

// sendKept writes the mails of a letter that is there and of which there are none: it was kept without a mail server, or since there was
// nothing to decide. The key of each sees to it that nobody gets two.
func (s *Service) sendKept(ctx context.Context, scope Scope, week Week, zone *time.Location, justMade bool) error {
	run, err := s.Store.DigestRun(ctx, scope, week)
	if err != nil {
		return err
	}
	sent, err := s.Store.DigestMailsOf(ctx, run.ID, 1)
	if err != nil {
		return err
	}
	if len(sent) > 0 {
		if justMade {
			return nil
		}
		return fault.New(fault.Conflict, "The letter about %s went out already, and nobody gets it twice.", week)
	}
	readers, err := s.Readers(ctx, scope)
	if err != nil {
		return err
	}
	mails := mailsOf(run, readers, s.Now(), zone)
	if len(mails) == 0 {
		return fault.New(fault.Conflict, "Nobody gets the letter about %s just now: it is kept, and went to no one.", week)
	}
	return s.Store.AddDigestMails(ctx, mails)
}

// SendMe sends somebody a letter, as it went out or as it would be now: one a minute, since the address of a profile is anybody's whom
// its owner writes there.
func (s *Service) SendMe(ctx context.Context, u account.User, d Settings, week Week) error {
	switch {
	case u.Email == "":
		return fault.New(fault.Conflict, "Your profile has no mail address.")
	case !s.Ready():
		return fault.New(fault.Conflict, "No mail server is set: see UPSHOT_SMTP_URL.")
	}
	run, err := s.Store.DigestRun(ctx, d.Scope, week)
	if fault.Is(err, fault.NotFound) {
		run, err = s.Preview(ctx, d, week)
	}
	if err != nil {
		return err
	}
	now := s.Now()
	m := Mail{
		Kind: OwnCopy, Once: fmt.Sprintf("own:%d:%d", u.ID, now.Unix()/60), Scope: d.Scope, Address: u.Email, User: u.ID, Token: rand.Text(),
		Subject: run.Subject, Text: run.Text, HTML: run.HTML, State: Waiting, NextAt: now, CreatedAt: now,
	}
	return s.add(ctx, m)
}

// add writes a mail down and has it sent soon.
func (s *Service) add(ctx context.Context, m Mail) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.AddDigestMails(ctx, []Mail{m}); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, SoonArgs{})
	})
}

// ChangeWhen changes when a scope's letters go out, and whether in every week.
func (s *Service) ChangeWhen(ctx context.Context, actor account.Actor, d Settings) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	before, err := s.ScopeOf(ctx, d.Scope)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.ChangeDigest(ctx, d); err != nil {
			return err
		}
		said := func(d Settings) map[string]any {
			return map[string]any{"when": d.When.String(), "only_decisions": d.OnlyDecisions}
		}
		return s.event(ctx, actor, d.Scope, "changed when the letter goes out", said(before), said(d))
	})
}

// Wish says whether a person wants a scope's letters.
func (s *Service) Wish(ctx context.Context, u account.User, scope Scope, wanted bool) error {
	if _, err := s.ScopeOf(ctx, scope); err != nil {
		return err
	}
	return s.wish(ctx, scope, u.ID, u.Email, wanted)
}

func (s *Service) wish(ctx context.Context, scope Scope, user account.UserID, address string, wanted bool) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		sub := Subscription{Scope: scope, User: user, Wanted: wanted, Token: rand.Text(), CreatedAt: s.Now()}
		if user == 0 {
			sub.Address = address
		}
		if _, err := s.Store.PutDigestSubscription(ctx, sub); err != nil || wanted {
			return err
		}
		if err := s.endOthers(ctx, sub, address); err != nil {
			return err
		}
		return s.Store.DropDigestMails(ctx, scope, address)
	})
}

// endOthers ends by what else the letters of a scope would still come to an address: as a person's, or as one beside the people.
func (s *Service) endOthers(ctx context.Context, ended Subscription, address string) error {
	if address == "" {
		return nil
	}
	known, err := s.Store.DigestSubscriptions(ctx, ended.Scope)
	if err != nil {
		return err
	}
	for _, k := range known {
		if ended.User != 0 && k.User == 0 && k.Wanted && strings.EqualFold(k.Address, address) {
			k.Wanted = false
			if _, err := s.Store.PutDigestSubscription(ctx, k); err != nil {
				return err
			}
		}
	}
	users, err := s.Store.Users(ctx)
	for _, u := range users {
		if u.ID == ended.User || !strings.EqualFold(u.Email, address) {
			continue
		}
		sub := Subscription{Scope: ended.Scope, User: u.ID, Token: rand.Text(), CreatedAt: s.Now()}
		if _, err := s.Store.PutDigestSubscription(ctx, sub); err != nil {
			return err
		}
	}
	return err
}

// Take says how a person takes letters.
func (s *Service) Take(ctx context.Context, p Person) error {
	var c fault.Check
	if p.PausedUntil != "" {
		_, err := time.Parse(time.DateOnly, p.PausedUntil)
		c.That(err == nil, "paused_until", "Write a date such as 2027-01-15, or nothing.")
	}
	if err := c.Err(); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error { return s.take(ctx, p) })
}

// take writes how a person takes letters; reminders that wait go no more to whoever wants none.
func (s *Service) take(ctx context.Context, p Person) error {
	if err := s.Store.PutDigestPerson(ctx, p); err != nil || p.Nudges {
		return err
	}
	return s.Store.DropDigestReminders(ctx, p.User)
}

// addressMax is how long an address may be (RFC 5321, 4.5.3.1), in bytes.
const addressMax = 254

// Ask asks an address beside the people whether it wants a scope's letters: it gets a link, and nothing else until that is followed.
func (s *Service) Ask(ctx context.Context, actor account.Actor, scope Scope, name, address string) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	if !s.Ready() {
		return fault.New(fault.Conflict, "No mail server is set: see UPSHOT_SMTP_URL.")
	}
	address = strings.ToLower(strings.TrimSpace(address))
	at, err := mail.ParseAddress(address)
	var c fault.Check
	c.That(len(address) <= addressMax, "address", "A mail address has at most %d characters.", addressMax)
	c.That(len(address) > addressMax || err == nil && at.Address == address && utf8.ValidString(address), "address", "%q is no mail address.", address)
	if err := c.Err(); err != nil {
		return err
	}
	if _, err := s.ScopeOf(ctx, scope); err != nil {
		return err
	}
	now := s.Now()
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		known, err := s.Store.DigestSubscriptions(ctx, scope)
		if err != nil {
			return err
		}
		for _, k := range known {
			if k.User == 0 && k.Address == address && k.Good() {
				return fault.New(fault.Conflict, "%s gets this letter already.", address)
			}
		}
		sub, err := s.Store.PutDigestSubscription(ctx, Subscription{Scope: scope, Address: address, Wanted: true, Token: rand.Text(), CreatedAt: now})
		if err != nil {
			return err
		}
		m := Mail{
			Kind: Confirm, Once: fmt.Sprintf("confirm:%d:%s", sub.ID, now.Format(time.DateOnly)), Scope: scope, Address: address, Token: rand.Text(),
			Subject: "Does this address want the weekly letter of " + name + "?", State: Waiting, NextAt: now, CreatedAt: now,
		}
		m.Text, m.HTML, err = s.Short(ctx, Message{
			Subject: m.Subject, Title: m.Subject, Text: fmt.Sprintf("%s asked for it in Upshot. Nothing is sent here until you say yes.", oneLine(actor.Name)),
			Link: s.BaseURL + "/letters/confirm/" + sub.Token, LinkText: "Yes, send it here", Foot: "Whoever does not want it need not do anything.",
		})
		if err != nil {
			return err
		}
		if err := s.add(ctx, m); err != nil {
			return err
		}
		return s.event(ctx, actor, scope, "asked an address whether it wants the letter", nil, map[string]any{"address": address})
	})
}

// Forget takes an address beside the people off the list.
func (s *Service) Forget(ctx context.Context, actor account.Actor, scope Scope, id SubscriptionID) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.DropDigestSubscription(ctx, scope, id); err != nil {
			return err
		}
		return s.event(ctx, actor, scope, "took an address off the letter's list", nil, nil)
	})
}

// Confirmed is the subscription whose link bears the token; Confirm says yes by it.
func (s *Service) Confirmed(ctx context.Context, token string) (Subscription, error) {
	return s.Store.DigestSubscriptionByToken(ctx, token)
}

// Confirm says yes by the token of a link.
func (s *Service) Confirm(ctx context.Context, token string) (Subscription, error) {
	var sub Subscription
	err := s.Store.InTx(ctx, func(ctx context.Context) (err error) {
		if sub, err = s.Store.DigestSubscriptionByToken(ctx, token); err != nil {
			return err
		}
		sub.Wanted, sub.ConfirmedAt = true, s.Now()
		sub, err = s.Store.PutDigestSubscription(ctx, sub)
		return err
	})
	return sub, err
}

// Stopping is the mail whose link bears the token.
func (s *Service) Stopping(ctx context.Context, token string) (Mail, error) {
	return s.Store.DigestMailByToken(ctx, token)
}

// Stop ends what a mail is one of, by the token of its link: the letters of its scope to its address, or single reminders.
func (s *Service) Stop(ctx context.Context, token string) (Mail, error) {
	m, err := s.Store.DigestMailByToken(ctx, token)
	if err != nil {
		return m, err
	}
	if m.Kind == OfNudge {
		return m, s.Store.InTx(ctx, func(ctx context.Context) error {
			people, err := s.Store.DigestPeople(ctx)
			if err != nil {
				return err
			}
			p := people[m.User]
			p.User, p.Nudges = m.User, false
			return s.take(ctx, p)
		})
	}
	return m, s.wish(ctx, m.Scope, m.User, m.Address, false)
}

// Again sends a mail again that came to nothing. Of one in doubt somebody decides that twice is better than never.
func (s *Service) Again(ctx context.Context, actor account.Actor, id MailID) (Mail, error) {
	var m Mail
	if err := actor.May(account.Editor); err != nil {
		return m, err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) (err error) {
		m, err = s.Store.UpdateDigestMail(ctx, id, func(m *Mail) error {
			if m.State != Failed && m.State != Doubt {
				return fault.New(fault.Conflict, "This mail is %s.", m.State)
			}
			wanted, err := s.wanted(ctx, *m)
			if err == nil && !wanted {
				err = fault.New(fault.Conflict, "Such mails are not wanted there any more.")
			}
			if err != nil {
				return err
			}
			m.State, m.Attempt, m.Died, m.NextAt, m.CreatedAt = Waiting, 0, 0, s.Now(), s.Now()
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.Store.DropDigestRefusal(ctx, m.Address); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, SoonArgs{})
	})
	return m, err
}

// wanted tells whether nobody has ended such mails since this one was written.
func (s *Service) wanted(ctx context.Context, m Mail) (bool, error) {
	switch m.Kind {
	case OfNudge:
		people, err := s.Store.DigestPeople(ctx)
		return people[m.User].Nudges, err
	case OfLetter:
		subs, err := s.Store.DigestSubscriptions(ctx, m.Scope)
		for _, sub := range subs {
			if sub.User != 0 && sub.User == m.User || m.User == 0 && sub.User == 0 && strings.EqualFold(sub.Address, m.Address) {
				return sub.Good(), err
			}
		}
		return m.User != 0, err // a member needs none; an address without one was taken off
	}
	return true, nil
}

// Trust lets letters go again to an address that a mail server refused.
func (s *Service) Trust(ctx context.Context, actor account.Actor, address string) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.Store.DropDigestRefusal(ctx, address)
}

func (s *Service) event(ctx context.Context, actor account.Actor, scope Scope, action string, before, after map[string]any) error {
	subject := audit.Settings
	if scope.Team != 0 {
		subject = audit.Team
	}
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: subject, SubjectID: int64(scope.Team), Action: action, Before: audit.Fields(before), After: audit.Fields(after),
	})
}
