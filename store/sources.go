package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"upshot/app/fault"
	"upshot/app/intake"
)

type sourceRow struct {
	ID               int64
	Kind             string
	Name             string
	Mapping          string
	SecretsSealed    string
	SecretHashes     string
	CreatedAt        time.Time
	OffAt            *time.Time
	Revision         int64
	FollowedRevision int64
}

func (sourceRow) TableName() string { return "sources" }

func (r sourceRow) source() (intake.Source, error) {
	s := intake.Source{
		ID: intake.SourceID(r.ID), Kind: intake.Kind(r.Kind), Name: r.Name, Sealed: r.SecretsSealed, OffAt: moment(r.OffAt),
		Created: r.CreatedAt.UTC(), Revision: r.Revision, Followed: r.FollowedRevision,
	}
	if err := json.Unmarshal([]byte(r.Mapping), &s.Mapping); err != nil {
		return s, fmt.Errorf("mapping of source %s: %w", s.Called(), err)
	}
	if err := json.Unmarshal([]byte(r.SecretHashes), &s.Hashes); err != nil {
		return s, fmt.Errorf("secrets of source %s: %w", s.Called(), err)
	}
	return s, nil
}

func toSourceRow(s intake.Source) (sourceRow, error) {
	mapping, err := json.Marshal(s.Mapping)
	if err != nil {
		return sourceRow{}, fmt.Errorf("mapping of source %s: %w", s.Called(), err)
	}
	hashes, err := json.Marshal(append([]string{}, s.Hashes...))
	return sourceRow{
		ID: int64(s.ID), Kind: string(s.Kind), Name: s.Name, Mapping: string(mapping), SecretsSealed: s.Sealed, SecretHashes: string(hashes),
		CreatedAt: s.Created.UTC(), OffAt: nullable(s.OffAt), Revision: s.Revision, FollowedRevision: s.Followed,
	}, err
}

type sourceNewsRow struct {
	SourceID int64 `gorm:"primaryKey"`
	LastAt   *time.Time
	Unmapped string
}

func (sourceNewsRow) TableName() string { return "source_news" }

// sourcesOf completes rows with what they last sent.
func (s *Store) sourcesOf(ctx context.Context, rows []sourceRow, err error) ([]intake.Source, error) {
	if err != nil {
		return nil, explain(err, "source")
	}
	ids := make([]int64, len(rows))
	for n, r := range rows {
		ids[n] = r.ID
	}
	news, err := table[sourceNewsRow](s.db(ctx)).Where("source_id IN ?", ids).Find(ctx)
	if err != nil {
		return nil, explain(err, "source")
	}
	all := make([]intake.Source, len(rows))
	for n, r := range rows {
		if all[n], err = r.source(); err != nil {
			return nil, err
		}
		if at := slices.IndexFunc(news, func(x sourceNewsRow) bool { return x.SourceID == r.ID }); at >= 0 {
			all[n].LastAt = moment(news[at].LastAt)
			if err := json.Unmarshal([]byte(news[at].Unmapped), &all[n].Unmapped); err != nil {
				return nil, fmt.Errorf("names of source %s: %w", all[n].Called(), err)
			}
		}
	}
	return all, nil
}

// Sources gives every source by kind and name: a company has some dozens.
func (s *Store) Sources(ctx context.Context) ([]intake.Source, error) {
	rows, err := table[sourceRow](s.db(ctx)).Order("kind, name").Find(ctx)
	return s.sourcesOf(ctx, rows, err)
}

func (s *Store) oneSource(ctx context.Context, r sourceRow, err error) (intake.Source, error) {
	all, err := s.sourcesOf(ctx, []sourceRow{r}, err)
	if err != nil {
		return intake.Source{}, err
	}
	return all[0], nil
}

