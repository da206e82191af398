package store

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
)

type followUpRow struct {
	ID              int64
	Title           string
	Detail          string
	Kind            string
	Purpose         string
	TeamID          *int64
	State           string
	DueOn           string
	ProblemID       *int64
	EvidenceURL     string
	DeploymentID    *int64
	ShippedByHandAt *time.Time
	QueuedByHandAt  *time.Time
	FixFailedAt     *time.Time
	DeclinedReason  string
	LookAgainOn     string
	DuplicateOf     *int64
	CreatedAt       time.Time
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"` // of what people changed, not of what is kept
	Version         int64
	Kept            ledgerRow `gorm:"embedded"`
}

func (followUpRow) TableName() string { return "followups" }

// ledgerRow is what is kept of a ledger.
type ledgerRow struct {
	QueuedAt                   *time.Time
	StartedAt                  *time.Time
	DoneAt                     *time.Time
	ShippedAt                  *time.Time
	VerifiedAt                 *time.Time
	WaitingSeconds             int64
	WorkingSeconds             int64
	SentBackSeconds            int64
	StillWaiting               bool
	NeverStarted               bool
	Incomplete                 bool
	RecurrencesWhileWaiting    int64
	ImpactWhileWaitingSeconds  int64
	HandsOnWhileWaitingSeconds int64
	RecurrencesAfter           int64
	CostSeconds                int64
	Bumps                      int64
}

func toLedgerRow(l followup.Ledger) ledgerRow {
	return ledgerRow{
		QueuedAt: nullable(l.QueuedAt), StartedAt: nullable(l.StartedAt), DoneAt: nullable(l.DoneAt),
		ShippedAt: nullable(l.ShippedAt), VerifiedAt: nullable(l.VerifiedAt),
		WaitingSeconds: seconds(l.Waiting), WorkingSeconds: seconds(l.Working), SentBackSeconds: seconds(l.SentBack),
		StillWaiting: l.StillWaiting, NeverStarted: l.NeverStarted, Incomplete: l.Incomplete,
		RecurrencesWhileWaiting: int64(l.RecurrencesWhileWaiting), ImpactWhileWaitingSeconds: seconds(l.ImpactWhileWaiting),
		HandsOnWhileWaitingSeconds: seconds(l.HandsOnWhileWaiting), RecurrencesAfter: int64(l.RecurrencesAfter),
		CostSeconds: seconds(l.Cost()), Bumps: int64(l.Bumps),
	}
}

func (r ledgerRow) ledger() followup.Ledger {
	return followup.Ledger{
		QueuedAt: moment(r.QueuedAt), StartedAt: moment(r.StartedAt), DoneAt: moment(r.DoneAt),
		ShippedAt: moment(r.ShippedAt), VerifiedAt: moment(r.VerifiedAt),
		Waiting: lasting(r.WaitingSeconds), Working: lasting(r.WorkingSeconds), SentBack: lasting(r.SentBackSeconds),
		StillWaiting: r.StillWaiting, NeverStarted: r.NeverStarted, Incomplete: r.Incomplete,
		RecurrencesWhileWaiting: int(r.RecurrencesWhileWaiting), ImpactWhileWaiting: lasting(r.ImpactWhileWaitingSeconds),
		HandsOnWhileWaiting: lasting(r.HandsOnWhileWaitingSeconds), RecurrencesAfter: int(r.RecurrencesAfter), Bumps: int(r.Bumps),
	}
}

// lasting is what seconds made a column of.
// What is longer than 292 years, as a sum may be, is that long.
func lasting(n int64) time.Duration {
	return time.Duration(min(n, int64(math.MaxInt64/time.Second))) * time.Second
}

