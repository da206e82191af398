package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
)

type digestScopeRow struct {
	Scope         string `gorm:"primaryKey"`
	TeamID        *int64
	Day           int
	Minute        int
	OnlyDecisions bool
	Since         time.Time
}

func (digestScopeRow) TableName() string { return "digest_scopes" }

func (r digestScopeRow) settings() digest.Settings {
	return digest.Settings{
		Scope: digest.Scope{Team: referred[catalog.TeamID](r.TeamID)}, When: digest.When{Day: time.Weekday(r.Day), Minute: r.Minute},
		OnlyDecisions: r.OnlyDecisions, Since: r.Since.UTC(),
	}
}

func toDigestScopeRow(s digest.Settings) digestScopeRow {
	return digestScopeRow{
		Scope: s.Scope.String(), TeamID: reference(s.Scope.Team), Day: int(s.When.Day), Minute: s.When.Minute, OnlyDecisions: s.OnlyDecisions, Since: s.Since.UTC(),
	}
}

// BeginDigests writes down the settings of scopes that have none yet.
func (s *Store) BeginDigests(ctx context.Context, all []digest.Settings) error {
	rows := make([]digestScopeRow, len(all))
	for n, d := range all {
		rows[n] = toDigestScopeRow(d)
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		return explain(table[digestScopeRow](s.db(ctx), clause.OnConflict{DoNothing: true}).CreateInBatches(ctx, &rows, mailsAtOnce), "letter")
	})
}

// DigestSettings gives those of every scope, with the week of its latest letter.
func (s *Store) DigestSettings(ctx context.Context) ([]digest.Settings, error) {
	rows, err := table[digestScopeRow](s.db(ctx)).Order("scope").Find(ctx)
	if err != nil {
		return nil, explain(err, "letter")
	}
	var latest []struct{ Scope, Week string }
	if err := s.db(ctx).Raw("SELECT scope, max(week) AS week FROM digest_runs GROUP BY scope").Scan(&latest).Error; err != nil {
		return nil, explain(err, "letter")
	}
	weeks := map[string]string{}
	for _, l := range latest {
		weeks[l.Scope] = l.Week
	}
	all := make([]digest.Settings, len(rows))
	for n, r := range rows {
		all[n] = r.settings()
		all[n].Latest = weeks[r.Scope]
	}
	return all, nil
}

// ChangeDigest writes when a scope's letters go out, and whether in every week.
func (s *Store) ChangeDigest(ctx context.Context, d digest.Settings) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[digestScopeRow](s.db(ctx)).Where("scope = ?", d.Scope.String()).Select("day", "minute", "only_decisions").Updates(ctx, toDigestScopeRow(d))
		return explain(err, "letter")
	})
}

type digestRunRow struct {
	ID        int64
	Scope     string
	Week      string
	DueAt     time.Time
	MadeAt    time.Time
	Decisions int
	Skipped   bool
	Subject   string
	Text      string
	HTML      string `gorm:"column:html"`
}

func (digestRunRow) TableName() string { return "digest_runs" }

func (r digestRunRow) run() digest.Run {
	week, _ := digest.ParseWeek(r.Week) // as it was written
	return digest.Run{
		ID: digest.RunID(r.ID), Scope: scopeOf(r.Scope), Week: week, DueAt: r.DueAt.UTC(), MadeAt: r.MadeAt.UTC(), Decisions: r.Decisions,
		Skipped: r.Skipped, Subject: r.Subject, Text: r.Text, HTML: r.HTML,
	}
}

func scopeOf(text string) digest.Scope {
	s, _ := digest.ParseScope(text) // as it was written
	return s
}

