package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/dispatch"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/job"
	"upshot/app/secret"
)

// Store keeps notices.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Enqueue(ctx context.Context, args interface{ Kind() string }) error
	Installation(ctx context.Context) (string, error)
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	ServicesBySlug(ctx context.Context, viewer account.Actor, slugs []string) ([]catalog.Service, error)
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)

	// ToNotify gives significant incidents noticed since a moment, latest first, that no developer was told of and of a service
	// whose building team is known.
	ToNotify(ctx context.Context, since time.Time, limit int) ([]incident.ID, error)
	// AddNotices writes down those that are not there yet.
	AddNotices(ctx context.Context, all []Notice) error
	// NoticesOf gives the notices of incidents, in the order they were written down.
	NoticesOf(ctx context.Context, ids []incident.ID) (map[incident.ID][]Notice, error)
	// ClaimNotice takes the one that is due longest, for as long as the lease; false: none is due. Without mail, it is one for
	// a chat.
	ClaimNotice(ctx context.Context, holder string, now, until time.Time, mail bool) (Notice, bool, error)
	// SettleNotice writes what became of a claimed one, unless somebody else has claimed it since.
	SettleNotice(ctx context.Context, n Notice) (bool, error)
	// UpdateNotice reads one, lets change decide, and writes its state.
	UpdateNotice(ctx context.Context, id ID, change func(*Notice) error) (Notice, error)
}

// Mailer sends mail.
type Mailer interface {
	Ready() bool
	Send(ctx context.Context, m dispatch.Mail) error
}

// Chatter writes to chats.
type Chatter interface {
	Send(ctx context.Context, m dispatch.Chat) error
}

// Service tells developers. Any number of replicas may run it at the same time.
type Service struct {
	Store     Store
	Incidents *incident.Service
	Log       audit.Log
	Mail      Mailer
	Chat      Chatter
	Key       secret.Key // of the addresses of chats
	// Letter writes the notice; its looks are handed in.
	Letter  func(ctx context.Context, m Matter) (subject, text, html string, err error)
	Logger  *slog.Logger
	Now     func() time.Time
	BaseURL string // of this Upshot, without a slash at the end
	Holder  string // this process, among the replicas
	// Lease is how long a claim lasts whose process died: longer than sending takes.
	Lease time.Duration
}

// Matter is what a notice tells.
type Matter struct {
	Incident incident.Incident
	Services []catalog.Service // its own
	Team     catalog.Team      // to whom
	URL      string            // of the incident
}

// LookArgs are the job that looks out for incidents to tell of, and sends what waits. One is wanted every minute, whatever became
// of the one before.
type LookArgs struct{ job.Minutely }

// Kind names the job.
func (LookArgs) Kind() string { return "notice_look" }

// SoonArgs are the same job after something changed.
type SoonArgs struct{ job.Soon }

// Kind names the job.
func (SoonArgs) Kind() string { return "notice_soon" }

const (
	lookedAt     = 1000 // incidents in one look-out, latest first
	lateSettling = 10 * time.Second
)

var self = account.AsJob("notices")

// Run looks out for incidents that no developer was told of, and sends everything that is due.
func (s *Service) Run(ctx context.Context) error {
	return errors.Join(s.lookOut(ctx), s.sendDue(ctx))
}

// lookOut writes down a notice for every address of the building teams of incidents that ask for it.
func (s *Service) lookOut(ctx context.Context) error {
	ids, err := s.Store.ToNotify(ctx, s.Now().Add(-incident.TellWithin), lookedAt)
	if err != nil || len(ids) == 0 {
		return err
	}
	teams, err := s.Store.Teams(ctx, self)
	if err != nil {
		return err
	}
	known, err := s.Store.NoticesOf(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		i, err := s.Store.Incident(ctx, self, id)
		if err != nil {
			return err
		}
		possible, err := s.possible(ctx, i, teams)
		if err != nil {
			return err
		}
		missing := Missing(possible, known[id])
		if len(missing) == 0 {
			continue
		}
		err = s.Store.InTx(ctx, func(ctx context.Context) error {
			i, err := s.Store.Incident(ctx, self, id)
			if err != nil || !i.AsksToTell(s.Now()) { // it may have changed meanwhile
				return err
			}
			return s.Store.AddNotices(ctx, missing)
		})
		if err != nil {
			return fmt.Errorf("write down notices of %s: %w", id, err)
		}
	}
	return nil
}

// possible are the notices that an incident could have: one for each address of each team that builds its services.
func (s *Service) possible(ctx context.Context, i incident.Incident, teams []catalog.Team) ([]Notice, error) {
	services, err := s.Store.ServicesBySlug(ctx, self, i.Services)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	var all []Notice
	for _, t := range Builders(services, teams) {
		for _, c := range ChannelsOf(t, s.Mail.Ready()) {
			all = append(all, Notice{
				Incident: i.ID, Team: t.ID, Way: c.Way, Address: c.Address, State: Waiting, NextAt: now, CreatedAt: now,
			})
		}
	}
	return all, nil
}

