package intake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/audit"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// work is the processing of one delivery.
type work struct {
	*Service
	ctx      context.Context
	turn     *turn
	source   Source
	maker    Maker
	received time.Time
	became   []Became
	skipped  []string
	unmapped []string
	waits    bool // something could not be kept at all without its service
}

func (w *work) did(i incident.ID, what string) {
	b := Became{Incident: i, Did: what}
	if !slices.Contains(w.became, b) {
		w.became = append(w.became, b)
	}
}

func (w *work) skip(words string) {
	if words != "" && !slices.Contains(w.skipped, words) {
		w.skipped = append(w.skipped, words)
	}
}

func (w *work) do(p Parcel) error {
	keys := make([]string, 0, len(p.Signals))
	for n := range p.Signals {
		p.Signals[n] = tidied(p.Signals[n])
		keys = append(keys, p.Signals[n].Key)
	}
	tracks, err := w.Store.Tracks(w.ctx, w.source.ID, keys)
	if err != nil {
		return err
	}
	for _, signal := range p.Signals {
		if rule := w.source.Mapping.Skips(signal.Look.Labels); rule != "" {
			w.skip("Left out by the rule " + rule + ".")
			continue
		}
		t, is := tracks[signal.Key]
		if !is {
			t = Track{Source: w.source.ID, Key: signal.Key}
		}
		signal.Group = shortened(w.source.Mapping.GroupOf(signal))
		if !t.Take(signal, w.received) {
			continue
		}
		if err := w.follow(&t); err != nil {
			return err
		}
		tracks[signal.Key] = t
	}
	for _, d := range p.Deployments {
		if err := w.deploy(d); err != nil {
			return err
		}
	}
	for _, ticket := range p.Tickets {
		known := false
		if w.Hint != nil {
			if known, err = w.Hint(w.ctx, ticket); err != nil {
				return err
			}
		}
		if !known {
			w.skip("It tells of a ticket that is in no connected Jira.")
		} else {
			w.skip("Its ticket is read again from Jira.")
		}
	}
	return nil
}

// follow makes our incidents what a track says, and keeps the track.
func (w *work) follow(t *Track) error {
	known, err := w.known(t.Look.Services, t.Look.Labels)
	if err != nil {
		return err
	}
	seen := w.source.Mapping.See(t.Look, w.maker, known)
	t.Unassigned = len(seen.Unknown) > 0
	w.unmapped = append(w.unmapped, seen.Unknown...)
	if w.source.Mapping.PagesOnCall && len(seen.Services) > 0 {
		if seen.Paged, err = w.Store.BuildersAnswer(w.ctx, seen.Services); err != nil {
			return err
		}
	}
	all := OccurrencesOf(t.Marks, problem.FlapWindow)
	var kept []Kept
	for n, pair := range Pair(all, t.Incidents) {
		var k Kept
		if len(pair) == 0 {
			if k, err = w.begin(t, all[n], seen); err != nil {
				return err
			}
		} else {
			k = pair[0]
			for _, second := range pair[1:] {
				if err := w.merge(second.Incident, k.Incident); err != nil {
					return err
				}
			}
			if err := w.update(&k, all[n], seen); err != nil {
				return err
			}
		}
		if n == len(all)-1 {
			if err := w.note(&k, t.Look.Notes); err != nil {
				return err
			}
		}
		k.Start = all[n].Start()
		kept = append(kept, k)
	}
	t.Incidents = kept
	if err := w.mergeTracks(t); err != nil {
		return err
	}
	t.Forget(problem.FlapWindow)
	return w.Store.SaveTrack(w.ctx, t)
}

// known gives the services that could be meant.
func (w *work) known(services []string, labels map[string]string) (map[string]string, error) {
	var names []string
	for _, name := range w.source.Mapping.Names(services, labels, w.maker) {
		names = append(names, strings.ToLower(strings.TrimSpace(name)))
	}
	if len(names) == 0 {
		return nil, nil
	}
	return w.turn.services(w.ctx, names)
}

// begin reports a new incident.
func (w *work) begin(t *Track, o Occurrence, seen Seen) (Kept, error) {
	i, made := Begin(o, seen)
	t.Numbered++
	i.Source, i.ExternalID, i.GroupKey = w.source.Called(), externalID(t.Key, t.Numbered), t.Group
	i, err := w.Incidents.Report(w.ctx, w.source.Actor(), i)
	if err != nil {
		return Kept{}, err
	}
	did := "opened"
	if i.Status == incident.Resolved {
		did = "noted, over already"
	}
	w.did(i.ID, did)
	return Kept{Incident: i.ID, Made: made}, nil
}

// update brings an incident to what its source says now.
func (w *work) update(k *Kept, o Occurrence, seen Seen) error {
	made, did := k.Made, ""
	i, err := w.Incidents.Follow(w.ctx, w.source.Actor(), k.Incident, func(i *incident.Incident) string {
		was := *i
		was.Services, was.Segments, was.Labels = slices.Clone(i.Services), slices.Clone(i.Segments), maps.Clone(i.Labels)
		made = Follow(i, o, seen, k.Made)
		did = whatChanged(was, *i)
		return did
	})
	if err != nil {
		return err
	}
	if i.MergedInto != 0 {
		w.skip(fmt.Sprintf("%s is merged into %s, so it was left alone.", i.ID, i.MergedInto))
		return nil
	}
	k.Made = made
	if did != "" {
		w.did(i.ID, did)
	}
	if !seen.Paged || made.Paged.Equal(o.Start()) {
		return nil
	}
	k.Made.Paged = o.Start()
	return w.Incidents.Learn(w.ctx, w.source.Actor(), k.Incident, incident.Telling{At: o.Start(), By: incident.ByPage})
}