func (r followUpRow) followUp() followup.FollowUp {
	return followup.FollowUp{
		ID: followup.ID(r.ID), Title: r.Title, Detail: r.Detail, Kind: followup.Kind(r.Kind), Purpose: followup.Purpose(r.Purpose),
		Team: referred[catalog.TeamID](r.TeamID), State: followup.State(r.State), DueOn: r.DueOn,
		Problem: referred[problem.ID](r.ProblemID), EvidenceURL: r.EvidenceURL, Deployment: referred[deployment.ID](r.DeploymentID),
		FixFailedAt: moment(r.FixFailedAt), Declined: followup.Decline{Reason: r.DeclinedReason, LookAgainOn: r.LookAgainOn},
		DuplicateOf:    referred[followup.ID](r.DuplicateOf),
		QueuedByHandAt: moment(r.QueuedByHandAt), ShippedByHandAt: moment(r.ShippedByHandAt),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version, Kept: r.Kept.ledger(),
	}
}

func toFollowUpRow(f followup.FollowUp) followUpRow {
	return followUpRow{
		ID: int64(f.ID), Title: f.Title, Detail: f.Detail, Kind: string(f.Kind), Purpose: string(f.Purpose), TeamID: reference(f.Team),
		State: string(f.State), DueOn: f.DueOn, ProblemID: reference(f.Problem), EvidenceURL: f.EvidenceURL,
		DeploymentID: reference(f.Deployment), ShippedByHandAt: nullable(f.ShippedByHandAt), QueuedByHandAt: nullable(f.QueuedByHandAt),
		FixFailedAt: nullable(f.FixFailedAt), DeclinedReason: f.Declined.Reason, LookAgainOn: f.Declined.LookAgainOn,
		DuplicateOf: reference(f.DuplicateOf), CreatedAt: f.CreatedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC(), Version: f.Version,
		Kept: toLedgerRow(f.Kept),
	}
}

type moveRow struct {
	ID         int64
	FollowupID int64
	State      string
	At         time.Time
}

func (moveRow) TableName() string { return "followup_moves" }

type followUpIncidentRow struct {
	FollowupID int64
	IncidentID int64
}

func (followUpIncidentRow) TableName() string { return "followup_incidents" }

// followUpsOf completes rows with their moves, their incidents, their tickets and what shipped them, in five queries.
func (s *Store) followUpsOf(ctx context.Context, rows []followUpRow) ([]followup.FollowUp, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	followUps := make([]followup.FollowUp, len(rows))
	at := make(map[int64]int, len(rows))
	ids := make([]int64, len(rows))
	var deployed []int64
	for n, r := range rows {
		followUps[n], ids[n], at[r.ID] = r.followUp(), r.ID, n
		if r.DeploymentID != nil {
			deployed = append(deployed, *r.DeploymentID)
		}
	}
	moves, err := table[moveRow](s.db(ctx)).Where("followup_id IN ?", ids).Order("followup_id, at, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "follow-up")
	}
	for _, m := range moves {
		f := &followUps[at[m.FollowupID]]
		f.Moves = append(f.Moves, followup.Move{State: followup.State(m.State), At: m.At.UTC()})
	}
	links, err := table[followUpIncidentRow](s.db(ctx)).Where("followup_id IN ?", ids).Order("followup_id, incident_id").Find(ctx)
	if err != nil {
		return nil, explain(err, "follow-up")
	}
	for _, l := range links {
		f := &followUps[at[l.FollowupID]]
		f.Incidents = append(f.Incidents, incident.ID(l.IncidentID))
	}
	if err := s.ticketsFor(ctx, followUps, at, ids); err != nil {
		return nil, err
	}
	if len(deployed) == 0 {
		return followUps, nil
	}
	deployments, err := table[deploymentRow](s.db(ctx)).Select("id", "production", "finished_at", "outcome").Where("id IN ?", deployed).Find(ctx)
	if err != nil {
		return nil, explain(err, "deployment")
	}
	shipped := map[deployment.ID]time.Time{}
	for _, r := range deployments {
		if d := r.deployment(); d.Ships() {
			shipped[d.ID] = d.FinishedAt
		}
	}
	for n := range followUps {
		followUps[n].DeployedAt = shipped[followUps[n].Deployment]
	}
	return followUps, nil
}

// theseFollowUps completes what a query found, in its order.
func (s *Store) theseFollowUps(ctx context.Context, rows []followUpRow, err error) ([]followup.FollowUp, error) {
	if err != nil {
		return nil, explain(err, "follow-up")
	}
	return s.followUpsOf(ctx, rows)
}

