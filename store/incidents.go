package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
)

type incidentRow struct {
	ID                  int64
	Title               string
	Summary             string
	Impact              string
	Severity            *string
	Kind                string
	Class               string
	Status              string
	Source              string
	ExternalID          string
	GroupKey            string
	Labels              string
	DetectedBy          string
	URL                 string
	ProblemID           *int64
	StartedAt           time.Time
	DetectedAt          *time.Time
	DeclaredAt          *time.Time
	DeveloperNotifiedAt *time.Time
	DeveloperNotifiedBy *string
	AcknowledgedAt      *time.Time
	MitigatedAt         *time.Time
	RestoredAt          *time.Time
	ResolvedAt          *time.Time
	ClosedAt            *time.Time
	ReopenedAt          *time.Time
	EndedBy             string
	HandsOnSeconds      int64
	MergedInto          *int64
	CreatedAt           time.Time
	UpdatedAt           time.Time `gorm:"autoUpdateTime:false"`
	Version             int64
	// kept
	ImpactSeconds *int64
	Unassigned    bool
	Recognisable  bool
	NoticedAt     time.Time
	Occurrence    int
	Leads         bool
	Recurs        bool
	Significant   bool
	HasCause      bool
}

func (incidentRow) TableName() string { return "incidents" }

// incident gives the incident without what other tables hold of it.
func (r incidentRow) incident() incident.Incident {
	return incident.Incident{
		ID: incident.ID(r.ID), Title: r.Title, Summary: r.Summary, Impact: r.Impact, Severity: said[incident.Severity](r.Severity),
		Kind: incident.Kind(r.Kind), Class: incident.Class(r.Class), Status: incident.Status(r.Status),
		Source: r.Source, ExternalID: r.ExternalID, GroupKey: r.GroupKey, DetectedBy: incident.Detector(r.DetectedBy), URL: r.URL,
		Labels:  labelsOf(r.Labels),
		Problem: referred[problem.ID](r.ProblemID),
		Moments: incident.Moments{
			StartedAt: r.StartedAt.UTC(), DetectedAt: moment(r.DetectedAt), DeclaredAt: moment(r.DeclaredAt),
			DeveloperNotifiedAt: moment(r.DeveloperNotifiedAt), AcknowledgedAt: moment(r.AcknowledgedAt),
			MitigatedAt: moment(r.MitigatedAt), RestoredAt: moment(r.RestoredAt), ResolvedAt: moment(r.ResolvedAt),
			ClosedAt: moment(r.ClosedAt), ReopenedAt: moment(r.ReopenedAt),
		},
		NotifiedBy: said[incident.Channel](r.DeveloperNotifiedBy), EndedBy: incident.Ending(r.EndedBy),
		HandsOn: time.Duration(r.HandsOnSeconds) * time.Second, MergedInto: referred[incident.ID](r.MergedInto),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version, Standing: r.standing(),
	}
}

// labelsOf reads labels as labelsText wrote them.
func labelsOf(text string) (labels map[string]string) {
	if text == "" || text == "{}" {
		return nil
	}
	_ = json.Unmarshal([]byte(text), &labels) // what is not ours has none
	return labels
}

func labelsText(labels map[string]string) string {
	if len(labels) == 0 {
		return "{}"
	}
	text, _ := json.Marshal(labels) // texts can be written
	return string(text)
}

func (r incidentRow) standing() incident.Standing {
	return incident.Standing{Occurrence: r.Occurrence, Leads: r.Leads, Recurs: r.Recurs, Significant: r.Significant, HasCause: r.HasCause}
}