// Source gives one source.
func (s *Store) Source(ctx context.Context, id intake.SourceID) (intake.Source, error) {
	r, err := table[sourceRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	return s.oneSource(ctx, r, err)
}

// SourceCalled gives the source at an address.
func (s *Store) SourceCalled(ctx context.Context, kind intake.Kind, name string) (intake.Source, error) {
	r, err := table[sourceRow](s.db(ctx)).Where("kind = ? AND name = ?", kind, name).Take(ctx)
	return s.oneSource(ctx, r, err)
}

// CreateSource saves a new source.
func (s *Store) CreateSource(ctx context.Context, src intake.Source) (intake.Source, error) {
	src.ID, src.Revision, src.Followed = 0, 1, 1
	err := s.InTx(ctx, func(ctx context.Context) error {
		var c fault.Check
		n, err := table[sourceRow](s.db(ctx)).Where("kind = ? AND name = ?", src.Kind, src.Name).Count(ctx)
		if err != nil {
			return explain(err, "source")
		}
		c.That(n == 0, "name", "Another source has the address %s. Choose another name.", src.Called())
		if err := c.Err(); err != nil {
			return err
		}
		r, err := toSourceRow(src)
		if err != nil {
			return err
		}
		err = table[sourceRow](s.db(ctx)).Create(ctx, &r)
		src.ID = intake.SourceID(r.ID)
		return explain(err, "source")
	})
	return src, err
}

// UpdateSource reads the source, lets change decide, and writes it. Its address stays.
func (s *Store) UpdateSource(ctx context.Context, id intake.SourceID, change func(*intake.Source) error) (before, after intake.Source, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[sourceRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if before, err = s.oneSource(ctx, r, err); err != nil {
			return err
		}
		after, _ = r.source() // anew, so that change can't reach before's lists
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Kind, after.Name, after.Revision, after.Followed = before.ID, before.Kind, before.Name, before.Revision+1, before.Followed
		if r, err = toSourceRow(after); err != nil {
			return err
		}
		_, err = table[sourceRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, r)
		return explain(err, "source")
	})
	return before, after, err
}

// SourceFollowed notes that what could not be placed was tried again by that revision of the source.
func (s *Store) SourceFollowed(ctx context.Context, id intake.SourceID, revision int64) error {
	_, err := table[sourceRow](s.db(ctx)).Where("id = ?", id).Update(ctx, "followed_revision", revision)
	return explain(err, "source")
}

// mostUnmapped is how many names a source is shown with.
const mostUnmapped = 50

// SourceSent notes when a source last sent something, and which names of services nobody mapped; they are added to those before.
func (s *Store) SourceSent(ctx context.Context, id intake.SourceID, at time.Time, unmapped []string) error {
	rows, err := table[sourceNewsRow](s.db(ctx)).Where("source_id = ?", id).Find(ctx)
	if err != nil {
		return explain(err, "source")
	}
	var names []string
	if len(rows) > 0 {
		if err := json.Unmarshal([]byte(rows[0].Unmapped), &names); err != nil {
			return fmt.Errorf("names of source %d: %w", id, err)
		}
	}
	grown := false
	for _, name := range unmapped {
		if !slices.Contains(names, name) {
			names, grown = append(names, name), true
		}
	}
	if len(rows) > 0 && !grown && at.Sub(moment(rows[0].LastAt)) < time.Minute { // as fine as it is shown
		return nil
	}
	return s.putNews(ctx, id, at, names)
}

// SetUnmapped says which names of services are still unknown.
func (s *Store) SetUnmapped(ctx context.Context, id intake.SourceID, at time.Time, names []string) error {
	return s.putNews(ctx, id, at, names)
}

func (s *Store) putNews(ctx context.Context, id intake.SourceID, at time.Time, names []string) error {
	text, err := json.Marshal(append([]string{}, names[max(0, len(names)-mostUnmapped):]...))
	if err != nil {
		return err
	}
	return explain(s.db(ctx).Exec(`INSERT INTO source_news (source_id, last_at, unmapped) VALUES (?, ?, ?)
ON CONFLICT (source_id) DO UPDATE SET last_at = excluded.last_at, unmapped = excluded.unmapped`, id, nullable(at), string(text)).Error, "source")
}

// BuildersAnswer tells whether whoever builds one of these services answers for it at night.
func (s *Store) BuildersAnswer(ctx context.Context, slugs []string) (bool, error) {
	n, err := table[serviceRow](s.db(ctx)).Where("slug IN ? AND builder_id = on_call_id", slugs).Count(ctx)
	return n > 0, explain(err, "service")
}
