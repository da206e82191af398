package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"upshot/app/intake"
)

type trackRow struct {
	ID             int64
	SourceID       int64
	KeyHash        string
	Key            string
	Known          string
	MergedIntoHash string
	Unassigned     bool
}

func (trackRow) TableName() string { return "tracks" }

// trackKnown is what a track knows, as it is kept.
type trackKnown struct {
	Group      string        `json:"group,omitempty"`
	Marks      []trackMark   `json:"marks"`
	Look       intake.Look   `json:"look"`
	LookAt     time.Time     `json:"look_at"`
	MergedInto string        `json:"merged_into,omitempty"`
	Numbered   int           `json:"numbered"`
	Incidents  []intake.Kept `json:"incidents"`
	Horizon    time.Time     `json:"horizon,omitzero"`
}

// trackMark is a mark in few bytes: a group may have thousands.
type trackMark struct {
	Kind   intake.MarkKind `json:"k"`
	Member string          `json:"m,omitempty"`
	At     int64           `json:"t"` // microseconds since 1970
}

func (r trackRow) track() (intake.Track, error) {
	var known trackKnown
	if err := json.Unmarshal([]byte(r.Known), &known); err != nil {
		return intake.Track{}, fmt.Errorf("track %d: %w", r.ID, err)
	}
	t := intake.Track{
		ID: r.ID, Source: intake.SourceID(r.SourceID), Key: r.Key, Group: known.Group, Look: known.Look, LookAt: known.LookAt, MergedInto: known.MergedInto,
		Numbered: known.Numbered, Incidents: known.Incidents, Horizon: known.Horizon, Unassigned: r.Unassigned, Marks: make([]intake.Mark, len(known.Marks)),
	}
	for n, m := range known.Marks {
		t.Marks[n] = intake.Mark{Kind: m.Kind, Member: m.Member, At: time.UnixMicro(m.At).UTC()}
	}
	return t, nil
}

func toTrackRow(t intake.Track) (trackRow, error) {
	known := trackKnown{
		Group: t.Group, Look: t.Look, LookAt: t.LookAt, MergedInto: t.MergedInto, Numbered: t.Numbered, Incidents: t.Incidents, Horizon: t.Horizon,
		Marks: make([]trackMark, len(t.Marks)),
	}
	for n, m := range t.Marks {
		known.Marks[n] = trackMark{Kind: m.Kind, Member: m.Member, At: m.At.UnixMicro()}
	}
	text, err := json.Marshal(known)
	r := trackRow{ID: t.ID, SourceID: int64(t.Source), KeyHash: keyHash(t.Key), Key: t.Key, Known: string(text), Unassigned: t.Unassigned}
	if t.MergedInto != "" {
		r.MergedIntoHash = keyHash(t.MergedInto)
	}
	return r, err
}

// keyHash is what a track is found by: the sender's keys may be longer than an index takes.
func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

func tracks(rows []trackRow, err error) ([]intake.Track, error) {
	if err != nil {
		return nil, explain(err, "track")
	}
	all := make([]intake.Track, len(rows))
	for n, r := range rows {
		if all[n], err = r.track(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Tracks gives what is known of a source's incidents by their keys; those that nothing is known of are missing.
func (s *Store) Tracks(ctx context.Context, source intake.SourceID, keys []string) (map[string]intake.Track, error) {
	hashes := make([]string, len(keys))
	for n, key := range keys {
		hashes[n] = keyHash(key)
	}
	byKey := make(map[string]intake.Track, len(keys))
	err := chunks(hashes, func(some []string) error {
		rows, err := table[trackRow](s.db(ctx), forUpdate).Where("source_id = ? AND key_hash IN ?", source, some).Order("id").Find(ctx)
		found, err := tracks(rows, err)
		for _, t := range found {
			byKey[t.Key] = t
		}
		return err
	})
	return byKey, err
}

// TracksMerged gives the tracks that their sender merged into that key.
func (s *Store) TracksMerged(ctx context.Context, source intake.SourceID, key string) ([]intake.Track, error) {
	return tracks(table[trackRow](s.db(ctx)).Where("source_id = ? AND merged_into_hash = ? AND merged_into_hash <> ''", source, keyHash(key)).Order("id").Find(ctx))
}

// UnassignedTracks gives tracks of a source after one of them that name a service which is not known.
func (s *Store) UnassignedTracks(ctx context.Context, source intake.SourceID, after int64, limit int) ([]intake.Track, error) {
	return tracks(table[trackRow](s.db(ctx), forUpdate).Where("source_id = ? AND id > ? AND unassigned", source, after).Order("id").Limit(limit).Find(ctx))
}

// SaveTrack keeps a track, and gives a new one its number.
func (s *Store) SaveTrack(ctx context.Context, t *intake.Track) error {
	r, err := toTrackRow(*t)
	if err != nil {
		return err
	}
	if t.ID == 0 {
		err = table[trackRow](s.db(ctx)).Create(ctx, &r)
		t.ID = r.ID
	} else {
		_, err = table[trackRow](s.db(ctx)).Where("id = ?", t.ID).Select("*").Updates(ctx, r)
	}
	return explain(err, "track")
}