func (s *Store) oneFollowUp(ctx context.Context, r followUpRow, err error) (followup.FollowUp, error) {
	found, err := s.theseFollowUps(ctx, []followUpRow{r}, err)
	if err != nil {
		return followup.FollowUp{}, err
	}
	return found[0], nil
}

// FollowUp gives one follow-up.
func (s *Store) FollowUp(ctx context.Context, viewer account.Actor, id followup.ID) (followup.FollowUp, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return followup.FollowUp{}, err
	}
	r, err := table[followUpRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	return s.oneFollowUp(ctx, r, err)
}

// noDueDate sorts follow-ups without a date after those with one.
const noDueDate = "9999-12-31"

var followUpList = list[followUpRow]{
	thing: "follow-up", table: "followups", columns: "followups.*", id: "followups.id",
	idOf: func(r followUpRow) int64 { return r.ID },
	sorts: map[string]sortKey[followUpRow]{
		"cost":       byNumber("followups.cost_seconds", func(r followUpRow) int64 { return r.Kept.CostSeconds }),
		"updated_at": byMoment("followups.updated_at", func(r followUpRow) time.Time { return r.UpdatedAt }),
		// What nobody has queued yet stands where it was written down.
		"queued_at": byMoment("COALESCE(followups.queued_at, followups.created_at)", func(r followUpRow) time.Time {
			if r.Kept.QueuedAt != nil {
				return *r.Kept.QueuedAt
			}
			return r.CreatedAt
		}),
		"due_on": byText("CASE WHEN followups.due_on = '' THEN '"+noDueDate+"' ELSE followups.due_on END", func(r followUpRow) string {
			if r.DueOn == "" {
				return noDueDate
			}
			return r.DueOn
		}),
	},
	usual: "-cost",
}

// FollowUps lists follow-ups.
func (s *Store) FollowUps(ctx context.Context, viewer account.Actor, f followup.Filter, req listing.Request) (listing.Page[followup.FollowUp], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[followup.FollowUp]{}, err
	}
	q, err := s.followUpsChosen(ctx, f)
	if err != nil {
		return listing.Page[followup.FollowUp]{}, err
	}
	return s.followUpPage(ctx, q, f.Sort, req)
}

func (s *Store) followUpPage(ctx context.Context, q selection, sort string, req listing.Request) (listing.Page[followup.FollowUp], error) {
	page, err := followUpList.page(ctx, s.db(ctx), q, sort, req)
	if err != nil {
		return listing.Page[followup.FollowUp]{}, err
	}
	items, err := s.followUpsOf(ctx, page.Items)
	return pageOf(page, items), err
}

// followUpsChosen is what a filter leaves, or an Invalid fault that names what there is not.
func (s *Store) followUpsChosen(ctx context.Context, f followup.Filter) (selection, error) {
	q := selection{from: followUpList.table}
	team, err := s.filterTeam(ctx, f.Team)
	if err != nil {
		return q, err
	}
	service, err := s.filterService(ctx, f.Service)
	if err != nil {
		return q, err
	}
	if team != 0 {
		q.and("followups.team_id = ?", team)
	}
	if service != 0 {
		q.and(`followups.id IN (
			SELECT f.id FROM problems p CROSS JOIN followups f WHERE f.problem_id = p.id AND p.service_id = ? AND p.merged_into IS NULL
			UNION SELECT fi.followup_id FROM incident_services i CROSS JOIN followup_incidents fi WHERE fi.incident_id = i.incident_id AND i.service_id = ?)`,
			service, service)
	}
	if f.Kind != "" {
		q.and("followups.kind = ?", f.Kind)
	}
	states := f.States
	if f.State != "" {
		states = []followup.State{f.State}
	}
	if len(states) > 0 {
		in, err := statesIn(states)
		if err != nil {
			return q, err
		}
		q.and(in)
	}
	if f.Problem != 0 {
		q.and("followups.problem_id = ?", f.Problem)
	}
	if f.Recurred {
		q.and("followups.recurrences_while_waiting > 0")
	}
	if f.AsksDecision {
		q.and("followups.id IN (SELECT l.followup_id FROM ticket_links l WHERE l.asks_decision)")
	}
	if f.InConflict {
		q.and("followups.id IN (SELECT l.followup_id FROM ticket_links l WHERE l.conflicts <> '[]')")
	}
	if !f.FinishedSince.IsZero() {
		q.and("(followups.done_at IS NULL OR followups.done_at >= ?)", f.FinishedSince.UTC())
	}
	if id, err := followup.ParseID(strings.TrimSpace(f.Query)); err == nil {
		q.and("followups.id = ?", id)
		return q, nil
	}
	for _, word := range strings.Fields(strings.ToLower(f.Query)) {
		q.and(`lower(followups.title) LIKE ? ESCAPE '\'`, "%"+escapeLike(word)+"%")
	}
	return q, nil
}

