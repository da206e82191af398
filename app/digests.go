package app

import (
	"context"
	"crypto/rand"
	"time"

	"upshot/app/digest"
	"upshot/integrations/mail"
	letters "upshot/views/mail"
)

// newDigests puts together what writes and sends the weekly letters.
func (a *App) newDigests() error {
	settings, err := mail.Parse(a.config.SMTPURL, a.config.MailFrom)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(a.config.Zone)
	if err != nil {
		return err
	}
	p := a.config.pace
	if p == (pace{}) {
		p = usualPace
	}
	sender := mail.New(settings, p.timeout/2) // sending has two parts
	a.words.digests = &digest.Service{
		Store: a.store, Log: a.store, Ready: sender.Ready, Letter: letters.Letter, Short: letters.Short, Logger: a.log, Now: a.now,
		BaseURL: a.config.BaseURL, Zone: zone, Poll: a.config.JiraPoll, Holder: rand.Text(), Lease: p.lease,
		Open: func(ctx context.Context) (digest.Posting, error) {
			c, err := sender.Open(ctx)
			if err != nil { // a nil *Connection would be no nil Posting
				return nil, err
			}
			return c, nil
		},
	}
	return nil
}
