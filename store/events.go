package store

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/listing"
)

type eventRow struct {
	ID         int64
	At         time.Time
	ActorKind  string
	ActorID    int64
	ActorName  string
	Subject    string
	SubjectID  int64
	Action     string
	IncidentID *int64
	ProblemID  *int64
	FollowupID *int64
	Before     *string
	After      *string
	Reason     string
	RequestID  string
	Origin     string
}

func (eventRow) TableName() string { return "events" }

func (r eventRow) event() audit.Event {
	return audit.Event{
		ID: r.ID, At: r.At.UTC(), Actor: account.Actor{Kind: account.ActorKind(r.ActorKind), ID: r.ActorID, Name: r.ActorName},
		Subject: audit.SubjectKind(r.Subject), SubjectID: r.SubjectID, Action: r.Action,
		Incident: referred[int64](r.IncidentID), Problem: referred[int64](r.ProblemID), FollowUp: referred[int64](r.FollowupID),
		Before: fromText(r.Before), After: fromText(r.After),
		Reason: r.Reason, RequestID: r.RequestID, Origin: r.Origin,
	}
}

func toEventRow(e audit.Event) eventRow {
	return eventRow{
		At: e.At.UTC(), ActorKind: string(e.Actor.Kind), ActorID: e.Actor.ID, ActorName: e.Actor.Name,
		Subject: string(e.Subject), SubjectID: e.SubjectID, Action: e.Action,
		IncidentID: reference(e.Incident), ProblemID: reference(e.Problem), FollowupID: reference(e.FollowUp),
		Before: toText(e.Before), After: toText(e.After),
		Reason: e.Reason, RequestID: e.RequestID, Origin: e.Origin,
	}
}

func toText(fields []byte) *string {
	if fields == nil {
		return nil
	}
	text := string(fields)
	return &text
}

func fromText(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// Append adds an event to the record, inside the transaction of the change it tells of. Request and origin come from
// ctx where the event leaves them open.
func (s *Store) Append(ctx context.Context, e audit.Event) error {
	if e.RequestID == "" && e.Origin == "" {
		e.RequestID, e.Origin = audit.OriginOf(ctx)
	}
	r := toEventRow(e)
	return explain(table[eventRow](s.db(ctx)).Create(ctx, &r), "event")
}

var eventList = list[eventRow]{
	thing: "event", table: "events e", columns: "e.*", id: "e.id", usual: "-id",
	idOf:  func(r eventRow) int64 { return r.ID },
	sorts: map[string]sortKey[eventRow]{"id": byNumber("e.id", func(r eventRow) int64 { return r.ID })},
}

// Events gives a page of the record, newest first: the timeline of an incident, problem or follow-up, what happened
// to one thing, or everything.
func (s *Store) Events(ctx context.Context, viewer account.Actor, f audit.Filter, r listing.Request) (listing.Page[audit.Event], error) {
	var none listing.Page[audit.Event]
	if err := viewer.May(account.Viewer); err != nil {
		return none, err
	}
	q := selection{from: "events e"}
	timeline := func(column string, id int64) {
		if id != 0 {
			q.and(column+" = ?", id)
		}
	}
	timeline("e.incident_id", f.Incident)
	timeline("e.problem_id", f.Problem)
	timeline("e.followup_id", f.FollowUp)
	if f.Subject != "" {
		q.and("e.subject = ?", f.Subject)
	}
	timeline("e.subject_id", f.SubjectID)
	rows, err := eventList.page(ctx, s.db(ctx), q, "", r)
	if err != nil {
		return none, err
	}
	return pageOf(rows, eventsOf(rows.Items)), nil
}

func eventsOf(rows []eventRow) []audit.Event {
	events := make([]audit.Event, len(rows))
	for n, r := range rows {
		events[n] = r.event()
	}
	return events
}

// EventsOf gives what happened to one thing, newest first, at most limit events.
func (s *Store) EventsOf(ctx context.Context, subject audit.SubjectKind, id int64, limit int) ([]audit.Event, error) {
	rows, err := table[eventRow](s.db(ctx)).Where("subject = ? AND subject_id = ?", subject, id).Order("id DESC").Limit(limit).Find(ctx)
	return eventsOf(rows), explain(err, "event")
}
