package jirasync

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// poolFacts are the facts of a failure that happened twice, of which a follow-up answers the second.
func poolFacts() PacketFacts {
	at := day(20)
	pool := incident.Incident{
		ID: 2, Title: "Checkout is slow", Impact: "carts time out", Summary: "Pods were restarted one by one.", Services: []string{"checkout", "cart"}, Severity: incident.SEV2,
		Kind: incident.Real, Status: incident.Resolved, Source: "alertmanager", GroupKey: "DBPoolExhausted", ExternalID: "f1a2", URL: "https://alerts.example.com/f1a2",
		EndedBy: incident.Restart,
		Moments: incident.Moments{StartedAt: at, DetectedAt: at.Add(5 * time.Minute), MitigatedAt: at.Add(30 * time.Minute), RestoredAt: at.Add(95 * time.Minute), DeveloperNotifiedAt: at.Add(10 * time.Minute)},
	}
	release := deployment.Deployment{ID: 7, Service: "checkout", Environment: "production", Version: "4.2", FinishedAt: at.Add(-time.Hour), Outcome: deployment.Succeeded}
	other := deployment.Deployment{ID: 8, Service: "cart", Environment: "production", Version: "1.9", FinishedAt: at.Add(-2 * time.Hour), Outcome: deployment.Succeeded}
	return PacketFacts{
		BaseURL:  "https://upshot.example.com",
		FollowUp: followup.FollowUp{ID: 12, Title: "Circuit breaker", Detail: "Open after *five* failures.", Kind: followup.AutomatedTest, Purpose: followup.Prevent, DueOn: "2026-06-01"},
		Team:     "Booking", Problem: problem.Problem{ID: 7, Title: "DB pool exhausted"}, Incidents: []incident.Incident{pool},
		Seen: problem.History([]problem.Member{
			{Incident: 1, StartedAt: day(8), DetectedAt: day(8), RestoredAt: day(8).Add(time.Minute), Impact: time.Minute, EndedBy: "none"},
			{Incident: 2, StartedAt: at, DetectedAt: at.Add(5 * time.Minute), RestoredAt: at.Add(95 * time.Minute), Impact: 95 * time.Minute, HandsOn: 40 * time.Minute, EndedBy: "restart"},
		}, problem.FlapWindow, problem.RecurrenceWindow, day(30)),
		Notes: []rootcause.Note{
			{Incident: 2, Kind: rootcause.Symptom, CauseClass: "unknown", Confidence: "low", Body: "Threads wait for {connections}."},
			{Problem: 7, Kind: rootcause.Cause, CauseClass: "capacity", Confidence: "high", Side: "development", Body: "The pool holds *10* connections."},
		},
		Suspected: []deployment.Deployment{release, other}, Caused: []deployment.Deployment{release},
		Now: day(30).In(time.FixedZone("", 7200)),
	}
}