// Missing are those of the possible notices that are not known yet.
func Missing(possible, known []Notice) []Notice {
	return slices.DeleteFunc(slices.Clone(possible), func(p Notice) bool {
		return slices.ContainsFunc(known, func(k Notice) bool { return k.Team == p.Team && k.Way == p.Way && k.Address == p.Address })
	})
}

// Builders are the teams that build the services, each once, in the order of the services.
func Builders(services []catalog.Service, teams []catalog.Team) []catalog.Team {
	known := map[catalog.TeamID]catalog.Team{}
	for _, t := range teams {
		known[t.ID] = t
	}
	var all []catalog.Team
	for _, s := range services {
		if t, ok := known[s.Builder]; ok {
			all = append(all, t)
			delete(known, s.Builder)
		}
	}
	return all
}

// Press has the developers told although the rule would not, or not yet: somebody pressed the button. What was written down
// before is not sent a second time, except that what came to nothing is tried again.
func (s *Service) Press(ctx context.Context, actor account.Actor, id incident.ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.inTx(ctx, "tell developers", func(ctx context.Context) error {
		i, err := s.Store.Incident(ctx, actor, id)
		if err != nil {
			return err
		}
		if why := Unwanted(i); why != "" || !i.Moments.DeveloperNotifiedAt.IsZero() {
			if why == "" {
				why = "The developers were told already."
			}
			return fault.New(fault.Conflict, "%s", why)
		}
		teams, err := s.Store.Teams(ctx, actor)
		if err != nil {
			return err
		}
		possible, err := s.possible(ctx, i, teams)
		if err != nil {
			return err
		}
		if len(possible) == 0 {
			return fault.New(fault.Conflict, "Nobody knows how to reach the team that builds it: it has no mail address that mail could be sent to, and no chat.")
		}
		if err := s.Store.AddNotices(ctx, possible); err != nil {
			return err
		}
		known, err := s.Store.NoticesOf(ctx, []incident.ID{id})
		if err != nil {
			return err
		}
		open := 0
		for _, n := range known[id] {
			if n.State != Accepted {
				open++
			}
			if n.State == Dead || n.State == Dropped {
				if _, err := s.Store.UpdateNotice(ctx, n.ID, s.anew); err != nil {
					return err
				}
			}
		}
		if open == 0 {
			return fault.New(fault.Conflict, "Every notice of it was accepted. Note by hand when the developers came to know.")
		}
		if err := s.event(ctx, actor, i, "asked to tell developers", "", nil); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, SoonArgs{})
	})
}

// Again tries a notice again that came to nothing.
func (s *Service) Again(ctx context.Context, actor account.Actor, id ID) (Notice, error) {
	var n Notice
	if err := actor.May(account.Editor); err != nil {
		return n, err
	}
	err := s.inTx(ctx, "try a notice again", func(ctx context.Context) error {
		var err error
		n, err = s.Store.UpdateNotice(ctx, id, func(n *Notice) error {
			if n.State != Dead && n.State != Dropped && n.State != Waiting {
				return fault.New(fault.Conflict, "This notice is %s.", n.State)
			}
			return s.anew(n)
		})
		if err != nil {
			return err
		}
		i, err := s.Store.Incident(ctx, actor, n.Incident)
		if err != nil {
			return err
		}
		if err := s.event(ctx, actor, i, "asked to tell developers", "", nil); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, SoonArgs{})
	})
	return n, err
}

// anew begins a notice over. It is the same row, so whoever got it twice can tell.
func (s *Service) anew(n *Notice) error {
	n.State, n.Attempt, n.NextAt, n.CreatedAt = Waiting, 0, s.Now(), s.Now()
	return nil
}

// sendDue sends what is due, one after the other. While the mail server is away, or does not let us in, one letter in each run
// tries it.
func (s *Service) sendDue(ctx context.Context) error {
	code, err := s.Store.Installation(ctx)
	if err != nil {
		return err
	}
	mail := true
	for ctx.Err() == nil {
		now := s.Now()
		n, due, err := s.Store.ClaimNotice(ctx, s.Holder, now, now.Add(s.Lease), mail)
		if err != nil || !due {
			return err
		}
		trouble, err := s.sendOne(ctx, code, n)
		if err != nil {
			return fmt.Errorf("notice %d of %s: %w", n.ID, n.Incident, err)
		}
		if n.Way == ByMail && trouble != nil && (trouble.Down || trouble.Kind == dispatch.Configuration && !trouble.Recipient) {
			mail = false
		}
	}
	return ctx.Err()
}

