package digest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/dispatch"
)

// lateSettling is how long what became of a mail may take to be written when the program is about to stop.
const lateSettling = 10 * time.Second

// errTaken breaks a mail off that another process has claimed meanwhile.
var errTaken = errors.New("another process has taken it over")

// sending is one run over what is due.
type sending struct {
	*Service
	installation string
	post         Posting
	run          Run // the letter of the mail before: most are of the same
	names        map[Scope]listName
	disabled     map[account.UserID]bool
}

// left tells whether a person may not sign in any more: then nothing is sent either. Of an address beside the people it is false.
func (r *sending) left(ctx context.Context, user account.UserID) (bool, error) {
	if user == 0 {
		return false, nil
	}
	if r.disabled == nil {
		users, err := r.Store.Users(ctx)
		if err != nil {
			return false, err
		}
		r.disabled = map[account.UserID]bool{}
		for _, u := range users {
			r.disabled[u.ID] = u.Disabled()
		}
	}
	return r.disabled[user], nil
}

// sendDue sends what is due, one after the other on one connection. While the server is away or does not let us in, one mail in each
// run tries it.
func (s *Service) sendDue(ctx context.Context) error {
	if !s.Ready() {
		return nil
	}
	code, err := s.Store.Installation(ctx)
	if err != nil {
		return err
	}
	run := sending{Service: s, installation: code}
	defer run.hangUp()
	for ctx.Err() == nil {
		now := s.Now()
		m, due, err := s.Store.ClaimDigestMail(ctx, s.Holder, now, now.Add(s.Lease))
		if err != nil || !due {
			return err
		}
		goesOn, err := run.one(ctx, m)
		if err != nil {
			return fmt.Errorf("mail %d of a letter: %w", m.ID, err)
		}
		if !goesOn {
			return nil
		}
	}
	return ctx.Err()
}

func (r *sending) hangUp() {
	if r.post != nil {
		r.post.Close()
		r.post = nil
	}
}

// one sends a claimed mail and settles it; false: the server takes none just now.
func (r *sending) one(ctx context.Context, m Mail) (goesOn bool, err error) {
	// A mail that is begun is finished although the program is about to stop: hanging up on the server would leave a doubt.
	late := context.WithoutCancel(ctx)
	settle := func(m Mail) error {
		late, cancel := context.WithTimeout(late, lateSettling)
		defer cancel()
		_, err := r.Store.SettleDigestMail(late, m)
		return err
	}
	if gone, err := r.left(ctx, m.User); err != nil {
		return false, err
	} else if gone {
		m.State = Dropped
		return true, settle(m)
	}
	if m.Died > diesAtMost {
		words := fmt.Sprintf("The program ended %d times while it was about to send it.", m.Died)
		return true, settle(After(m, &dispatch.Trouble{Kind: dispatch.Permanent, Said: words}, r.Now()))
	}
	out, err := r.written(ctx, m)
	if err != nil { // the others are sent all the same
		r.Logger.WarnContext(ctx, "a letter cannot be written", "mail", int64(m.ID), "error", err)
		return true, settle(After(m, dispatch.TroubleOf(err), r.Now()))
	}
	if r.post == nil {
		if r.post, err = r.Open(ctx); err != nil {
			r.post = nil
			if ctx.Err() != nil { // we hung up ourselves
				m.Attempt--
			}
			return false, settle(After(m, dispatch.TroubleOf(err), r.Now()))
		}
	}
	handed := false
	out.Handing = func() error {
		ours, err := r.Store.HandDigestMail(late, m, r.Now().Add(r.Lease))
		if err == nil && !ours {
			err = errTaken
		}
		handed = err == nil
		return err
	}
	err = r.post.Send(late, out)
	if r.post.Broken() {
		r.hangUp()
	}
	now := r.Now()
	if err == nil {
		m.State, m.SentAt, m.Trouble = Sent, now, Told{}
		return true, settle(m)
	}
	trouble := dispatch.TroubleOf(err)
	if handed && trouble.Status == 0 {
		r.Logger.WarnContext(ctx, "the server's answer to a letter was lost", "mail", int64(m.ID), "said", trouble.Said)
		return true, settle(InDoubt(m, "The server's answer was lost: "+trouble.Said, now))
	}
	m = After(m, trouble, now)
	err = r.Store.InTx(late, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, lateSettling)
		defer cancel()
		settled, err := r.Store.SettleDigestMail(ctx, m)
		if err != nil || !settled || !trouble.Recipient || trouble.Kind != dispatch.Permanent {
			return err
		}
		return r.Store.PutDigestRefusal(ctx, Refusal{Address: strings.ToLower(m.Address), Told: m.Trouble})
	})
	// What was said of one recipient says nothing of the next.
	return err == nil && !trouble.Down && (trouble.Recipient || trouble.Kind != dispatch.Configuration), err
}

