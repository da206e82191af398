package store

import (
	"context"
	"fmt"
	"time"

	"upshot/app/account"
	"upshot/app/problem"
)

type regroupingRow struct {
	ID        int64
	Kind      string
	FromID    int64
	ToID      int64
	ActorName string
	At        time.Time
	UndoneAt  *time.Time
}

func (regroupingRow) TableName() string { return "regroupings" }

func (r regroupingRow) regrouping() problem.Regrouping {
	return problem.Regrouping{
		ID: r.ID, Kind: problem.RegroupingKind(r.Kind), From: problem.ID(r.FromID), To: problem.ID(r.ToID), By: r.ActorName, At: r.At.UTC(),
	}
}

// moving is one kind of thing that a regrouping hands from problem to problem: which rows of its table, how the
// regrouping remembers them, and what a move changes besides.
type moving struct {
	subject, table string
	id, key        string // of a row, as regrouping_members has them; the key is unique where the id is not
	stamped        bool   // a move makes a new version
	merged, split  string // which rows of the problem go along; empty: none
}

// The kinds, in the order in which they move: what a split takes along depends on which incidents have gone.
var movings = []moving{
	{subject: "incident", table: "incidents", id: "id", key: "''", stamped: true, merged: "1 = 1", split: "(id IN @ids OR merged_into IN @ids)"},
	{subject: "note", table: "notes", id: "id", key: "''", merged: "1 = 1"},
	{subject: "followup", table: "followups", id: "id", key: "''", stamped: true, merged: "1 = 1", split: `EXISTS (SELECT 1 FROM followup_incidents l WHERE l.followup_id = followups.id)
AND NOT EXISTS (SELECT 1 FROM followup_incidents l JOIN incidents i ON i.id = l.incident_id
WHERE l.followup_id = followups.id AND (i.problem_id IS NULL OR i.problem_id <> @to))`},
	{subject: "identity", table: "problem_identities", id: "0", key: identityKey, merged: "1 = 1", split: `EXISTS (SELECT 1 FROM incidents i
WHERE i.source = problem_identities.source AND i.group_key = problem_identities.group_key AND i.group_key <> '' AND i.problem_id = @to)
AND NOT EXISTS (SELECT 1 FROM incidents i
WHERE i.source = problem_identities.source AND i.group_key = problem_identities.group_key AND i.group_key <> '' AND i.problem_id = @from)`},
}

// identityKey is how an identity is remembered: source, tab, group key.
const identityKey = "source || '\t' || group_key"

// set is what an update of a moved row changes.
func (m moving) set() string {
	if m.stamped {
		return "problem_id = @into, version = version + 1, updated_at = @now"
	}
	return "problem_id = @into"
}

// MoveMembers hands incidents (all of the problem's when none is named) with the reports merged into them to another
// problem. A merge takes notes, follow-ups and identities of the problem along; a split takes the follow-ups all of
// whose incidents went, and the identities none of whose incidents stayed. Notes on incidents go with them anyway.
func (s *Store) MoveMembers(ctx context.Context, by account.Actor, kind problem.RegroupingKind, from, to problem.ID, incidents []problem.IncidentID) (problem.Regrouping, error) {
	r := regroupingRow{Kind: string(kind), FromID: int64(from), ToID: int64(to), ActorName: by.Name, At: s.now()}
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := table[regroupingRow](s.db(ctx)).Create(ctx, &r); err != nil {
			return err
		}
		args := map[string]any{"regrouping": r.ID, "from": from, "into": to, "to": to, "now": r.At, "ids": incidents}
		for _, m := range movings {
			which := m.merged
			if len(incidents) > 0 {
				which = m.split
			}
			if which == "" {
				continue
			}
			err := s.db(ctx).Exec(fmt.Sprintf(`INSERT INTO regrouping_members (regrouping_id, subject, subject_id, subject_key)
SELECT @regrouping, '%s', %s, %s FROM %s WHERE problem_id = @from AND %s`, m.subject, m.id, m.key, m.table, which), args).Error
			if err != nil {
				return err
			}
			err = s.db(ctx).Exec(fmt.Sprintf("UPDATE %s SET %s WHERE problem_id = @from AND %s", m.table, m.set(), m.remembered()), args).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	return r.regrouping(), explain(err, "problem")
}

// remembered tells whether a row is one that the regrouping moved.
func (m moving) remembered() string {
	if m.id == "0" {
		return fmt.Sprintf("%s IN (SELECT subject_key FROM regrouping_members WHERE regrouping_id = @regrouping AND subject = '%s')", m.key, m.subject)
	}
	return fmt.Sprintf("%s IN (SELECT subject_id FROM regrouping_members WHERE regrouping_id = @regrouping AND subject = '%s')", m.id, m.subject)
}

// LatestRegrouping is the newest merge or split, from or into the problem, that is not undone; else a NotFound fault.
func (s *Store) LatestRegrouping(ctx context.Context, id problem.ID) (problem.Regrouping, error) {
	r, err := table[regroupingRow](s.db(ctx)).Where("undone_at IS NULL AND (from_id = ? OR to_id = ?)", id, id).
		Order("id DESC").Limit(1).Take(ctx)
	return r.regrouping(), explain(err, "regrouping")
}

// UndoRegrouping hands back whatever is still where the regrouping put it. Of a split it hands back all that the new
// problem has come to hold, since nothing but its address is left of that.
func (s *Store) UndoRegrouping(ctx context.Context, r problem.Regrouping) error {
	err := s.InTx(ctx, func(ctx context.Context) error {
		args := map[string]any{"regrouping": r.ID, "to": r.To, "into": r.From, "now": s.now()}
		for _, m := range movings {
			which := m.remembered()
			if r.Kind == problem.SplitKind {
				which = "1 = 1"
			}
			err := s.db(ctx).Exec(fmt.Sprintf("UPDATE %s SET %s WHERE problem_id = @to AND %s", m.table, m.set(), which), args).Error
			if err != nil {
				return err
			}
		}
		return s.db(ctx).Exec("UPDATE regroupings SET undone_at = @now WHERE id = @regrouping", args).Error
	})
	return explain(err, "problem")
}
