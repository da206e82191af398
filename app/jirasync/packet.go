package jirasync

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// labelsTold is how many labels of an alert a packet holds.
const labelsTold = 25

// PacketFacts are what a context packet is made of.
type PacketFacts struct {
	BaseURL   string
	FollowUp  followup.FollowUp
	Team      string              // name; empty: nobody yet
	Problem   problem.Problem     // zero: none
	Incidents []incident.Incident // that it answers, oldest first
	Seen      []problem.Occurrence
	Notes     []rootcause.Note // on them and on the problem, oldest first
	// Suspected are deployments finished shortly before the impact of the first incident; Caused those a person confirmed.
	Suspected, Caused []deployment.Deployment
	Now               time.Time
}

// Packet is what a developer needs who was not there: frozen when the issue is filed, so that later edits do not change it.
// It is plain text in pieces; how it looks in Jira is not its business.
type Packet struct {
	Ref, URL, Title string
	Promise         string // what sort of change, and what for
	Detail          string
	DueOn           string
	History         []string // how often it happened, and what it cost
	Incidents       []PacketIncident
	Deployments     []string
	Learnt          []string // symptoms, hypotheses, factors, causes
	Links           []PacketLink
	FrozenAt        time.Time
}

// PacketIncident is one incident in a packet.
type PacketIncident struct {
	Ref, URL, Title string
	Facts           []string // severity, services, impact
	Labels          []string // of the alert
	Timeline        []string // moments in UTC, in order
	Tried           string   // what ended it
}

// PacketLink is an address with its name.
type PacketLink struct{ Name, URL string }

// PacketOf puts a packet together.
func PacketOf(x PacketFacts) Packet {
	f := x.FollowUp
	p := Packet{
		Ref: f.ID.String(), URL: x.BaseURL + "/followups/" + f.ID.String(), Title: f.Title, Detail: f.Detail, DueOn: f.DueOn, FrozenAt: x.Now.UTC(),
		Promise: fmt.Sprintf("%s, to %s", strings.ReplaceAll(string(f.Kind), "_", " "), f.Purpose),
	}
	if x.Team != "" {
		p.Promise += ", by " + x.Team
	}
	p.History = historyLines(x.Seen)
	for _, i := range x.Incidents[:min(len(x.Incidents), packetIncidents)] {
		p.Incidents = append(p.Incidents, packetIncident(i, x.BaseURL))
	}
	for _, d := range x.Caused {
		p.Deployments = append(p.Deployments, deploymentLine(d)+", confirmed as the cause")
	}
	for _, d := range x.Suspected {
		if !slices.ContainsFunc(x.Caused, func(c deployment.Deployment) bool { return c.ID == d.ID }) {
			p.Deployments = append(p.Deployments, deploymentLine(d)+", suspected: the last one before the impact")
		}
	}
	for _, n := range x.Notes {
		where := n.Incident.String()
		if n.Incident == 0 {
			where = n.Problem.String()
		}
		side := ""
		if n.Side != "" {
			side = ", " + n.Side
		}
		p.Learnt = append(p.Learnt, fmt.Sprintf("%s on %s (%s confidence, %s%s): %s", noteWords(n.Kind), where, n.Confidence, n.CauseClass, side, n.Body))
	}
	p.Links = append(p.Links, PacketLink{Name: f.ID.String() + " in Upshot, with what waiting costs", URL: p.URL})
	if x.Problem.ID != 0 {
		p.Links = append(p.Links, PacketLink{Name: x.Problem.ID.String() + " " + x.Problem.Title, URL: x.BaseURL + "/problems/" + x.Problem.ID.String()})
	}
	for _, i := range x.Incidents {
		if i.URL != "" {
			p.Links = append(p.Links, PacketLink{Name: i.ID.String() + " where it was raised", URL: i.URL})
		}
	}
	return p
}

