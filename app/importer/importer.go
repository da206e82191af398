package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// Store is what an import reads and writes, many rows at a time.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	// KnownExternal tells which of the source's external ids are there already.
	KnownExternal(ctx context.Context, source string, externalIDs []string) (map[string]bool, error)
	// ServicesNamed gives the slugs of services by name or slug, folded to lower case; unknown ones are missing.
	ServicesNamed(ctx context.Context, names []string) (map[string]string, error)
	CreateService(ctx context.Context, s catalog.Service) (catalog.Service, error)
	// IdentitiesOf gives, by group key of the source, the problem that has it, or the latest incident that has it
	// and is in no problem.
	IdentitiesOf(ctx context.Context, source string, groupKeys []string) (map[string]Identity, error)
	CreateProblem(ctx context.Context, p problem.Problem) (problem.Problem, error)
	SetIdentity(ctx context.Context, source, groupKey string, id problem.ID) error
	// PutInProblem gives incidents their problem.
	PutInProblem(ctx context.Context, id problem.ID, incidents []incident.ID) error
	// CreateIncidents adds many and gives their ids in the same order.
	CreateIncidents(ctx context.Context, all []incident.Incident) ([]incident.ID, error)
	CreateNotes(ctx context.Context, all []rootcause.Note) ([]rootcause.ID, error)
	AppendAll(ctx context.Context, all []audit.Event) error
	// MarkStale notes that what is kept about problems is to be brought up to date.
	MarkStale(ctx context.Context, ids []problem.ID) error
}

// Identity is what is known of a group key.
type Identity struct {
	Problem problem.ID
	Alone   incident.Incident // the latest incident with the key, when it has no problem; ID 0: none
}

// Keeper brings what is kept about marked problems up to date.
type Keeper interface {
	KeepStale(ctx context.Context, actor account.Actor) error
}

// batch is how many rows share a transaction: enough to be quick, few enough not to keep others waiting.
const batch = 1000

// Importer puts the incidents of a file into the store.
type Importer struct {
	Store  Store
	Keeper Keeper
	Now    func() time.Time
	DryRun bool // reads and checks everything and writes nothing
	// Progress is called now and then with the rows read so far; Refused for each row that is.
	Progress func(read int)
	Refused  func(Problem)
}

// Report is what became of a file's rows.
type Report struct {
	Read, Added, Unchanged, Refused int
	// SeverityWords and StatusWords count words whose meaning nobody said; the severity is unknown then, and the
	// status is taken from the moments.
	SeverityWords, StatusWords map[string]int
	NewServices                []string
}

// Import reads all rows. Rows that are wrong are refused, whole, and the others go in. The same row again
// changes nothing: an import adds, it never overwrites what people may have corrected.
func (im *Importer) Import(ctx context.Context, rows Reader, m Meaning) (Report, error) {
	report := Report{SeverityWords: map[string]int{}, StatusWords: map[string]int{}}
	if err := columnsFit(rows, m); err != nil {
		return report, err
	}
	actor := account.Actor{Kind: account.Source, Name: "import " + m.Source, Role: account.Editor}
	ctx = audit.WithOrigin(ctx, "", "import")
	seen := map[string]int{} // external id → line, within this file
	pending := make([]Entry, 0, batch)
	flush := func() error {
		err := im.put(ctx, actor, m, pending, &report)
		pending = pending[:0]
		return err
	}
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken Problem
		switch {
		case errors.As(err, &broken):
			report.Read++
			im.refuse(&report, broken)
			continue
		case err != nil:
			return report, fmt.Errorf("read the file: %w", err)
		}
		report.Read++
		entry, wrong := m.Read(row)
		if line, twice := seen[entry.Incident.ExternalID]; len(wrong) == 0 && twice {
			wrong = append(wrong, Problem{
				Line: row.Line, Column: row.Places[m.name("external_id")].Column, Field: m.name("external_id"),
				Reason: fmt.Sprintf("%q stands on line %d already", entry.Incident.ExternalID, line),
			})
		}
		if len(wrong) > 0 {
			im.refuse(&report, wrong...)
			continue
		}
		seen[entry.Incident.ExternalID] = row.Line
		count(report.SeverityWords, entry.SeverityWord)
		count(report.StatusWords, entry.StatusWord)
		if pending = append(pending, entry); len(pending) == batch {
			if err := flush(); err != nil {
				return report, err
			}
			im.Progress(report.Read)
		}
		if err := ctx.Err(); err != nil {
			return report, err
		}
	}
	if err := flush(); err != nil {
		return report, err
	}
	im.Progress(report.Read)
	if im.DryRun {
		return report, nil
	}
	return report, im.Keeper.KeepStale(ctx, actor)
}