// CreateDigestRun writes a letter down together with its mails, and tells whether it was the first to: one scope and week has one.
func (s *Store) CreateDigestRun(ctx context.Context, run digest.Run, mails []digest.Mail) (made bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		made = false
		r := digestRunRow{
			Scope: run.Scope.String(), Week: run.Week.String(), DueAt: run.DueAt.UTC(), MadeAt: run.MadeAt.UTC(), Decisions: run.Decisions,
			Skipped: run.Skipped, Subject: run.Subject, Text: run.Text, HTML: run.HTML,
		}
		done := s.db(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		if done.Error != nil || done.RowsAffected == 0 {
			return explain(done.Error, "letter")
		}
		for n := range mails {
			mails[n].Run = digest.RunID(r.ID)
		}
		made = true
		return s.AddDigestMails(ctx, mails)
	})
	return made, err
}

// DigestRun gives a scope's letter about a week.
func (s *Store) DigestRun(ctx context.Context, scope digest.Scope, week digest.Week) (digest.Run, error) {
	r, err := table[digestRunRow](s.db(ctx)).Where("scope = ? AND week = ?", scope.String(), week.String()).Take(ctx)
	return r.run(), explain(err, "letter")
}

// DigestRunByID gives the letter that a mail carries.
func (s *Store) DigestRunByID(ctx context.Context, id digest.RunID) (digest.Run, error) {
	r, err := table[digestRunRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	return r.run(), explain(err, "letter")
}

// DigestRuns gives a scope's latest letters without their words, the latest first, with what became of their mails.
func (s *Store) DigestRuns(ctx context.Context, scope digest.Scope, limit int) ([]digest.Run, error) {
	rows, err := table[digestRunRow](s.db(ctx)).Where("scope = ?", scope.String()).
		Select("id", "scope", "week", "due_at", "made_at", "decisions", "skipped", "subject").Order("week DESC").Limit(limit).Find(ctx)
	if err != nil || len(rows) == 0 {
		return nil, explain(err, "letter")
	}
	all := make([]digest.Run, len(rows))
	ids := make([]int64, len(rows))
	for n, r := range rows {
		all[n], ids[n] = r.run(), r.ID
	}
	var counts []struct {
		RunID int64
		State string
		N     int
	}
	if err := s.db(ctx).Raw("SELECT run_id, state, count(*) AS n FROM digest_mails WHERE run_id IN ? GROUP BY run_id, state", ids).Scan(&counts).Error; err != nil {
		return nil, explain(err, "letter")
	}
	for n := range all {
		all[n].Mails = map[digest.State]int{}
		for _, c := range counts {
			if c.RunID == ids[n] {
				all[n].Mails[digest.State(c.State)] = c.N
			}
		}
	}
	return all, nil
}

type digestMailRow struct {
	ID            int64
	RunID         *int64
	Kind          string
	Once          string
	Scope         string
	Address       string
	UserID        *int64
	Token         string
	Subject       string
	Text          string
	HTML          string `gorm:"column:html"`
	State         string
	Attempt       int
	Died          int
	Fence         int64
	Holder        string
	LeaseUntil    *time.Time
	NextAt        time.Time
	Trouble       string
	TroubleStatus int
	TroubleAt     *time.Time
	CreatedAt     time.Time
	SentAt        *time.Time
}

func (digestMailRow) TableName() string { return "digest_mails" }

func (r digestMailRow) mail() digest.Mail {
	return digest.Mail{
		ID: digest.MailID(r.ID), Run: referred[digest.RunID](r.RunID), Kind: digest.MailKind(r.Kind), Once: r.Once, Scope: scopeOf(r.Scope),
		Address: r.Address, User: referred[account.UserID](r.UserID), Token: r.Token, Subject: r.Subject, Text: r.Text, HTML: r.HTML,
		State: digest.State(r.State), Attempt: r.Attempt, Died: r.Died, Fence: r.Fence, NextAt: r.NextAt.UTC(),
		Trouble:   digest.Told{Words: r.Trouble, Status: r.TroubleStatus, At: moment(r.TroubleAt)},
		CreatedAt: r.CreatedAt.UTC(), SentAt: moment(r.SentAt),
	}
}

func mailsOf(rows []digestMailRow) []digest.Mail {
	all := make([]digest.Mail, len(rows))
	for n, r := range rows {
		all[n] = r.mail()
	}
	return all
}

// mailsAtOnce bounds what one statement writes.
const mailsAtOnce = 100

// AddDigestMails writes down those that are not there yet: nobody gets the same thing twice.
func (s *Store) AddDigestMails(ctx context.Context, all []digest.Mail) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([]digestMailRow, len(all))
	for n, m := range all {
		rows[n] = digestMailRow{
			RunID: reference(m.Run), Kind: string(m.Kind), Once: m.Once, Scope: m.Scope.String(), Address: m.Address, UserID: reference(m.User), Token: m.Token,
			Subject: m.Subject, Text: m.Text, HTML: m.HTML, State: string(m.State), NextAt: m.NextAt.UTC(), CreatedAt: m.CreatedAt.UTC(),
		}
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		first := clause.OnConflict{Columns: []clause.Column{{Name: "once"}}, DoNothing: true}
		return explain(table[digestMailRow](s.db(ctx), first).CreateInBatches(ctx, &rows, mailsAtOnce), "letter")
	})
}

