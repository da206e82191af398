package store

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// What all replicas together ask of one Jira site.
const (
	jiraAtOnce    = 4
	jiraPerSecond = 10.0
	jiraBurst     = 60.0
	// jiraPatience is how long a call waits for its turn when there is a pause; longer ones are told.
	jiraPatience = 5 * time.Second
	// jiraAskAgain is how often a full house is asked for a free place.
	jiraAskAgain = 20 * time.Millisecond
)

// JiraTurns lets all replicas together keep to the limits of Jira sites: calls at once, calls a second, and pauses that
// Jira asked for. It is kept in the database, so a restart and the other replica obey.
type JiraTurns struct {
	store  *Store
	now    func() time.Time
	lasts  time.Duration
	holder string

	mu     sync.Mutex
	places map[ticket.SiteID]chan struct{} // of this process: it need not ask the database when its own calls fill them
}

// JiraTurns gives the turns of this process. Its clock is the world's: what Jira asks for is in real time. The place of a call whose
// process died is free again after lasts.
func (s *Store) JiraTurns(now func() time.Time, lasts time.Duration) *JiraTurns {
	return &JiraTurns{store: s, now: now, lasts: lasts, holder: rand.Text(), places: map[ticket.SiteID]chan struct{}{}}
}

func (t *JiraTurns) own(site ticket.SiteID) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.places[site] == nil {
		t.places[site] = make(chan struct{}, jiraAtOnce)
	}
	return t.places[site]
}

// Take waits for a turn. See jirasync.Turns.
func (t *JiraTurns) Take(ctx context.Context, call jirasync.Call) (func(), error) {
	own := t.own(call.Site)
	select {
	case own <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		place, wait, pause, err := t.ask(ctx, call)
		switch {
		case err != nil:
			<-own
			return nil, err
		case pause.Scope != "" && wait > jiraPatience:
			<-own
			return nil, &jirasync.Trouble{Kind: jirasync.Limited, Call: call.Operation, Said: pause.Why, Until: pause.Until}
		case wait == 0:
			return func() {
				<-own
				// The call is over, whoever waited for it: its place is given back.
				late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
				defer cancel()
				_ = t.giveBack(late, call.Site, place)
			}, nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			<-own
			return nil, ctx.Err()
		}
	}
}

type jiraCallRow struct {
	SiteID int64
	Place  int
	Holder string
	Until  time.Time
}

func (jiraCallRow) TableName() string { return "jira_calls" }

type jiraPauseRow struct {
	SiteID  int64
	Scope   string
	BegunAt time.Time
	Until   time.Time
	Why     string
}

func (jiraPauseRow) TableName() string { return "jira_pauses" }

func (r jiraPauseRow) pause() jirasync.Pause {
	return jirasync.Pause{Site: ticket.SiteID(r.SiteID), Scope: r.Scope, BegunAt: r.BegunAt.UTC(), Until: r.Until.UTC(), Why: r.Why}
}

// ask takes a place and a call from the bucket, or tells how long to wait.
func (t *JiraTurns) ask(ctx context.Context, call jirasync.Call) (place int, wait time.Duration, pause jirasync.Pause, err error) {
	err = t.store.InTx(ctx, func(ctx context.Context) error {
		place, wait, pause = 0, 0, jirasync.Pause{}
		db, now := t.store.db(ctx), t.now().UTC()
		var sync jiraSyncRow // first: whoever holds it is alone
		if sync, err = table[jiraSyncRow](db, forUpdate).Where("site_id = ?", call.Site).Take(ctx); err != nil {
			return err
		}
		scopes := []string{jirasync.SiteScope, call.Operation}
		if call.Issue != "" {
			scopes = append(scopes, jirasync.IssueScope(call.Issue))
		}
		pauses, err := table[jiraPauseRow](db).Where("site_id = ? AND scope IN ? AND until > ?", call.Site, scopes, now).Order("until DESC").Limit(1).Find(ctx)
		if err != nil {
			return err
		}
		if len(pauses) > 0 {
			pause = pauses[0].pause()
			wait = max(pause.Until.Sub(now), time.Millisecond)
			return nil
		}
		tokens := jiraBurst
		if sync.TokensAt != nil {
			tokens = min(jiraBurst, sync.Tokens+jiraPerSecond*max(0, now.Sub(*sync.TokensAt).Seconds()))
		}
		if tokens < 1 {
			wait = max(time.Duration((1-tokens)/jiraPerSecond*float64(time.Second)), time.Millisecond)
			return nil
		}
		calls, err := table[jiraCallRow](db).Where("site_id = ? AND until > ?", call.Site, now).Find(ctx)
		if err != nil {
			return err
		}
		if len(calls) >= jiraAtOnce {
			wait = jiraAskAgain
			return nil
		}
		taken := map[int]bool{}
		for _, c := range calls {
			taken[c.Place] = true
		}
		for place = 1; taken[place]; place++ {
		}
		err = db.Exec(`INSERT INTO jira_calls (site_id, place, holder, until) VALUES (?, ?, ?, ?)
			ON CONFLICT (site_id, place) DO UPDATE SET holder = excluded.holder, until = excluded.until`,
			call.Site, place, t.holder, now.Add(t.lasts)).Error
		if err != nil {
			return err
		}
		return db.Exec("UPDATE jira_syncs SET tokens = ?, tokens_at = ? WHERE site_id = ?", tokens-1, now, call.Site).Error
	})
	return place, wait, pause, explain(err, "Jira site")
}

func (t *JiraTurns) giveBack(ctx context.Context, site ticket.SiteID, place int) error {
	return t.store.InTx(ctx, func(ctx context.Context) error {
		_, err := table[jiraCallRow](t.store.db(ctx)).Where("site_id = ? AND place = ? AND holder = ?", site, place, t.holder).Delete(ctx)
		return err
	})
}

// Pause keeps all replicas from calls of a scope. See jirasync.Turns.
func (t *JiraTurns) Pause(ctx context.Context, p jirasync.Pause) error {
	return t.store.InTx(ctx, func(ctx context.Context) error {
		err := t.store.db(ctx).Exec(`INSERT INTO jira_pauses (site_id, scope, begun_at, until, why) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (site_id, scope) DO UPDATE SET
			begun_at = CASE WHEN jira_pauses.until > excluded.begun_at THEN jira_pauses.begun_at ELSE excluded.begun_at END,
			why = CASE WHEN jira_pauses.until > excluded.until THEN jira_pauses.why ELSE excluded.why END,
			until = CASE WHEN jira_pauses.until > excluded.until THEN jira_pauses.until ELSE excluded.until END`,
			p.Site, p.Scope, t.now().UTC(), p.Until.UTC(), p.Why).Error
		return explain(err, "pause")
	})
}