// statesIn is the condition that the state is one of these. Several are spelt as not being any of the others: then the
// index that gives the order is used, and not the one by state with all of it to sort. The states of the closed list
// stand in it as they are, since an index over some rows is used only when the statement shows that it needs no others.
func statesIn(states []followup.State) (string, error) {
	var c fault.Check
	for _, state := range states {
		c.That(slices.Contains(followup.States, state), "state", "There is no state %q.", string(state))
	}
	if err := c.Err(); err != nil {
		return "", err
	}
	if len(states) == 1 {
		return "followups.state = '" + string(states[0]) + "'", nil
	}
	var others []string
	for _, state := range followup.States {
		if !slices.Contains(states, state) {
			others = append(others, "'"+string(state)+"'")
		}
	}
	if len(others) == 0 {
		return "followups.state IS NOT NULL", nil
	}
	return "followups.state NOT IN (" + strings.Join(others, ", ") + ")", nil
}

// FollowUpsOf gives the follow-ups of a problem, oldest first, for the keeper.
func (s *Store) FollowUpsOf(ctx context.Context, id problem.ID) ([]followup.FollowUp, error) {
	rows, err := table[followUpRow](s.db(ctx)).Where("problem_id = ?", id).Order("id").Find(ctx)
	return s.theseFollowUps(ctx, rows, err)
}

// FollowUpsOfIncident gives the follow-ups linked to an incident or to its problem, oldest first.
func (s *Store) FollowUpsOfIncident(ctx context.Context, viewer account.Actor, id incident.ID) ([]followup.FollowUp, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[followUpRow](s.db(ctx)).Where(`id IN (
		SELECT followup_id FROM followup_incidents WHERE incident_id = ?
		UNION SELECT f.id FROM incidents i CROSS JOIN followups f WHERE f.problem_id = i.problem_id AND i.id = ?)`, id, id).Order("id").Find(ctx)
	return s.theseFollowUps(ctx, rows, err)
}

// FollowUpsOfIncidents gives the follow-ups linked to any of the incidents or to their problems, oldest first.
func (s *Store) FollowUpsOfIncidents(ctx context.Context, viewer account.Actor, ids []incident.ID) ([]followup.FollowUp, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := table[followUpRow](s.db(ctx)).Where(`id IN (
		SELECT followup_id FROM followup_incidents WHERE incident_id IN ?
		UNION SELECT f.id FROM incidents i JOIN followups f ON f.problem_id = i.problem_id WHERE i.id IN ?)`, ids, ids).Order("id").Find(ctx)
	return s.theseFollowUps(ctx, rows, err)
}

// RecurredWithTicket gives the follow-ups of a team (0: of all) that have a ticket and whose failure came back while they waited,
// dearest first.
func (s *Store) RecurredWithTicket(ctx context.Context, viewer account.Actor, team catalog.TeamID, limit int) ([]followup.FollowUp, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	q := table[followUpRow](s.db(ctx)).Where("recurrences_while_waiting > 0 AND EXISTS (SELECT 1 FROM ticket_links l WHERE l.followup_id = followups.id AND l.ticket_id IS NOT NULL)")
	if team != 0 {
		q = q.Where("team_id = ?", team)
	}
	rows, err := q.Order("cost_seconds DESC, id DESC").Limit(limit).Find(ctx)
	return s.theseFollowUps(ctx, rows, err)
}