// whatChanged is the verb for what happened to an incident; empty: nothing that anybody would see.
func whatChanged(was, is incident.Incident) string {
	ended := func(i incident.Incident) bool { return i.Status == incident.Resolved || i.Status == incident.Closed }
	switch {
	case ended(was) && !ended(is):
		return "reopened"
	case !ended(was) && ended(is):
		return "resolved"
	case was.Status != incident.Mitigated && is.Status == incident.Mitigated:
		return "mitigated"
	case !was.Moments.AcknowledgedAt.Equal(is.Moments.AcknowledgedAt):
		return "acknowledged"
	case was.Severity != is.Severity:
		return "severity changed"
	}
	before, after := audit.Diff(was.Fields(), is.Fields())
	if before == nil && after == nil && maps.Equal(was.Labels, is.Labels) && len(was.Segments) == len(is.Segments) {
		return ""
	}
	return "updated"
}

// merge says that one of our incidents is a second report of another.
func (w *work) merge(id, into incident.ID) error {
	i, err := w.Store.Incident(w.ctx, w.source.Actor(), id)
	if err != nil || i.MergedInto != 0 || id == into {
		return err
	}
	for { // what it was merged into may be merged on
		target, err := w.Store.Incident(w.ctx, w.source.Actor(), into)
		if err != nil {
			return err
		}
		if target.MergedInto == 0 {
			break
		}
		into = target.MergedInto
	}
	if into == id {
		return nil
	}
	if _, err := w.Incidents.Merge(w.ctx, w.source.Actor(), id, into); err != nil {
		return err
	}
	w.did(id, "merged into "+into.String())
	return nil
}

// mergeTracks merges what the sender merged, whichever of the two came first.
func (w *work) mergeTracks(t *Track) error {
	if len(t.Incidents) == 0 {
		return nil
	}
	last := t.Incidents[len(t.Incidents)-1].Incident
	if t.MergedInto != "" && t.MergedInto != t.Key {
		into, err := w.Store.Tracks(w.ctx, w.source.ID, []string{t.MergedInto})
		if err != nil {
			return err
		}
		if other := into[t.MergedInto].Incidents; len(other) > 0 {
			return w.merge(last, other[len(other)-1].Incident)
		}
		return nil
	}
	merged, err := w.Store.TracksMerged(w.ctx, w.source.ID, t.Key)
	if err != nil {
		return err
	}
	for _, other := range merged {
		if n := len(other.Incidents); n > 0 {
			if err := w.merge(other.Incidents[n-1].Incident, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// note writes down what people noted at the sender, each once.
func (w *work) note(k *Kept, notes []Note) error {
	for _, n := range notes {
		name := hashed(n.ID + "\n" + n.Body)[:16]
		if strings.TrimSpace(n.Body) == "" || slices.Contains(k.Notes, name) {
			continue
		}
		_, err := w.Notes.Add(w.ctx, w.source.Actor(), rootcause.Note{
			Incident: k.Incident, Kind: rootcause.Symptom, CauseClass: "unknown", Confidence: "low", Body: n.Body,
		})
		if err != nil {
			return err
		}
		k.Notes = append(k.Notes, name)
		w.did(k.Incident, "noted on")
	}
	return nil
}

// deploy records a deployment, or what is new of one.
func (w *work) deploy(d Deployed) error {
	d.Labels = cleanLabels(d.Labels)
	for n := range d.Services {
		d.Services[n] = cut(clean(d.Services[n]), mostLabel)
	}
	if d.Outcome == "" {
		w.skip("A deployment goes on; it is recorded when it ends.")
		return nil
	}
	known, err := w.known(d.Services, d.Labels)
	if err != nil {
		return err
	}
	slugs, unknown := w.source.Mapping.Slugs(w.source.Mapping.Names(d.Services, d.Labels, w.maker), known)
	w.unmapped = append(w.unmapped, unknown...)
	if len(slugs) == 0 {
		w.waits = true
		if len(unknown) == 0 {
			return fault.New(fault.Invalid, "It does not say which service was deployed. Say in the source's mapping which label does, or which service is meant.")
		}
		return nil
	}
	finished := d.FinishedAt
	if finished.IsZero() || finished.After(w.received.Add(ahead)) {
		finished = cmp.Or(d.At, w.received)
	}
	if finished.After(w.received.Add(ahead)) {
		finished = w.received
	}
	started := d.StartedAt
	if started.After(finished) {
		started = time.Time{}
	}
	for _, slug := range slugs {
		is := deployment.Deployment{
			Service: slug, Environment: clean(cmp.Or(d.Environment, "unknown")), Version: clean(cmp.Or(d.Version, "unknown")), StartedAt: started, FinishedAt: finished,
			Outcome: d.Outcome, URL: d.URL, Source: w.source.Called(), ExternalID: shortened(clean(d.ID) + " " + slug),
		}
		id, did, err := w.Deployments.Learn(w.ctx, w.source.Actor(), is)
		if err != nil {
			return err
		}
		if did != "" {
			w.became = append(w.became, Became{Deployment: id, Did: did})
		}
	}
	return nil
}