// listName is what a scope's letters are called in headers.
type listName struct{ id, name string }

// written is a mail as it goes out. What is its recipient's own is put into the letter here.
func (r *sending) written(ctx context.Context, m Mail) (dispatch.Mail, error) {
	if m.Run != 0 {
		if r.run.ID != m.Run {
			run, err := r.Store.DigestRunByID(ctx, m.Run)
			if err != nil {
				return dispatch.Mail{}, err
			}
			r.run = run
		}
		m.Subject, m.Text, m.HTML = r.run.Subject, r.run.Text, r.run.HTML
	}
	out := dispatch.Mail{
		ID: m.MessageID(r.installation), To: []string{m.Address}, Subject: m.Subject, Text: strings.ReplaceAll(m.Text, ForRecipient, m.Token),
		HTML: strings.ReplaceAll(m.HTML, ForRecipient, m.Token), AutoSubmitted: true,
	}
	if m.Kind == Confirm {
		return out, nil
	}
	out.Stop = r.BaseURL + "/letters/stop/" + m.Token
	if m.Kind == OfNudge {
		out.ListID, out.ListName = "reminders", "Upshot, reminders"
		return out, nil
	}
	if r.names == nil {
		teams, err := r.Store.Teams(ctx, self)
		if err != nil {
			return out, err
		}
		r.names = map[Scope]listName{{}: {"every-team.letters", "Upshot, every team"}}
		for _, t := range teams {
			r.names[Scope{t.ID}] = listName{t.Slug + ".letters", "Upshot, " + oneLine(t.Name)}
		}
	}
	out.ListID, out.ListName = r.names[m.Scope].id, r.names[m.Scope].name
	return out, nil
}

// The hours of a person's day in which single reminders are written.
const remindedFrom, remindedUntil = 7, 20

// Remind writes a mail for each reminder that somebody wants in mails of their own and has not had. Each is of one team, to its members.
func (s *Service) Remind(ctx context.Context) error {
	if !s.Ready() {
		return nil
	}
	readers, err := s.Readers(ctx, Scope{})
	if err != nil {
		return err
	}
	now := s.Now()
	var mails []Mail
	known := map[string][]Nudge{} // by team and day
	for _, u := range readers.Users {
		p, local := readers.People[u.ID], now.In(u.Location())
		today := local.Format(time.DateOnly)
		_, refused := readers.Refused[strings.ToLower(u.Email)]
		if !p.Nudges || u.Team == 0 || u.Email == "" || u.Disabled() || refused || p.Paused(today) || local.Hour() < remindedFrom || local.Hour() >= remindedUntil {
			continue
		}
		key := fmt.Sprintf("%d %s", u.Team, today)
		if _, there := known[key]; !there {
			if known[key], _, err = s.nudgesOf(ctx, catalog.TeamID(u.Team), today); err != nil {
				return err
			}
		}
		for _, n := range known[key] {
			m, err := s.reminder(ctx, n)
			if err != nil {
				return err
			}
			m.Once = fmt.Sprintf("nudge:%d:%s", u.ID, n.Key())
			m.Address, m.User, m.Scope, m.Token, m.NextAt, m.CreatedAt = u.Email, u.ID, Scope{catalog.TeamID(u.Team)}, rand.Text(), now, now
			mails = append(mails, m)
		}
	}
	return s.Store.AddDigestMails(ctx, mails)
}

func (s *Service) reminder(ctx context.Context, n Nudge) (Mail, error) {
	m := Mail{Kind: OfNudge, State: Waiting, Subject: fmt.Sprintf("%s: %s, %s", n.Ref, oneLine(n.Title), n.Words)}
	text := asks[n.Kind]
	if n.Note != "" {
		text += " The reason then: " + short(n.Note)
	}
	var err error
	m.Text, m.HTML, err = s.Short(ctx, Message{
		Subject: m.Subject, Title: m.Subject, Text: text, Link: s.BaseURL + pathOf(n.Ref), LinkText: "Open " + n.Ref,
		Foot: "You chose single reminders. They end when the change is verified or declined.", Stop: s.BaseURL + "/letters/stop/" + ForRecipient,
	})
	return m, err
}

// asks is what a reminder is for.
var asks = map[NudgeKind]string{
	DueSoon:   "It is due within a week. Start it, move its day, or write down why not.",
	Due:       "It is due today. Finish it, move its day, or write down why not.",
	Overdue:   "Its day has passed. Finish it, move its day, or write down why not.",
	Evidence:  "It is done, but shows no evidence, so it is never verified. Add a link to what changed.",
	Review:    "It happened for the third time, and nobody has said why. Look at it together.",
	LookAgain: "It was decided against, with this day to look again. Promise it, or decide anew.",
}