// FollowUpsDeployed gives the follow-ups that name a deployment as what ships them.
func (s *Store) FollowUpsDeployed(ctx context.Context, id deployment.ID) ([]followup.FollowUp, error) {
	rows, err := table[followUpRow](s.db(ctx)).Where("deployment_id = ?", id).Order("id").Find(ctx)
	return s.theseFollowUps(ctx, rows, err)
}

// QuietSince gives follow-ups that are done, with evidence, and shipped before a moment, longest quiet first.
func (s *Store) QuietSince(ctx context.Context, before time.Time, limit int) ([]followup.FollowUp, error) {
	rows, err := table[followUpRow](s.db(ctx)).Where("state = 'done' AND evidence_url <> '' AND shipped_at <= ?", before.UTC()).
		Order("shipped_at, id").Limit(limit).Find(ctx)
	return s.theseFollowUps(ctx, rows, err)
}

// fixesIn is the kinds that are no practice, as they stand in a statement.
var fixesIn = func() string {
	var kinds []string
	for _, k := range followup.Kinds {
		if !k.Practice() {
			kinds = append(kinds, "'"+string(k)+"'")
		}
	}
	return "(" + strings.Join(kinds, ", ") + ")"
}()

// practiceFollowUps counts the practice changes, queued or further, on an incident or on its problem (0: none).
func (s *Store) practiceFollowUps(ctx context.Context, i incident.ID, p problem.ID) (int, error) {
	var n int64
	err := s.db(ctx).Raw(`SELECT count(*) FROM followups WHERE kind NOT IN `+fixesIn+` AND state NOT IN ('proposed', 'declined', 'duplicate') AND id IN (
		SELECT followup_id FROM followup_incidents WHERE incident_id = ? UNION SELECT id FROM followups WHERE problem_id = ?)`, i, p).Scan(&n).Error
	return int(n), explain(err, "follow-up")
}

// AdoptFollowUps gives the problem those follow-ups of its incidents that have none.
func (s *Store) AdoptFollowUps(ctx context.Context, id problem.ID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		var orphans []int64
		err := s.db(ctx).Raw(`SELECT f.id FROM incidents i CROSS JOIN followup_incidents fi CROSS JOIN followups f
			WHERE fi.incident_id = i.id AND f.id = fi.followup_id AND i.problem_id = ? AND f.problem_id IS NULL`, id).Scan(&orphans).Error
		if err != nil || len(orphans) == 0 {
			return explain(err, "follow-up")
		}
		_, err = table[followUpRow](s.db(ctx)).Where("id IN ?", orphans).Update(ctx, "problem_id", id)
		return explain(err, "follow-up")
	})
}

// CreateFollowUp saves a new follow-up with its incidents and moves.
func (s *Store) CreateFollowUp(ctx context.Context, f followup.FollowUp) (followup.FollowUp, error) {
	f.ID, f.Version, f.UpdatedAt = 0, 1, f.CreatedAt
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.followUpRefers(ctx, f); err != nil {
			return err
		}
		r := toFollowUpRow(f)
		if err := table[followUpRow](s.db(ctx)).Create(ctx, &r); err != nil {
			return explain(err, "follow-up")
		}
		f.ID = followup.ID(r.ID)
		if err := s.linkIncidents(ctx, f.ID, f.Incidents); err != nil {
			return err
		}
		return s.addMoves(ctx, f.ID, f.Moves)
	})
	return f, err
}

// HoldFollowUp keeps others from changing a follow-up or its problem until the transaction ends. See HoldProblem.
func (s *Store) HoldFollowUp(ctx context.Context, id followup.ID) error {
	return explain(s.holdWithProblem(ctx, "followups", int64(id)), "follow-up")
}

