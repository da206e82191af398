package api

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/jirasync"
)

type jiraReads interface {
	JiraHealth(ctx context.Context, now time.Time) ([]jirasync.Health, error)
}

// ticketJSON is the Jira issue that carries a follow-up. While it is being filed only site-independent members are there.
type ticketJSON struct {
	Site      string  `json:"site" doc:"Address of the Jira site."`
	ID        string  `json:"id" doc:"Jira's number of the issue; it outlives a move to another project."`
	Key       string  `json:"key" example:"OPS-12"`
	URL       string  `json:"url"`
	Status    string  `json:"status" doc:"As Jira calls it."`
	Category  string  `json:"category" enum:"todo,in_progress,done,unknown,"`
	Priority  *string `json:"priority"`
	Assignee  *string `json:"assignee"`
	Sprint    *string `json:"sprint"`
	LinkState string  `json:"link_state" enum:"pending,sending,linked,needs_configuration,gone"`
}

func ticketAs(f followup.FollowUp) *ticketJSON {
	if f.LinkState == "" {
		return nil
	}
	j := &ticketJSON{LinkState: string(f.LinkState)}
	if t := f.Ticket; t != nil {
		j.ID, j.Key, j.URL, j.Status, j.Category = t.IssueID, t.Key, t.URL, t.Status.Name, string(t.Category)
		j.Site = t.SiteURL()
		j.Priority, j.Assignee, j.Sprint = orNull(t.Priority.Name), orNull(t.Assignee.Name), orNull(t.Sprint().Name)
	}
	return j
}

func (a *API) ticketFollowUp(ctx context.Context, in *struct {
	RefIn
	Body struct {
		Key string `json:"key,omitempty" maxLength:"500" doc:"Key or address of an issue that exists; left out, one is filed."`
	}
},
) (*one[followUpJSON], error) {
	id, err := followup.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	actor := account.ActorFrom(ctx)
	if in.Body.Key != "" {
		_, err = a.Jira.LinkTo(ctx, actor, id, in.Body.Key)
	} else {
		_, err = a.Jira.Ask(ctx, actor, id)
	}
	if err != nil {
		return nil, err
	}
	return a.followUpNow(ctx, id)
}

func (a *API) unticketFollowUp(ctx context.Context, in *RefIn) (*one[followUpJSON], error) {
	id, err := followup.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	if err := a.Jira.Unlink(ctx, account.ActorFrom(ctx), id); err != nil {
		return nil, err
	}
	return a.followUpNow(ctx, id)
}

func (a *API) followUpNow(ctx context.Context, id followup.ID) (*one[followUpJSON], error) {
	f, err := a.Store.FollowUp(ctx, account.ActorFrom(ctx), id)
	if err != nil {
		return nil, err
	}
	j, err := a.followUp(ctx, f)
	if err != nil {
		return nil, err
	}
	return changed(f.Version, j)
}

// syncJSON is how the sync is doing.
type syncJSON struct {
	OK    bool           `json:"ok" doc:"Nothing is stopped, and nothing waits for a person."`
	Sites []siteSyncJSON `json:"sites" nullable:"false"`
}

type siteSyncJSON struct {
	Name             string         `json:"name"`
	URL              string         `json:"url"`
	Flavour          string         `json:"flavour" enum:"cloud,dc,"`
	Disabled         bool           `json:"disabled"`
	LastGoodPoll     *time.Time     `json:"last_good_poll"`
	Lag              int64          `json:"lag_seconds" doc:"From the last good poll to now."`
	Backlog          int            `json:"backlog" doc:"Writes in the queue."`
	DeadLetters      int            `json:"dead_letters" doc:"Writes that gave up and wait for a person."`
	PausedUntil      *time.Time     `json:"paused_until"`
	PausedWhy        *string        `json:"paused_why"`
	LastError        *syncErrorJSON `json:"last_error" doc:"In Jira's words; it may be over."`
	LoginGood        bool           `json:"login_good"`
	Stopped          bool           `json:"stopped"`
	StoppedWhy       *string        `json:"stopped_why"`
	WebhookLastSeen  *time.Time     `json:"webhook_last_seen"`
	Tickets          int            `json:"tickets"`
	Gone             int            `json:"gone"`
	Conflicts        int            `json:"conflicts"`
	Decisions        int            `json:"decisions" doc:"Closed in Jira with a resolution that asks for a decision."`
	UnplacedStatuses int            `json:"unplaced_statuses"`
	PartialHistories int            `json:"partial_histories"`
	Disagreeing      int            `json:"disagreeing_histories" doc:"Jira's own moment of the last change of category differs by more than a second."`
}

type syncErrorJSON struct {
	Said   string    `json:"said"`
	Status int       `json:"status" doc:"HTTP's; 0: no answer came."`
	At     time.Time `json:"at"`
}

func (a *API) showSync(ctx context.Context, _ *struct{}) (*struct{ Body syncJSON }, error) {
	all, err := a.Store.JiraHealth(ctx, a.Now())
	if err != nil {
		return nil, err
	}
	now := a.Now()
	body := syncJSON{OK: true, Sites: []siteSyncJSON{}}
	for _, h := range all {
		why, stopped := h.Stopped(now, a.Poll)
		j := siteSyncJSON{
			Name: h.Site.Name, URL: h.Site.URL, Flavour: string(h.Site.Flavour), Disabled: !h.Site.DisabledAt.IsZero(),
			LastGoodPoll: known(h.State.GoodAt), Lag: seconds(h.Lag(now)), Backlog: h.Waiting, DeadLetters: h.Dead, PausedUntil: known(h.PausedUntil(now)),
			LoginGood: h.State.LoginBadAt.IsZero(), Stopped: stopped, StoppedWhy: orNull(why), WebhookLastSeen: known(h.State.HookSeenAt),
			Tickets: h.Mirrored, Gone: h.Gone, Conflicts: h.Conflicts, Decisions: h.Decisions, UnplacedStatuses: h.Unplaced,
			PartialHistories: h.Partial, Disagreeing: h.Off,
		}
		if j.PausedUntil != nil {
			j.PausedWhy = orNull(h.Pauses[0].Why)
		}
		if t := h.State.Trouble; t.Words != "" {
			j.LastError = &syncErrorJSON{Said: t.Words, Status: t.Status, At: t.At.UTC()}
		}
		body.OK = body.OK && (j.Disabled || !stopped && !h.NeedsSomebody())
		body.Sites = append(body.Sites, j)
	}
	return &struct{ Body syncJSON }{body}, nil
}