func toIncidentRow(i incident.Incident) incidentRow {
	r := incidentRow{
		ID: int64(i.ID), Title: i.Title, Summary: i.Summary, Impact: i.Impact, Severity: optional(i.Severity),
		Kind: string(i.Kind), Class: string(i.Class), Status: string(i.Status),
		Source: i.Source, ExternalID: i.ExternalID, GroupKey: i.GroupKey, DetectedBy: string(i.DetectedBy), URL: i.URL,
		Labels:    labelsText(i.Labels),
		ProblemID: reference(i.Problem),
		StartedAt: i.Moments.StartedAt.UTC(), DetectedAt: nullable(i.Moments.DetectedAt), DeclaredAt: nullable(i.Moments.DeclaredAt),
		DeveloperNotifiedAt: nullable(i.Moments.DeveloperNotifiedAt), DeveloperNotifiedBy: optional(i.NotifiedBy),
		AcknowledgedAt: nullable(i.Moments.AcknowledgedAt), MitigatedAt: nullable(i.Moments.MitigatedAt), RestoredAt: nullable(i.Moments.RestoredAt),
		ResolvedAt: nullable(i.Moments.ResolvedAt), ClosedAt: nullable(i.Moments.ClosedAt), ReopenedAt: nullable(i.Moments.ReopenedAt),
		EndedBy: string(i.EndedBy), HandsOnSeconds: seconds(i.HandsOn), MergedInto: reference(i.MergedInto),
		CreatedAt: i.CreatedAt.UTC(), UpdatedAt: i.UpdatedAt.UTC(), Version: i.Version,
		Unassigned: len(i.Services) == 0, Recognisable: i.Recognisable(), NoticedAt: i.Detected().UTC(),
		Occurrence: i.Standing.Occurrence, Leads: i.Standing.Leads, Recurs: i.Standing.Recurs,
		Significant: i.Standing.Significant, HasCause: i.Standing.HasCause,
	}
	if felt, known := i.Duration(); known {
		s := seconds(felt)
		r.ImpactSeconds = &s
	}
	return r
}

type incidentServiceRow struct {
	IncidentID int64
	ServiceID  int64
	StartedAt  time.Time
}

func (incidentServiceRow) TableName() string { return "incident_services" }

type incidentSegmentRow struct {
	IncidentID int64
	StartedAt  time.Time
	EndedAt    time.Time
}

func (incidentSegmentRow) TableName() string { return "incident_segments" }

type incidentParticipantRow struct {
	IncidentID int64
	Name       string
	Side       string
}

func (incidentParticipantRow) TableName() string { return "incident_participants" }

// incidentsOf gives the incidents whole, in three statements however many they are.
func (s *Store) incidentsOf(ctx context.Context, rows []incidentRow) ([]incident.Incident, error) {
	incidents := make([]incident.Incident, len(rows))
	ids := make([]int64, len(rows))
	at := make(map[int64]*incident.Incident, len(rows))
	for n, r := range rows {
		incidents[n], ids[n] = r.incident(), r.ID
		at[r.ID] = &incidents[n]
	}
	if len(ids) == 0 {
		return incidents, nil
	}
	services, err := s.servicesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, slugs := range services {
		at[id].Services = slugs
	}
	people, err := table[incidentParticipantRow](s.db(ctx)).Where("incident_id IN ?", ids).Order("incident_id, name").Find(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		i := at[p.IncidentID]
		i.Participants = append(i.Participants, incident.Participant{Name: p.Name, Side: p.Side})
	}
	segments, err := table[incidentSegmentRow](s.db(ctx)).Where("incident_id IN ?", ids).Order("incident_id, started_at").Find(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range segments {
		i := at[r.IncidentID]
		i.Segments = append(i.Segments, r.segment())
	}
	return incidents, nil
}

func (r incidentSegmentRow) segment() incident.Segment {
	return incident.Segment{StartedAt: r.StartedAt.UTC(), EndedAt: r.EndedAt.UTC()}
}

// servicesOf gives the slugs of each incident's services, in order.
func (s *Store) servicesOf(ctx context.Context, ids []int64) (map[int64][]string, error) {
	var rows []struct {
		IncidentID int64
		Slug       string
	}
	err := s.db(ctx).Raw(`SELECT l.incident_id, v.slug FROM incident_services l CROSS JOIN services v
WHERE v.id = l.service_id AND l.incident_id IN ? ORDER BY l.incident_id, v.slug`, ids).Scan(&rows).Error
	slugs := map[int64][]string{}
	for _, r := range rows {
		slugs[r.IncidentID] = append(slugs[r.IncidentID], r.Slug)
	}
	return slugs, err
}

// serviceIDs gives the numbers of services by their slugs. One that does not exist is something to correct in the
// named field.
func (s *Store) serviceIDs(ctx context.Context, field string, slugs []string) ([]int64, error) {
	if len(slugs) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID   int64
		Slug string
	}
	if err := s.db(ctx).Raw("SELECT id, slug FROM services WHERE slug IN ? ORDER BY id", slugs).Scan(&rows).Error; err != nil {
		return nil, err
	}
	known := map[string]bool{}
	ids := make([]int64, len(rows))
	for n, r := range rows {
		known[r.Slug], ids[n] = true, r.ID
	}
	var c fault.Check
	for _, slug := range slugs {
		c.That(known[slug], field, "There is no service %q.", slug)
	}
	return ids, c.Err()
}