// historyLines tell how often it happened and what that cost, and then when, with the time between. Of what nobody knows, such
// as hands-on work that nobody wrote down, they say nothing.
func historyLines(seen []problem.Occurrence) []string {
	n := len(seen)
	if n == 0 {
		return nil
	}
	var impact, handsOn time.Duration
	ongoing := false
	for _, o := range seen {
		impact, handsOn, ongoing = impact+o.Impact, handsOn+o.HandsOn, ongoing || o.Ongoing
	}
	line := fmt.Sprintf("It happened %s so far", timesWords(n))
	if impact > 0 {
		line += ": " + minutes(impact) + " of impact"
		if handsOn > 0 {
			line += ", " + minutes(handsOn) + " of hands-on work"
		}
	}
	if ongoing {
		line += "; it goes on"
	}
	lines := []string{line + "."}
	if left := n - packetOccurrences; left > 0 {
		lines = append(lines, fmt.Sprintf("The latest %d of them:", packetOccurrences))
	}
	for at := max(0, n-packetOccurrences); at < n; at++ {
		o := seen[at]
		line := fmt.Sprintf("%s: detected %s UTC", o.Incident(), stamp(o.DetectedAt))
		if at > 0 {
			line += ", " + gap(o.StartedAt.Sub(seen[at-1].StartedAt)) + " after the one before"
		}
		if o.Impact > 0 {
			line += ", " + minutes(o.Impact) + " of impact"
		}
		switch {
		case o.Ongoing:
			line += ", goes on"
		case o.EndedBy == "" || o.EndedBy == string(incident.UnknownEnding):
		case o.EndedBy == string(incident.NoAction):
			line += ", ended by itself"
		default:
			line += ", ended by " + o.EndedBy
		}
		lines = append(lines, line)
	}
	return lines
}

// gap is a time between two occurrences, in days, or in hours when it was shorter than two.
func gap(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d/(24*time.Hour)))
}

func minutes(d time.Duration) string {
	if n := int(d.Minutes()); n != 1 {
		return fmt.Sprintf("%d minutes", n)
	}
	return "1 minute"
}

// The bounds of a packet: it is read by people.
const (
	packetOccurrences = 10
	packetIncidents   = 5
)

func packetIncident(i incident.Incident, base string) PacketIncident {
	p := PacketIncident{Ref: i.ID.String(), URL: base + "/incidents/" + i.ID.String(), Title: i.Title}
	severity := string(i.Severity)
	if severity == "" {
		severity = "severity unknown"
	}
	p.Facts = append(p.Facts, severity)
	if len(i.Services) > 0 {
		p.Facts = append(p.Facts, strings.Join(i.Services, ", "))
	}
	if i.Impact != "" {
		p.Facts = append(p.Facts, "users felt: "+i.Impact)
	}
	switch d, known := i.Duration(); {
	case known:
		p.Facts = append(p.Facts, minutes(d)+" of impact")
	case i.Status == incident.Open:
		p.Facts = append(p.Facts, "it goes on")
	}
	if i.Source != "" {
		p.Labels = append(p.Labels, "source: "+i.Source)
	}
	if i.GroupKey != "" {
		p.Labels = append(p.Labels, "group key: "+i.GroupKey)
	}
	if i.ExternalID != "" {
		p.Labels = append(p.Labels, "id there: "+i.ExternalID)
	}
	for n, name := range slices.Sorted(maps.Keys(i.Labels)) {
		if n == labelsTold {
			p.Labels = append(p.Labels, fmt.Sprintf("and %d more", len(i.Labels)-n))
			break
		}
		p.Labels = append(p.Labels, name+": "+i.Labels[name])
	}
	moments := i.Moments
	type at struct {
		name string
		at   time.Time
	}
	var all []at
	for _, name := range incident.MomentNames {
		if m := moments.Of(name); m != nil && !m.IsZero() {
			all = append(all, at{strings.ReplaceAll(strings.TrimSuffix(string(name), "_at"), "_", " "), *m})
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return a.at.Compare(b.at) })
	for _, m := range all {
		p.Timeline = append(p.Timeline, fmt.Sprintf("%s UTC %s", stamp(m.at), m.name))
	}
	switch i.EndedBy {
	case "", incident.UnknownEnding:
	case incident.NoAction:
		p.Tried = "It ended by itself."
	default:
		p.Tried = "It was ended by: " + strings.ReplaceAll(string(i.EndedBy), "_", " ") + "."
	}
	if i.Summary != "" {
		p.Tried = strings.TrimSpace(p.Tried + " " + i.Summary)
	}
	return p
}

func deploymentLine(d deployment.Deployment) string {
	return fmt.Sprintf("%s %s to %s, finished %s UTC, %s", d.Service, d.Version, d.Environment, stamp(d.FinishedAt), strings.ReplaceAll(string(d.Outcome), "_", " "))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func timesWords(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func noteWords(k rootcause.Kind) string {
	switch k {
	case rootcause.Factor:
		return "Contributing factor"
	case rootcause.Cause:
		return "Confirmed cause"
	}
	return strings.ToUpper(string(k[:1])) + string(k[1:])
}