func (im *Importer) refuse(report *Report, wrong ...Problem) {
	report.Refused++
	for _, p := range wrong {
		im.Refused(p)
	}
}

func count(words map[string]int, word string) {
	if word != "" {
		words[word]++
	}
}

// columnsFit says what is missing before a row is read: a file without titles and starts is another file.
func columnsFit(rows Reader, m Meaning) error {
	columns := rows.Columns()
	if columns == nil {
		return nil
	}
	for _, needed := range []string{"title", "started_at"} {
		if !slices.Contains(columns, m.name(needed)) {
			return fmt.Errorf("the file has no column %q; it has %s. Say which one it is with --map %s=NAME, or, if the values are divided by another character than a comma, --separator",
				m.name(needed), strings.Join(columns, ", "), needed)
		}
	}
	for ours, theirs := range m.Names {
		if !slices.Contains(columns, theirs) {
			return fmt.Errorf("the file has no column %q for %s; it has %s", theirs, ours, strings.Join(columns, ", "))
		}
	}
	if m.Grouping.By == "column" && !slices.Contains(columns, m.Grouping.Column) {
		return fmt.Errorf("the file has no column %q to group by; it has %s", m.Grouping.Column, strings.Join(columns, ", "))
	}
	return nil
}

// put adds the entries that are not there yet, in one transaction.
func (im *Importer) put(ctx context.Context, actor account.Actor, m Meaning, entries []Entry, report *Report) error {
	if len(entries) == 0 {
		return nil
	}
	var added, unchanged int
	var services []string
	put := func(ctx context.Context) error {
		fresh, err := im.fresh(ctx, m, entries)
		if err != nil {
			return err
		}
		added, unchanged = len(fresh), len(entries)-len(fresh)
		if im.DryRun || len(fresh) == 0 {
			return nil
		}
		if services, err = im.nameServices(ctx, actor, fresh); err != nil {
			return err
		}
		touched, err := im.recognise(ctx, actor, m, fresh)
		if err != nil {
			return err
		}
		if err := im.write(ctx, actor, fresh); err != nil {
			return err
		}
		// A failure that comes often is in every batch; it is kept once, when all rows are in.
		return im.Store.MarkStale(ctx, touched)
	}
	if err := im.Store.InTx(ctx, put); err != nil {
		return fmt.Errorf("lines %d to %d: %w", entries[0].Line, entries[len(entries)-1].Line, err)
	}
	report.Added += added
	report.Unchanged += unchanged
	report.NewServices = append(report.NewServices, services...)
	return nil
}