// Incident gives one incident, also one that is merged into another.
func (s *Store) Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return incident.Incident{}, err
	}
	return s.incident(ctx, table[incidentRow](s.db(ctx)).Where("id = ?", id))
}

func (s *Store) incident(ctx context.Context, q query[incidentRow]) (incident.Incident, error) {
	r, err := q.Take(ctx)
	if err != nil {
		return incident.Incident{}, explain(err, "incident")
	}
	whole, err := s.incidentsOf(ctx, []incidentRow{r})
	if err != nil {
		return incident.Incident{}, explain(err, "incident")
	}
	return whole[0], nil
}

// IncidentsByID gives those of the incidents that exist, in the order asked for.
func (s *Store) IncidentsByID(ctx context.Context, viewer account.Actor, ids []incident.ID) ([]incident.Incident, error) {
	if err := viewer.May(account.Viewer); err != nil || len(ids) == 0 {
		return nil, err
	}
	rows, err := table[incidentRow](s.db(ctx)).Where("id IN ?", ids).Find(ctx)
	if err != nil {
		return nil, explain(err, "incident")
	}
	slices.SortFunc(rows, func(a, b incidentRow) int {
		return slices.Index(ids, incident.ID(a.ID)) - slices.Index(ids, incident.ID(b.ID))
	})
	incidents, err := s.incidentsOf(ctx, rows)
	return incidents, explain(err, "incident")
}

// MergedInto lists the reports that were merged into the incident, oldest first.
func (s *Store) MergedInto(ctx context.Context, viewer account.Actor, id incident.ID) ([]incident.ID, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	reports, err := s.reportsOf(ctx, id)
	return reports, explain(err, "incident")
}

func (s *Store) reportsOf(ctx context.Context, id incident.ID) (reports []incident.ID, err error) {
	err = s.db(ctx).Raw("SELECT id FROM incidents WHERE merged_into = ? ORDER BY id", id).Scan(&reports).Error
	return reports, err
}

// IncidentItself gives an incident without what other tables hold of it: its services, participants and earlier times of impact.
func (s *Store) IncidentItself(ctx context.Context, id incident.ID) (incident.Incident, error) {
	r, err := table[incidentRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	if err != nil {
		return incident.Incident{}, explain(err, "incident")
	}
	return r.incident(), nil
}

// CreateIncident saves a new incident and gives it with its number.
func (s *Store) CreateIncident(ctx context.Context, i incident.Incident) (incident.Incident, error) {
	err := s.InTx(ctx, func(ctx context.Context) error {
		i.UpdatedAt, i.Version = i.CreatedAt, 1
		r := toIncidentRow(i)
		if err := table[incidentRow](s.db(ctx)).Create(ctx, &r); err != nil {
			return err
		}
		i.ID = incident.ID(r.ID)
		if err := s.writeAround(ctx, incident.Incident{}, i); err != nil || len(i.Participants) == 0 && len(i.Services) < 2 && len(i.Segments) == 0 {
			return err // what was given is what is there
		}
		var err error
		i, err = s.incident(ctx, table[incidentRow](s.db(ctx)).Where("id = ?", r.ID))
		return err
	})
	return i, explain(err, "incident")
}

// UpdateIncident reads the incident, lets change decide, and writes it. What is kept of it (its standing) stays.
// Without a change nothing is written.
func (s *Store) UpdateIncident(ctx context.Context, id incident.ID, change func(*incident.Incident) error) (before, after incident.Incident, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		if err = s.holdWithProblem(ctx, "incidents", int64(id)); err != nil {
			return err
		}
		if before, err = s.incident(ctx, table[incidentRow](s.db(ctx)).Where("id = ?", id)); err != nil {
			return err
		}
		after = before
		after.Services, after.Participants, after.Segments = slices.Clone(before.Services), slices.Clone(before.Participants), slices.Clone(before.Segments)
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Version, after.Standing = before.ID, before.Version, before.Standing
		if reflect.DeepEqual(before, after) {
			return nil
		}
		after.Version, after.UpdatedAt = before.Version+1, s.now()
		if _, err := table[incidentRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toIncidentRow(after)); err != nil {
			return err
		}
		if err := s.writeAround(ctx, before, after); err != nil {
			return err
		}
		if slices.Equal(before.Services, after.Services) && slices.Equal(before.Participants, after.Participants) && len(before.Segments) == len(after.Segments) {
			return nil // what was given is what is there
		}
		after, err = s.incident(ctx, table[incidentRow](s.db(ctx)).Where("id = ?", id))
		return err
	})
	return before, after, explain(err, "incident")
}

