package app

import (
	"context"
	"crypto/rand"

	"upshot/app/notice"
	"upshot/app/secret"
	"upshot/integrations/chat"
	"upshot/integrations/mail"
	letters "upshot/views/mail"
	"upshot/views/settings"
)

// newNotices puts together what tells developers.
func (a *App) newNotices() error {
	key, err := secret.NewKey(a.config.SecretKey)
	if err != nil {
		return err
	}
	settings, err := mail.Parse(a.config.SMTPURL, a.config.MailFrom)
	if err != nil {
		return err
	}
	p := a.config.pace
	if p == (pace{}) {
		p = usualPace
	}
	a.words.catalog.Key = key
	a.words.notices = &notice.Service{
		Store: a.store, Incidents: a.words.incidents, Log: a.store, Key: key, Letter: letters.NoticeLetter, Logger: a.log, Now: a.now,
		Mail: mail.New(settings, p.timeout/2), Chat: chat.New(version(), p.timeout), // sending mail has two parts
		BaseURL: a.config.BaseURL, Holder: rand.Text(), Lease: p.lease,
	}
	notify := func(ctx context.Context) error { return a.store.Enqueue(ctx, notice.SoonArgs{}) }
	a.words.incidents.Notify, a.words.keeper.Notify = notify, notify
	return nil
}

// mailSettings are what the settings show of how mail is sent.
func (a *App) mailSettings() settings.MailSettings {
	s, err := mail.Parse(a.config.SMTPURL, a.config.MailFrom)
	if err != nil || !s.Ready() { // Check told of it
		return settings.MailSettings{}
	}
	words := map[mail.Security]string{mail.StartTLS: "STARTTLS, required", mail.Implicit: "from the first byte (smtps)", mail.None: "none"}
	return settings.MailSettings{Server: s.Server(), From: s.From.String(), Encrypted: words[s.Security], Login: s.User != ""}
}