// fresh are the entries that are not in the store.
func (im *Importer) fresh(ctx context.Context, m Meaning, entries []Entry) ([]Entry, error) {
	ids := make([]string, len(entries))
	for n, e := range entries {
		ids[n] = e.Incident.ExternalID
	}
	known, err := im.Store.KnownExternal(ctx, m.Source, ids)
	if err != nil {
		return nil, err
	}
	fresh := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if !known[e.Incident.ExternalID] {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

// nameServices turns the names of services into slugs and adds the services that nobody has recorded yet.
func (im *Importer) nameServices(ctx context.Context, actor account.Actor, entries []Entry) (added []string, err error) {
	wanted := map[string]string{} // folded → as written
	for _, e := range entries {
		for _, name := range e.Incident.Services {
			if folded := strings.ToLower(name); wanted[folded] == "" {
				wanted[folded] = name
			}
		}
	}
	slugs, err := im.Store.ServicesNamed(ctx, slices.Collect(maps.Keys(wanted)))
	if err != nil {
		return nil, err
	}
	for _, folded := range slices.Sorted(maps.Keys(wanted)) {
		if slugs[folded] != "" {
			continue
		}
		s, err := im.addService(ctx, actor, wanted[folded])
		if err != nil {
			return nil, err
		}
		slugs[folded] = s.Slug
		added = append(added, s.Name)
	}
	for n := range entries {
		named := entries[n].Incident.Services
		slugged := make([]string, 0, len(named))
		for _, name := range named {
			slugged = append(slugged, slugs[strings.ToLower(name)])
		}
		slices.Sort(slugged)
		entries[n].Incident.Services = slices.Compact(slugged)
	}
	return added, nil
}

// addService adds a service under a slug that is free.
func (im *Importer) addService(ctx context.Context, actor account.Actor, name string) (catalog.Service, error) {
	s := catalog.Service{Name: name, Slug: catalog.Slug(name), CreatedAt: im.Now()}
	if s.Slug == "" || s.Slug == "new" {
		s.Slug = "service-" + contentID(incident.Incident{Title: name})[4:12]
	}
	taken, err := im.Store.ServicesNamed(ctx, []string{s.Slug})
	if err != nil {
		return s, err
	}
	if taken[s.Slug] != "" { // another name with the same slug: the same service, spelt otherwise
		s.Slug = taken[s.Slug]
		return s, nil
	}
	if s, err = im.Store.CreateService(ctx, s); err != nil {
		return s, err
	}
	return s, im.Store.AppendAll(ctx, []audit.Event{{
		At: im.Now(), Actor: actor, Subject: audit.Service, SubjectID: int64(s.ID), Action: "added", After: audit.Fields(s.Fields()),
	}})
}

// recognise gives entries their problems: those whose group key has one join it, and the second with the same
// key makes one. It tells which problems have new incidents.
func (im *Importer) recognise(ctx context.Context, actor account.Actor, m Meaning, entries []Entry) ([]problem.ID, error) {
	bearing := map[string][]int{}
	for n, e := range entries {
		if key := e.Incident.GroupKey; key != "" {
			bearing[key] = append(bearing[key], n)
		}
	}
	keys := slices.Sorted(maps.Keys(bearing))
	known, err := im.Store.IdentitiesOf(ctx, m.Source, keys)
	if err != nil {
		return nil, err
	}
	var touched []problem.ID
	for _, key := range keys {
		identity, first := known[key], entries[bearing[key][0]].Incident
		id := identity.Problem
		if id == 0 {
			if identity.Alone.ID == 0 && len(bearing[key]) < 2 {
				continue // the first of its kind
			}
			if identity.Alone.ID != 0 {
				first = identity.Alone
			}
			if id, err = im.begin(ctx, actor, m.Source, key, first); err != nil {
				return nil, err
			}
			if identity.Alone.ID != 0 {
				if err := im.Store.PutInProblem(ctx, id, []incident.ID{identity.Alone.ID}); err != nil {
					return nil, err
				}
			}
		}
		for _, n := range bearing[key] {
			entries[n].Incident.Problem = id
		}
		touched = append(touched, id)
	}
	return touched, nil
}

func (im *Importer) begin(ctx context.Context, actor account.Actor, source, key string, first incident.Incident) (problem.ID, error) {
	p := problem.Problem{Title: first.Title, State: problem.Open, CreatedAt: im.Now()}
	if len(first.Services) == 1 {
		p.Service = first.Services[0]
	}
	p, err := im.Store.CreateProblem(ctx, p)
	if err != nil {
		return 0, err
	}
	if err := im.Store.SetIdentity(ctx, source, key, p.ID); err != nil {
		return 0, err
	}
	return p.ID, im.Store.AppendAll(ctx, []audit.Event{{
		At: im.Now(), Actor: actor, Subject: audit.Problem, SubjectID: int64(p.ID), Action: "opened", Problem: int64(p.ID),
		After: audit.Fields(map[string]any{"title": p.Title}),
	}})
}

// write adds the incidents with what was noted of their causes, and an event for each.
func (im *Importer) write(ctx context.Context, actor account.Actor, entries []Entry) error {
	now := im.Now()
	all := make([]incident.Incident, len(entries))
	for n, e := range entries {
		e.Incident.CreatedAt = now
		e.Incident.Standing = e.Incident.Alone(e.Cause != "")
		all[n] = e.Incident
	}
	ids, err := im.Store.CreateIncidents(ctx, all)
	if err != nil {
		return err
	}
	events := make([]audit.Event, 0, len(ids))
	var notes []rootcause.Note
	for n, id := range ids {
		events = append(events, audit.Event{
			At: now, Actor: actor, Subject: audit.Incident, SubjectID: int64(id), Action: "imported",
			Incident: int64(id), Problem: int64(all[n].Problem),
			After: audit.Fields(map[string]any{"title": all[n].Title, "external_id": all[n].ExternalID}),
		})
		if cause := entries[n].Cause; cause != "" {
			notes = append(notes, rootcause.Note{
				Incident: id, Kind: rootcause.Cause, CauseClass: "unknown", Confidence: "medium", Body: cause,
				Revision: 1, Author: actor, CreatedAt: now,
			})
		}
	}
	if len(notes) > 0 {
		noted, err := im.Store.CreateNotes(ctx, notes)
		if err != nil {
			return err
		}
		for n, id := range noted {
			events = append(events, audit.Event{
				At: now, Actor: actor, Subject: audit.Note, SubjectID: int64(id), Action: "noted", Incident: int64(notes[n].Incident),
				After: audit.Fields(map[string]any{"kind": rootcause.Cause}),
			})
		}
	}
	return im.Store.AppendAll(ctx, events)
}