// writeAround writes what other tables hold of an incident, where it differs from before.
func (s *Store) writeAround(ctx context.Context, before, after incident.Incident) error {
	id := int64(after.ID)
	if !slices.Equal(before.Services, after.Services) || !before.Moments.StartedAt.Equal(after.Moments.StartedAt) {
		services, err := s.serviceIDs(ctx, "services", after.Services)
		if err != nil {
			return err
		}
		rows := make([]incidentServiceRow, len(services))
		for n, service := range services {
			rows[n] = incidentServiceRow{IncidentID: id, ServiceID: service, StartedAt: after.Moments.StartedAt.UTC()}
		}
		if err := replace(ctx, s, id, len(before.Services) > 0, rows); err != nil {
			return err
		}
	}
	if !slices.Equal(before.Participants, after.Participants) {
		var rows []incidentParticipantRow
		for _, p := range after.Participants {
			if !slices.ContainsFunc(rows, func(r incidentParticipantRow) bool { return r.Name == p.Name }) {
				rows = append(rows, incidentParticipantRow{IncidentID: id, Name: p.Name, Side: p.Side})
			}
		}
		if err := replace(ctx, s, id, len(before.Participants) > 0, rows); err != nil {
			return err
		}
	}
	if !slices.Equal(before.Segments, after.Segments) {
		rows := make([]incidentSegmentRow, len(after.Segments))
		for n, g := range after.Segments {
			rows[n] = incidentSegmentRow{IncidentID: id, StartedAt: g.StartedAt.UTC(), EndedAt: g.EndedAt.UTC()}
		}
		if err := replace(ctx, s, id, len(before.Segments) > 0, rows); err != nil {
			return err
		}
	}
	if err := s.keepWaiting(ctx, before, after); err != nil {
		return err
	}
	if !saysElse(before, after) {
		return nil
	}
	return s.markText(ctx, id)
}