// sendOne sends a claimed notice and settles it.
func (s *Service) sendOne(ctx context.Context, code string, n Notice) (*dispatch.Trouble, error) {
	m, why, err := s.matterOf(ctx, n)
	if err != nil {
		return nil, err
	}
	if why != "" {
		n.State, n.Trouble = Dropped, Told{Words: why, At: s.Now()}
		_, err := s.Store.SettleNotice(ctx, n)
		return nil, err
	}
	sending := s.send(ctx, code, n, m)
	// What became of it is kept although the program is about to stop.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateSettling)
	defer cancel()
	if sending != nil {
		if ctx.Err() != nil { // we hung up ourselves
			n.Attempt--
		}
		trouble := dispatch.TroubleOf(sending)
		return trouble, s.failed(late, n, m.Incident, trouble)
	}
	n.State, n.AcceptedAt = Accepted, s.Now()
	return nil, s.Store.InTx(late, func(ctx context.Context) error {
		// Even when somebody else holds it by now: the developers know.
		if _, err := s.Store.SettleNotice(ctx, n); err != nil {
			return err
		}
		return s.Incidents.Learn(ctx, self, n.Incident, incident.Telling{At: n.AcceptedAt, By: incident.ByNotice})
	})
}

func (s *Service) failed(ctx context.Context, n Notice, i incident.Incident, t *dispatch.Trouble) error {
	n = After(n, t, s.Now())
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		settled, err := s.Store.SettleNotice(ctx, n)
		if err != nil || !settled || n.State != Dead {
			return err
		}
		s.Logger.WarnContext(ctx, "a notice came to nothing", "incident", i.ID.String(), "way", string(n.Way), "status", t.Status, "said", t.Said)
		return s.event(ctx, self, i, "could not tell developers", t.Error(), map[string]any{"by": n.Way})
	})
}

// matterOf reads what a notice tells; why says that it is no longer wanted.
func (s *Service) matterOf(ctx context.Context, n Notice) (m Matter, why string, err error) {
	if m.Incident, err = s.Store.Incident(ctx, self, n.Incident); err != nil {
		return m, "", err
	}
	if why := Unwanted(m.Incident); why != "" {
		return m, why, nil
	}
	if m.Services, err = s.Store.ServicesBySlug(ctx, self, m.Incident.Services); err != nil {
		return m, "", err
	}
	teams, err := s.Store.Teams(ctx, self)
	if err != nil {
		return m, "", err
	}
	for _, t := range teams {
		if t.ID == n.Team {
			m.Team = t
		}
	}
	if n.Way != ByMail && m.Team.Chat.Kind == "" {
		return m, "The team has no chat any more.", nil
	}
	m.URL = s.BaseURL + "/incidents/" + m.Incident.ID.String()
	return m, "", nil
}

func (s *Service) send(ctx context.Context, code string, n Notice, m Matter) error {
	if n.Way == ByMail {
		subject, text, html, err := s.Letter(ctx, m)
		if err != nil {
			return err
		}
		return s.Mail.Send(ctx, dispatch.Mail{
			ID: n.MessageID(code), To: []string{n.Address}, Subject: subject, Text: text, HTML: html, AutoSubmitted: true,
		})
	}
	address, err := m.Team.Chat.Address(s.Key)
	if err != nil {
		return &dispatch.Trouble{Kind: dispatch.Configuration, Said: err.Error()}
	}
	message := ChatOf(m)
	message.ID, message.Kind, message.Address = n.MessageID(code), string(m.Team.Chat.Kind), address
	return s.Chat.Send(ctx, message)
}

// Test sends a test to every address of a team, at once, and gives for each what went wrong; nil is accepted.
func (s *Service) Test(ctx context.Context, actor account.Actor, t catalog.Team) (map[Channel]error, error) {
	if err := actor.May(account.Admin); err != nil {
		return nil, err
	}
	outcomes := map[Channel]error{}
	for _, c := range ChannelsOf(t, s.Mail.Ready()) {
		id := fmt.Sprintf("test-%d.%d", t.ID, s.Now().UnixNano())
		if c.Way == ByMail {
			outcomes[c] = s.TestLetter(ctx, actor, c.Address)
			continue
		}
		address, err := t.Chat.Address(s.Key)
		if err == nil {
			err = s.Chat.Send(ctx, dispatch.Chat{
				ID: id, Kind: string(t.Chat.Kind), Address: address, Title: "A test from Upshot",
				Text: "Here " + t.Name + " is told about significant incidents of the services it builds.",
				Link: s.BaseURL + "/teams/" + t.Slug, LinkText: "Open " + t.Name, Data: map[string]any{"kind": "test"},
			})
		}
		outcomes[c] = err
	}
	return outcomes, nil
}

// TestLetter sends a test to one mail address, at once.
func (s *Service) TestLetter(ctx context.Context, actor account.Actor, address string) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	return s.Mail.Send(ctx, dispatch.Mail{
		ID: fmt.Sprintf("test.%d", s.Now().UnixNano()), To: []string{address}, Subject: "A test from Upshot",
		Text: "Mail from Upshot arrives here.\n\n" + s.BaseURL + "\n",
	})
}

func (s *Service) event(ctx context.Context, actor account.Actor, i incident.Incident, action, reason string, after map[string]any) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Incident, SubjectID: int64(i.ID), Action: action,
		Incident: int64(i.ID), Problem: int64(i.Problem), After: audit.Fields(after), Reason: reason,
	})
}

func (s *Service) inTx(ctx context.Context, doing string, do func(context.Context) error) error {
	if err := s.Store.InTx(ctx, do); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