func TestPacketOf(t *testing.T) {
	t.Parallel()
	want := Packet{
		Ref: "FU-12", URL: "https://upshot.example.com/followups/FU-12", Title: "Circuit breaker", Promise: "automated test, to prevent, by Booking",
		Detail: "Open after *five* failures.", DueOn: "2026-06-01", FrozenAt: day(30),
		History: []string{
			"It happened twice so far: 96 minutes of impact, 40 minutes of hands-on work.",
			"INC-1: detected 2026-03-10 09:00 UTC, 1 minute of impact, ended by itself",
			"INC-2: detected 2026-03-22 09:05 UTC, 12 d after the one before, 95 minutes of impact, ended by restart",
		},
		Incidents: []PacketIncident{{
			Ref: "INC-2", URL: "https://upshot.example.com/incidents/INC-2", Title: "Checkout is slow",
			Facts:  []string{"SEV2", "checkout, cart", "users felt: carts time out", "95 minutes of impact"},
			Labels: []string{"source: alertmanager", "group key: DBPoolExhausted", "id there: f1a2"},
			Timeline: []string{
				"2026-03-22 09:00 UTC started", "2026-03-22 09:05 UTC detected", "2026-03-22 09:10 UTC developer notified",
				"2026-03-22 09:30 UTC mitigated", "2026-03-22 10:35 UTC restored",
			},
			Tried: "It was ended by: restart. Pods were restarted one by one.",
		}},
		Deployments: []string{
			"checkout 4.2 to production, finished 2026-03-22 08:00 UTC, succeeded, confirmed as the cause",
			"cart 1.9 to production, finished 2026-03-22 07:00 UTC, succeeded, suspected: the last one before the impact",
		},
		Learnt: []string{
			"Symptom on INC-2 (low confidence, unknown): Threads wait for {connections}.",
			"Confirmed cause on PRB-7 (high confidence, capacity, development): The pool holds *10* connections.",
		},
		Links: []PacketLink{
			{"FU-12 in Upshot, with what waiting costs", "https://upshot.example.com/followups/FU-12"},
			{"PRB-7 DB pool exhausted", "https://upshot.example.com/problems/PRB-7"},
			{"INC-2 where it was raised", "https://alerts.example.com/f1a2"},
		},
	}
	if got := PacketOf(poolFacts()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAPacketIsFrozen(t *testing.T) {
	t.Parallel()
	facts := poolFacts()
	packet, before := PacketOf(facts), PacketOf(poolFacts())
	facts.Incidents[0].Services[0], facts.Incidents[0].GroupKey = "search", "another"
	facts.Notes[0].Body, facts.Suspected[0].Version, facts.Seen[0].Impact = "changed", "9", time.Hour
	if !reflect.DeepEqual(packet, before) {
		t.Errorf("it changed with its facts: %+v", packet)
	}
}

func TestWhatAPacketSaysOfWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	open := incident.New("Checkout is slow", day(20))
	open.ID = 2
	ended := incident.New("Checkout is slow", day(20))
	ended.Status, ended.EndedBy = incident.Resolved, incident.NoAction
	cases := map[string]struct {
		change func(*PacketFacts)
		holds  func(p Packet) bool
	}{
		"it belongs to no problem": {
			func(x *PacketFacts) { x.Problem, x.Seen = problem.Problem{}, nil },
			func(p Packet) bool { return len(p.History) == 0 && len(p.Links) == 2 },
		},
		"nobody wrote down hands-on time": {
			func(x *PacketFacts) { x.Seen[1].HandsOn = 0 },
			func(p Packet) bool { return p.History[0] == "It happened twice so far: 96 minutes of impact." },
		},
		"nor how long it lasted": {
			func(x *PacketFacts) { x.Seen[0].Impact, x.Seen[1].Impact = 0, 0 },
			func(p Packet) bool {
				return p.History[0] == "It happened twice so far." && !strings.Contains(p.History[2], "impact")
			},
		},
		"it goes on": {
			func(x *PacketFacts) {
				x.Incidents = []incident.Incident{open}
				x.Seen = problem.History([]problem.Member{{Incident: 2, StartedAt: day(30).Add(-time.Hour), DetectedAt: day(30), Ongoing: true}}, problem.FlapWindow, problem.RecurrenceWindow, day(30))
			},
			func(p Packet) bool {
				return p.History[0] == "It happened once so far: 60 minutes of impact; it goes on." && strings.HasSuffix(p.History[1], "goes on") &&
					slices.Equal(p.Incidents[0].Facts, []string{"severity unknown", "it goes on"}) && p.Incidents[0].Tried == "" && len(p.Incidents[0].Labels) == 0
			},
		},
		"it ended by itself": {
			func(x *PacketFacts) { x.Incidents = []incident.Incident{ended} },
			func(p Packet) bool { return p.Incidents[0].Tried == "It ended by itself." },
		},
		"nothing was noted, deployed or assigned": {
			func(x *PacketFacts) { x.Notes, x.Suspected, x.Caused, x.Team = nil, nil, nil, "" },
			func(p Packet) bool {
				return len(p.Learnt)+len(p.Deployments) == 0 && p.Promise == "automated test, to prevent"
			},
		},
		"the cause that a person confirmed is not suspected as well": {
			func(x *PacketFacts) { x.Caused = x.Suspected },
			func(p Packet) bool {
				return len(p.Deployments) == 2 && !strings.Contains(fmt.Sprint(p.Deployments), "suspected")
			},
		},
		"it happened a hundred times: the latest ten are told": {
			func(x *PacketFacts) {
				var days []int
				for n := range 100 {
					days = append(days, n)
				}
				x.Seen = happened(days...)
			},
			func(p Packet) bool {
				return len(p.History) == 12 && p.History[1] == "The latest 10 of them:" && strings.HasPrefix(p.History[2], "INC-91") && strings.HasPrefix(p.History[11], "INC-100")
			},
		},
		"it answers many incidents: the first five are told, all are linked": {
			func(x *PacketFacts) {
				for len(x.Incidents) < 8 {
					x.Incidents = append(x.Incidents, x.Incidents[0])
				}
			},
			func(p Packet) bool { return len(p.Incidents) == 5 && len(p.Links) == 10 },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := poolFacts()
			c.change(&x)
			if p := PacketOf(x); !c.holds(p) {
				t.Errorf("got %+v", p)
			}
		})
	}
}