// replace puts the rows in the place of those that an incident had.
func replace[Row any](ctx context.Context, s *Store, incident int64, had bool, rows []Row) error {
	if had {
		if _, err := table[Row](s.db(ctx)).Where("incident_id = ?", incident).Delete(ctx); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return table[Row](s.db(ctx)).CreateInBatches(ctx, &rows, len(rows))
}

var incidentList = list[incidentRow]{
	thing: "incident", table: "incidents i", columns: "i.*", id: "i.id", usual: "-started_at",
	idOf: func(r incidentRow) int64 { return r.ID },
	sorts: map[string]sortKey[incidentRow]{
		"started_at": byMoment("i.started_at", func(r incidentRow) time.Time { return r.StartedAt }),
		"impact": byNumber("COALESCE(i.impact_seconds, -1)", func(r incidentRow) int64 {
			if r.ImpactSeconds == nil {
				return -1
			}
			return *r.ImpactSeconds
		}),
	},
}

// mergeAtMost is how many services of a team are looked up one by one; SQLite joins at most 500 selections.
const mergeAtMost = 200

// Incidents gives a page of those that are not merged into others.
func (s *Store) Incidents(ctx context.Context, viewer account.Actor, f incident.Filter, r listing.Request) (listing.Page[incident.Incident], error) {
	var none listing.Page[incident.Incident]
	if err := viewer.May(account.Viewer); err != nil {
		return none, err
	}
	q, err := s.incidentSelection(ctx, f)
	if err != nil {
		return none, explain(err, "incident")
	}
	rows, err := incidentList.page(ctx, s.db(ctx), q, f.Sort, r)
	if err != nil {
		return none, err
	}
	incidents, err := s.incidentsOf(ctx, rows.Items)
	return pageOf(rows, incidents), explain(err, "incident")
}

func (s *Store) incidentSelection(ctx context.Context, f incident.Filter) (selection, error) {
	q := selection{from: "incidents i"}
	started := "i.started_at"
	if f.Service != "" || f.Team != "" {
		services, err := s.servicesFor(ctx, f.Service, f.Team)
		if err != nil {
			return q, err
		}
		if len(services) <= mergeAtMost {
			started = "l.started_at"
			q = selection{
				from: "incident_services l CROSS JOIN incidents i", where: []string{"i.id = l.incident_id"}, column: "l.service_id", values: services,
				id: "l.incident_id", keys: map[string]string{"started_at": started},
			}
		} else {
			q.and("i.id IN (SELECT incident_id FROM incident_services WHERE service_id IN ?)", services)
		}
	}
	q.and("i.merged_into IS NULL")
	equal := func(column, value string) {
		if value != "" {
			q.and(column+" = ?", value)
		}
	}
	equal("i.severity", string(f.Severity))
	equal("i.status", string(f.Status))
	equal("i.kind", string(f.Kind))
	equal("i.class", string(f.Class))
	if f.NoSeverity {
		q.and("i.severity IS NULL")
	}
	if f.Unassigned {
		q.and("i.unassigned")
	}
	if f.LoopOpen {
		q.and(over + " AND i.significant")
		q.and("NOT " + practised("'proposed', 'declined', 'duplicate'") + " AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.incident_id = i.id)")
	}
	if f.Waiting {
		q.and(waitingNow, s.now().UTC())
	}
	if f.Problem != 0 {
		q.and("i.problem_id = ?", f.Problem)
	}
	if !f.From.IsZero() {
		q.and(started+" >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q.and(started+" < ?", f.To.UTC())
	}
	query := strings.TrimSpace(f.Query)
	if id, err := incident.ParseID(query); err == nil {
		q.and("i.id = ?", id)
	} else if id, err := problem.ParseID(query); err == nil {
		q.and("i.problem_id = ?", id)
	} else if query != "" {
		return q, s.searchIncidents(ctx, &q, query)
	}
	return q, nil
}

// servicesFor gives the numbers of the services with that slug, and built by the team with that slug, where given.
func (s *Store) servicesFor(ctx context.Context, service, team string) (ids []int64, err error) {
	q := selection{from: "services v"}
	if service != "" {
		q.and("v.slug = ?", service)
	}
	if team != "" {
		q.and("v.builder_id = (SELECT id FROM teams WHERE slug = ?)", team)
	}
	err = s.db(ctx).Raw(q.sql("v.id", " ORDER BY v.id"), q.args...).Scan(&ids).Error
	return ids, err
}

// LoopOf gathers what the gate asks for: notes, follow-ups and the latest decision.
func (s *Store) LoopOf(ctx context.Context, id incident.ID) (incident.Loop, error) {
	var l incident.Loop
	r, err := table[incidentRow](s.db(ctx)).Select("id, problem_id").Where("id = ?", id).Take(ctx)
	if err != nil {
		return l, explain(err, "incident")
	}
	if l.Cause, err = s.CauseNotedOn(ctx, id); err != nil {
		return l, err
	}
	of := referred[problem.ID](r.ProblemID)
	if !l.Cause && of != 0 {
		explained, err := table[noteRow](s.db(ctx)).Select("id").Where("problem_id = ? AND kind IN ?", of, explaining).Limit(1).Find(ctx)
		if err != nil {
			return l, explain(err, "note")
		}
		l.Cause = len(explained) > 0
	}
	if l.PracticeFollowUps, err = s.practiceFollowUps(ctx, id, of); err != nil {
		return l, err
	}
	latest, err := s.decisions(ctx, id, 1)
	if len(latest) > 0 {
		l.Decision = latest[0]
	}
	return l, err
}

type decisionRow struct {
	ID          int64
	IncidentID  int64
	Reason      string
	LookAgainOn string
	ActorKind   string
	ActorID     int64
	ActorName   string
	CreatedAt   time.Time
}

func (decisionRow) TableName() string { return "decisions" }

// AddDecision records a decision against a practice change.
func (s *Store) AddDecision(ctx context.Context, by account.Actor, id incident.ID, d incident.Decision) error {
	err := table[decisionRow](s.db(ctx)).Create(ctx, &decisionRow{
		IncidentID: int64(id), Reason: d.Reason, LookAgainOn: d.LookAgainOn,
		ActorKind: string(by.Kind), ActorID: by.ID, ActorName: cmp.Or(d.By, by.Name), CreatedAt: d.At.UTC(),
	})
	return explain(err, "decision")
}

// Decisions lists those about an incident, the latest first.
func (s *Store) Decisions(ctx context.Context, viewer account.Actor, id incident.ID) ([]incident.Decision, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	return s.decisions(ctx, id, listing.MaxLimit)
}

func (s *Store) decisions(ctx context.Context, id incident.ID, limit int) ([]incident.Decision, error) {
	rows, err := table[decisionRow](s.db(ctx)).Where("incident_id = ?", id).Order("id DESC").Limit(limit).Find(ctx)
	decisions := make([]incident.Decision, len(rows))
	for n, r := range rows {
		decisions[n] = incident.Decision{Reason: r.Reason, LookAgainOn: r.LookAgainOn, By: r.ActorName, At: r.CreatedAt.UTC()}
	}
	return decisions, explain(err, "decision")
}

type apartRow struct {
	IncidentID int64
	OtherID    int64
}

func (apartRow) TableName() string { return "incidents_apart" }

// SetApart remembers that two incidents are not the same failure; doing so again changes nothing.
func (s *Store) SetApart(ctx context.Context, id, other incident.ID) error {
	r := apartRow{IncidentID: int64(min(id, other)), OtherID: int64(max(id, other))}
	return explain(table[apartRow](s.db(ctx), clause.OnConflict{DoNothing: true}).Create(ctx, &r), "incident")
}

type identityRow struct {
	Source    string
	GroupKey  string
	ProblemID int64
}

func (identityRow) TableName() string { return "problem_identities" }

// ProblemOfIdentity is the problem of a source's group key, or 0. Two transactions that ask for the same one come
// after each other, so that the second sees what the first made of it.
func (s *Store) ProblemOfIdentity(ctx context.Context, source, groupKey string) (problem.ID, error) {
	if t := s.txOf(ctx); t != nil && s.pool != nil {
		if err := t.gorm.WithContext(ctx).Exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", source+"\t"+groupKey).Error; err != nil {
			return 0, explain(err, "problem")
		}
	}
	rows, err := table[identityRow](s.db(ctx)).Where("source = ? AND group_key = ?", source, groupKey).Limit(1).Find(ctx)
	if err != nil || len(rows) == 0 {
		return 0, explain(err, "problem")
	}
	return problem.ID(rows[0].ProblemID), nil
}

// LatestOfIdentity is the newest incident with a source's group key, or 0.
func (s *Store) LatestOfIdentity(ctx context.Context, source, groupKey string) (incident.ID, error) {
	var ids []incident.ID
	err := s.db(ctx).Raw(`SELECT id FROM incidents WHERE source = ? AND group_key = ? AND group_key <> '' AND merged_into IS NULL
ORDER BY started_at DESC, id DESC LIMIT 1`, source, groupKey).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return 0, explain(err, "incident")
	}
	return ids[0], nil
}

