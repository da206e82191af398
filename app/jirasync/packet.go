package jirasync

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

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
	if n := len(x.Seen); n > 0 {
		var impact, handsOn time.Duration
		for _, o := range x.Seen {
			impact, handsOn = impact+o.Impact, handsOn+o.HandsOn
		}
		p.History = append(p.History, fmt.Sprintf("It happened %s so far: %d impact minutes, %d minutes of hands-on work.", timesWords(n), int(impact.Minutes()), int(handsOn.Minutes())))
		for _, o := range x.Seen[max(0, n-packetOccurrences):] {
			line := fmt.Sprintf("%s: detected %s UTC", o.Incident(), stamp(o.DetectedAt))
			if o.Impact > 0 {
				line += fmt.Sprintf(", %d minutes of impact", int(o.Impact.Minutes()))
			}
			if o.EndedBy != "" && o.EndedBy != string(incident.UnknownEnding) {
				line += ", ended by " + o.EndedBy
			}
			p.History = append(p.History, line)
		}
	}
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
	if d, known := i.Duration(); known {
		p.Facts = append(p.Facts, fmt.Sprintf("%d minutes of impact", int(d.Minutes())))
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