// ClaimDigestMail takes the mail that is due longest, for as long as the lease; false: none is due. One whose end was being handed over
// when its lease ended is in doubt from then on: it is never sent again by itself.
func (s *Store) ClaimDigestMail(ctx context.Context, holder string, now, until time.Time) (m digest.Mail, due bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		m, due = digest.Mail{}, false
		err := s.db(ctx).Exec(`UPDATE digest_mails SET state = 'doubt', trouble = ?, trouble_status = 0, trouble_at = ?, holder = '', lease_until = NULL
			WHERE state = 'handing' AND lease_until <= ?`, digest.Lost, now.UTC(), now.UTC()).Error
		if err != nil {
			return explain(err, "letter")
		}
		rows, err := table[digestMailRow](s.db(ctx), skipLocked).
			Where("state IN ('waiting', 'sending') AND next_at <= ? AND (lease_until IS NULL OR lease_until <= ?)", now.UTC(), now.UTC()).
			Order("next_at, id").Limit(1).Find(ctx)
		if err != nil || len(rows) == 0 {
			return explain(err, "letter")
		}
		r := rows[0]
		if r.State == string(digest.Sending) {
			r.Died++
		}
		r.State, r.Attempt, r.Fence = string(digest.Sending), r.Attempt+1, r.Fence+1
		m, due = r.mail(), true
		return explain(s.db(ctx).Exec("UPDATE digest_mails SET state = 'sending', attempt = ?, died = ?, fence = ?, holder = ?, lease_until = ? WHERE id = ?",
			r.Attempt, r.Died, r.Fence, holder, until.UTC(), r.ID).Error, "letter")
	})
	return m, due, err
}

// HandDigestMail marks a claimed mail as being handed over, unless somebody else has claimed it since: then it must not be.
func (s *Store) HandDigestMail(ctx context.Context, m digest.Mail, until time.Time) (ours bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		done := s.db(ctx).Exec("UPDATE digest_mails SET state = 'handing', lease_until = ? WHERE id = ? AND fence = ? AND state = 'sending'", until.UTC(), m.ID, m.Fence)
		ours = done.RowsAffected > 0
		return done.Error
	})
	return ours, explain(err, "letter")
}