// UpdateFollowUp reads the follow-up, lets change decide, and writes it. Moves are added, never rewritten.
func (s *Store) UpdateFollowUp(ctx context.Context, id followup.ID, change func(*followup.FollowUp) error) (before, after followup.FollowUp, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		if err := s.HoldFollowUp(ctx, id); err != nil {
			return err
		}
		r, err := table[followUpRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
		if before, err = s.oneFollowUp(ctx, r, err); err != nil {
			return err
		}
		after = before
		after.Incidents, after.Moves = slices.Clone(before.Incidents), slices.Clone(before.Moves)
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Version, after.CreatedAt, after.Kept = id, before.Version+1, before.CreatedAt, before.Kept
		if err := s.followUpRefers(ctx, after); err != nil {
			return err
		}
		if _, err := table[followUpRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toFollowUpRow(after)); err != nil {
			return explain(err, "follow-up")
		}
		if !slices.Equal(before.Incidents, after.Incidents) {
			if _, err := table[followUpIncidentRow](s.db(ctx)).Where("followup_id = ?", id).Delete(ctx); err != nil {
				return explain(err, "follow-up")
			}
			if err := s.linkIncidents(ctx, id, after.Incidents); err != nil {
				return err
			}
		}
		if len(after.Moves) > len(before.Moves) {
			return s.addMoves(ctx, id, after.Moves[len(before.Moves):])
		}
		return nil
	})
	return before, after, err
}

// followUpRefers is an Invalid fault when the follow-up names what is not there.
func (s *Store) followUpRefers(ctx context.Context, f followup.FollowUp) error {
	var c fault.Check
	for _, named := range []struct {
		field, table, thing string
		id                  int64
	}{
		{"team", "teams", "team", int64(f.Team)},
		{"deployment", "deployments", "deployment", int64(f.Deployment)},
		{"duplicate_of", "followups", "follow-up", int64(f.DuplicateOf)},
	} {
		if named.id == 0 {
			continue
		}
		var there []int64
		if err := s.db(ctx).Table(named.table).Where("id = ?", named.id).Limit(1).Pluck("id", &there).Error; err != nil {
			return explain(err, named.thing)
		}
		c.That(len(there) > 0, named.field, "There is no such %s.", named.thing)
	}
	if err := s.incidentsExist(ctx, "incidents", f.Incidents); err != nil && !c.Add(err) {
		return err
	}
	return c.Err()
}

func (s *Store) linkIncidents(ctx context.Context, id followup.ID, incidents []incident.ID) error {
	if len(incidents) == 0 {
		return nil
	}
	rows := make([]followUpIncidentRow, len(incidents))
	for n, i := range incidents {
		rows[n] = followUpIncidentRow{FollowupID: int64(id), IncidentID: int64(i)}
	}
	return explain(table[followUpIncidentRow](s.db(ctx)).CreateInBatches(ctx, &rows, len(rows)), "follow-up")
}

func (s *Store) addMoves(ctx context.Context, id followup.ID, moves []followup.Move) error {
	if len(moves) == 0 {
		return nil
	}
	rows := make([]moveRow, len(moves))
	for n, m := range moves {
		rows[n] = moveRow{FollowupID: int64(id), State: string(m.State), At: m.At.UTC()}
	}
	return explain(table[moveRow](s.db(ctx)).CreateInBatches(ctx, &rows, len(rows)), "follow-up")
}

// KeepLedger writes the kept part of a ledger where it differs. It is no change that anybody made: the version stays.
func (s *Store) KeepLedger(ctx context.Context, id followup.ID, l followup.Ledger) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[followUpRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "follow-up")
		}
		kept := toLedgerRow(l)
		if r.Kept.ledger() == kept.ledger() {
			return nil
		}
		r.Kept = kept
		_, err = table[followUpRow](s.db(ctx)).Where("id = ?", id).Select("queued_at", ledgerColumns...).Updates(ctx, r)
		return explain(err, "follow-up")
	})
}

// ledgerColumns are those of ledgerRow after queued_at.
var ledgerColumns = []any{
	"started_at", "done_at", "shipped_at", "verified_at", "waiting_seconds", "working_seconds", "sent_back_seconds",
	"still_waiting", "never_started", "incomplete", "recurrences_while_waiting", "impact_while_waiting_seconds",
	"hands_on_while_waiting_seconds", "recurrences_after", "cost_seconds", "bumps",
}