// SetIdentity says that a source's group key means this problem.
func (s *Store) SetIdentity(ctx context.Context, source, groupKey string, id problem.ID) error {
	r := identityRow{Source: source, GroupKey: groupKey, ProblemID: int64(id)}
	overwrite := clause.OnConflict{Columns: []clause.Column{{Name: "source"}, {Name: "group_key"}}, DoUpdates: clause.AssignmentColumns([]string{"problem_id"})}
	return explain(table[identityRow](s.db(ctx), overwrite).Create(ctx, &r), "problem")
}

// standingsAtOnce is how many incidents are looked at in one statement.
const standingsAtOnce = 500

// KeepStandings writes what is kept on incidents, where it differs; neither their version nor their last change moves.
func (s *Store) KeepStandings(ctx context.Context, standings map[incident.ID]incident.Standing) error {
	ids := make([]incident.ID, 0, len(standings))
	for id := range standings {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for some := range slices.Chunk(ids, standingsAtOnce) {
		rows, err := table[incidentRow](s.db(ctx)).Select("id, occurrence, leads, recurs, significant, has_cause").
			Where("id IN ?", some).Order("id").Find(ctx)
		if err != nil {
			return explain(err, "incident")
		}
		var values []string
		for _, r := range rows {
			if is := standings[incident.ID(r.ID)]; is != r.standing() {
				values = append(values, fmt.Sprintf("(%d, %d, %t, %t, %t, %t)", r.ID, is.Occurrence, is.Leads, is.Recurs, is.Significant, is.HasCause))
			}
		}
		if len(values) == 0 {
			continue
		}
		// Both databases call the columns of VALUES column1 and so on.
		err = s.db(ctx).Exec(`UPDATE incidents SET occurrence = v.column2, leads = v.column3, recurs = v.column4, significant = v.column5, has_cause = v.column6
FROM (VALUES ` + strings.Join(values, ", ") + `) AS v WHERE incidents.id = v.column1`).Error
		if err != nil {
			return explain(err, "incident")
		}
	}
	return nil
}