// SettleDigestMail writes what became of a claimed mail, unless somebody else has claimed it since. Of what is sent or dropped the row stays,
// so that it is never sent again, and its words go; those of letters stay with the run.
func (s *Store) SettleDigestMail(ctx context.Context, m digest.Mail) (settled bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		over := m.State == digest.Sent || m.State == digest.Dropped
		// Whoever holds it knows more than those who found its lease ended: hence the doubt.
		done := s.db(ctx).Exec(`UPDATE digest_mails SET state = ?, attempt = ?, next_at = ?, trouble = ?, trouble_status = ?, trouble_at = ?, sent_at = ?, holder = '', lease_until = NULL,
			text = CASE WHEN ? THEN '' ELSE text END, html = CASE WHEN ? THEN '' ELSE html END WHERE id = ? AND fence = ? AND state IN ('sending', 'handing', 'doubt')`,
			string(m.State), m.Attempt, m.NextAt.UTC(), m.Trouble.Words, m.Trouble.Status, nullable(m.Trouble.At), nullable(m.SentAt), over, over, m.ID, m.Fence)
		settled = done.RowsAffected > 0
		return done.Error
	})
	return settled, explain(err, "letter")
}

// UpdateDigestMail reads a mail, lets change decide, and writes its state and when it is tried.
func (s *Store) UpdateDigestMail(ctx context.Context, id digest.MailID, change func(*digest.Mail) error) (m digest.Mail, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[digestMailRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "letter")
		}
		m = r.mail()
		if err := change(&m); err != nil {
			return err
		}
		return explain(s.db(ctx).Exec("UPDATE digest_mails SET state = ?, attempt = ?, died = ?, next_at = ?, created_at = ? WHERE id = ?",
			string(m.State), m.Attempt, m.Died, m.NextAt.UTC(), m.CreatedAt.UTC(), id).Error, "letter")
	})
	return m, err
}

// DigestMailByToken gives the mail whose links bear the token.
func (s *Store) DigestMailByToken(ctx context.Context, token string) (digest.Mail, error) {
	r, err := table[digestMailRow](s.db(ctx)).Where("token = ?", token).Take(ctx)
	return r.mail(), explain(err, "letter")
}

// drop ends mails that are not handed over yet. One that a process has claimed is not handed over by it then.
const drop = "UPDATE digest_mails SET state = 'dropped', text = '', html = '', holder = '', lease_until = NULL WHERE state IN ('waiting', 'sending') AND "

// DropDigestMails drops the letters of a scope, own copies too, that an address has not got yet and wants no more.
func (s *Store) DropDigestMails(ctx context.Context, scope digest.Scope, address string) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return explain(s.db(ctx).Exec(drop+"kind IN ('letter', 'own') AND lower(address) = ? AND scope = ?", strings.ToLower(address), scope.String()).Error, "letter")
	})
}

// DropDigestReminders drops the reminders that a person has not got yet and wants no more.
func (s *Store) DropDigestReminders(ctx context.Context, user account.UserID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return explain(s.db(ctx).Exec(drop+"kind = 'nudge' AND user_id = ?", user).Error, "letter")
	})
}

// TroubledDigestMails gives the latest mails that failed or are in doubt.
func (s *Store) TroubledDigestMails(ctx context.Context, since time.Time, limit int) ([]digest.Mail, error) {
	rows, err := table[digestMailRow](s.db(ctx)).Where("state IN ('doubt', 'failed') AND trouble_at >= ?", since.UTC()).
		Select("id", "run_id", "kind", "scope", "address", "user_id", "state", "attempt", "trouble", "trouble_status", "trouble_at", "created_at").
		Order("trouble_at DESC, id DESC").Limit(limit).Find(ctx)
	return mailsOf(rows), explain(err, "letter")
}

// StuckDigestMail gives the mail that waits after trouble and was tried last, and how many wait so; a zero number: none does.
func (s *Store) StuckDigestMail(ctx context.Context) (m digest.Mail, n int, err error) {
	const stuck = "state = 'waiting' AND trouble_at IS NOT NULL"
	rows, err := table[digestMailRow](s.db(ctx)).Where(stuck).Select("id", "user_id", "state", "next_at", "trouble", "trouble_status", "trouble_at").
		Order("trouble_at DESC, id DESC").Limit(1).Find(ctx)
	if err != nil || len(rows) == 0 {
		return m, 0, explain(err, "letter")
	}
	err = s.db(ctx).Raw("SELECT count(*) FROM digest_mails WHERE " + stuck).Row().Scan(&n)
	return rows[0].mail(), n, explain(err, "letter")
}

// DigestMailsOf gives the mails of a letter, in the order they were written down.
func (s *Store) DigestMailsOf(ctx context.Context, run digest.RunID, limit int) ([]digest.Mail, error) {
	rows, err := table[digestMailRow](s.db(ctx)).Where("run_id = ?", run).
		Select("id", "run_id", "kind", "scope", "address", "user_id", "state", "attempt", "trouble", "trouble_status", "trouble_at", "created_at", "sent_at").
		Order("id").Limit(limit).Find(ctx)
	return mailsOf(rows), explain(err, "letter")
}

type digestSubscriptionRow struct {
	ID          int64
	Scope       string
	UserID      *int64
	Address     string
	Wanted      bool
	Token       string
	ConfirmedAt *time.Time
	CreatedAt   time.Time
}

func (digestSubscriptionRow) TableName() string { return "digest_subscriptions" }

func (r digestSubscriptionRow) subscription() digest.Subscription {
	return digest.Subscription{
		ID: digest.SubscriptionID(r.ID), Scope: scopeOf(r.Scope), User: referred[account.UserID](r.UserID), Address: r.Address, Wanted: r.Wanted,
		Token: r.Token, ConfirmedAt: moment(r.ConfirmedAt), CreatedAt: r.CreatedAt.UTC(),
	}
}

func subscriptionsOf(rows []digestSubscriptionRow) []digest.Subscription {
	all := make([]digest.Subscription, len(rows))
	for n, r := range rows {
		all[n] = r.subscription()
	}
	return all
}

// DigestSubscriptions gives those of a scope.
func (s *Store) DigestSubscriptions(ctx context.Context, scope digest.Scope) ([]digest.Subscription, error) {
	rows, err := table[digestSubscriptionRow](s.db(ctx)).Where("scope = ?", scope.String()).Order("address, id").Find(ctx)
	return subscriptionsOf(rows), explain(err, "subscription")
}

// DigestSubscriptionsOf gives those of a person.
func (s *Store) DigestSubscriptionsOf(ctx context.Context, user account.UserID) ([]digest.Subscription, error) {
	rows, err := table[digestSubscriptionRow](s.db(ctx)).Where("user_id = ?", user).Order("id").Find(ctx)
	return subscriptionsOf(rows), explain(err, "subscription")
}

// DigestSubscriptionByToken gives the one of an address whose link bears the token.
func (s *Store) DigestSubscriptionByToken(ctx context.Context, token string) (digest.Subscription, error) {
	r, err := table[digestSubscriptionRow](s.db(ctx)).Where("token = ? AND user_id IS NULL", token).Take(ctx)
	return r.subscription(), explain(err, "subscription")
}

// PutDigestSubscription writes what a person or an address said last about a scope's letters, and gives it as it is kept: its token
// stays the one it had.
func (s *Store) PutDigestSubscription(ctx context.Context, sub digest.Subscription) (digest.Subscription, error) {
	sub.Address = strings.ToLower(sub.Address)
	err := s.InTx(ctx, func(ctx context.Context) error {
		r := digestSubscriptionRow{
			Scope: sub.Scope.String(), UserID: reference(sub.User), Address: sub.Address, Wanted: sub.Wanted, Token: sub.Token,
			ConfirmedAt: nullable(sub.ConfirmedAt), CreatedAt: sub.CreatedAt.UTC(),
		}
		// Of two who say something for the first time at once, the second finds what the first wrote.
		done := s.db(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		if done.Error != nil || done.RowsAffected > 0 {
			sub = r.subscription()
			return explain(done.Error, "subscription")
		}
		is := table[digestSubscriptionRow](s.db(ctx), forUpdate).Where("scope = ? AND user_id IS NULL AND address = ?", sub.Scope.String(), sub.Address)
		if sub.User != 0 {
			is = table[digestSubscriptionRow](s.db(ctx), forUpdate).Where("scope = ? AND user_id = ?", sub.Scope.String(), sub.User)
		}
		r, err := is.Take(ctx)
		if err != nil {
			return explain(err, "subscription")
		}
		r.Wanted, r.ConfirmedAt = sub.Wanted, nullable(sub.ConfirmedAt)
		sub = r.subscription()
		_, err = table[digestSubscriptionRow](s.db(ctx)).Where("id = ?", r.ID).Select("wanted", "confirmed_at").Updates(ctx, r)
		return explain(err, "subscription")
	})
	return sub, err
}

// DropDigestSubscription forgets an address beside the people.
func (s *Store) DropDigestSubscription(ctx context.Context, scope digest.Scope, id digest.SubscriptionID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[digestSubscriptionRow](s.db(ctx)).Where("id = ? AND scope = ? AND user_id IS NULL", id, scope.String()).Delete(ctx)
		return explain(err, "subscription")
	})
}

type digestPersonRow struct {
	UserID        int64 `gorm:"primaryKey;autoIncrement:false"`
	PausedUntil   string
	OnlyDecisions bool
	Nudges        bool
}

func (digestPersonRow) TableName() string { return "digest_people" }

// DigestPeople gives how those take letters who chose something.
func (s *Store) DigestPeople(ctx context.Context) (map[account.UserID]digest.Person, error) {
	rows, err := table[digestPersonRow](s.db(ctx)).Find(ctx)
	people := map[account.UserID]digest.Person{}
	for _, r := range rows {
		people[account.UserID(r.UserID)] = digest.Person{User: account.UserID(r.UserID), PausedUntil: r.PausedUntil, OnlyDecisions: r.OnlyDecisions, Nudges: r.Nudges}
	}
	return people, explain(err, "person")
}

// PutDigestPerson writes how somebody takes letters.
func (s *Store) PutDigestPerson(ctx context.Context, p digest.Person) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r := digestPersonRow{UserID: int64(p.User), PausedUntil: p.PausedUntil, OnlyDecisions: p.OnlyDecisions, Nudges: p.Nudges}
		return explain(table[digestPersonRow](s.db(ctx), clause.OnConflict{UpdateAll: true}).Create(ctx, &r), "person")
	})
}

type digestRefusalRow struct {
	Address string `gorm:"primaryKey"`
	Said    string
	Status  int
	At      time.Time
}

func (digestRefusalRow) TableName() string { return "digest_refusals" }

// DigestRefusals gives the addresses that a mail server does not know, by the address in small letters.
func (s *Store) DigestRefusals(ctx context.Context) (map[string]digest.Refusal, error) {
	rows, err := table[digestRefusalRow](s.db(ctx)).Order("at DESC").Find(ctx)
	all := map[string]digest.Refusal{}
	for _, r := range rows {
		all[r.Address] = digest.Refusal{Address: r.Address, Told: digest.Told{Words: r.Said, Status: r.Status, At: r.At.UTC()}}
	}
	return all, explain(err, "address")
}

// PutDigestRefusal marks an address; DropDigestRefusal lets letters go to it again.
func (s *Store) PutDigestRefusal(ctx context.Context, refused digest.Refusal) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r := digestRefusalRow{Address: strings.ToLower(refused.Address), Said: refused.Told.Words, Status: refused.Told.Status, At: refused.Told.At.UTC()}
		return explain(table[digestRefusalRow](s.db(ctx), clause.OnConflict{UpdateAll: true}).Create(ctx, &r), "address")
	})
}

// DropDigestRefusal lets letters go to an address again.
func (s *Store) DropDigestRefusal(ctx context.Context, address string) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[digestRefusalRow](s.db(ctx)).Where("address = ?", strings.ToLower(address)).Delete(ctx)
		return explain(err, "address")
	})
}
