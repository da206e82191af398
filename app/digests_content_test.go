package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
)

// preview is the text of a scope's letter about the week that holds now.
func (l *lettered) preview(scope digest.Scope) string {
	l.t.Helper()
	settings, err := l.words.digests.ScopeOf(l.t.Context(), scope)
	l.must(err)
	run, err := l.words.digests.Preview(l.t.Context(), settings, digest.WeekOf(l.clock.Now(), time.UTC))
	l.must(err)
	return run.Text
}

// part is a section of a letter's text, by its title.
func part(text, title string) string {
	_, after, there := strings.Cut(text, "\n"+title+"\n"+strings.Repeat("-", len([]rune(title)))+"\n")
	if !there {
		return ""
	}
	section, _, _ := strings.Cut(after, "\n\n")
	return section
}

func (l *lettered) tells(scope digest.Scope, title string, words ...string) {
	l.t.Helper()
	section := part(l.preview(scope), title)
	for _, w := range words {
		if !strings.Contains(section, w) {
			l.t.Errorf("%q does not say %q but:\n%s", title, w, section)
		}
	}
	if len(words) == 0 && section != "" {
		l.t.Errorf("%q says\n%s", title, section)
	}
}

// recurs reports the same failure as before, which lasted half an hour.
func (l *lettered) recurs(key string) incident.Incident {
	l.t.Helper()
	i := l.happens(func(i *incident.Incident) {
		i.Source, i.GroupKey, i.ExternalID = "alertmanager", key, fmt.Sprint(key, l.clock.Now().Unix())
		i.Moments.StartedAt, i.Moments.DetectedAt = l.clock.Now().Add(-30*time.Minute), l.clock.Now().Add(-30*time.Minute)
		i.Status, i.Moments.RestoredAt, i.Moments.ResolvedAt = incident.Resolved, l.clock.Now(), l.clock.Now()
	})
	l.clock.Add(time.Hour)
	return i
}

func (l *lettered) step(id followup.ID, action string, step func(f *followup.FollowUp, now time.Time) error) {
	l.t.Helper()
	_, err := l.words.followUps.Step(l.t.Context(), syncActor, id, action, "", followup.Plain(step))
	l.must(err)
}

// A wait costs, and the letter of the team that owns the change shows it until the change is verified.
func TestTheCostOfAWaitStaysInTheLetterUntilItIsVerified(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		i := l.recurs("pool")
		f, err := l.words.followUps.Promise(l.t.Context(), syncActor, followup.FollowUp{
			Title: "Circuit breaker", Kind: followup.Alert, Purpose: followup.Prevent, Team: l.booking.Team, Incidents: []incident.ID{i.ID},
		}, true)
		l.must(err)
		for range 3 {
			l.clock.Add(7 * 24 * time.Hour)
			l.recurs("pool")
		}
		for _, scope := range []digest.Scope{l.booking, {}} {
			l.tells(scope, "Decide this week", "Circuit breaker  [1 h 30 min]", "waiting 21 d · recurred 3 times · 90 impact minutes", "/followups/FU-1")
			l.tells(scope, "Waited too long; not proven yet")
			l.tells(scope, "Due for a review", "happened 4 times", "PRB-1, Booking")
		}
		l.step(f.ID, "started", func(f *followup.FollowUp, now time.Time) error { return f.Start(now) })
		l.tells(l.booking, "Waited too long; not proven yet", "Circuit breaker  [1 h 30 min]", "waited 21 d · started")
		l.clock.Add(24 * time.Hour)
		l.step(f.ID, "done", func(f *followup.FollowUp, now time.Time) error {
			return f.Finish(now, "https://ci.example.test/1")
		})
		l.clock.Add(20 * 24 * time.Hour)
		l.tells(l.booking, "Waited too long; not proven yet", "Circuit breaker  [1 h 30 min]", "done")
		l.clock.Add(11 * 24 * time.Hour)
		if n, err := l.words.followUps.VerifyDue(l.t.Context(), syncActor); err != nil || n != 1 {
			l.t.Fatalf("verified %d, %v", n, err)
		}
		l.tells(l.booking, "Waited too long; not proven yet")
		l.tells(l.booking, "What incidents changed", "Circuit breaker  [✓ verified]", "after a wait that cost 1 h 30 min")
		if text := l.preview(l.booking); !strings.Contains(text, "One fix proven. Nothing waits that came back.") {
			l.t.Errorf("the finding is not said:\n%s", text)
		}
	})
}

// Two teams pass an incident on, and for two days nobody accepts it: it stands in the letters of both, and not in a third one's.
func TestAnIncidentThatNoTeamAnswersForStandsInBothTeamsLetters(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx := l.t.Context()
		var others []digest.Scope
		for _, name := range []string{"Network", "Payments"} {
			team, err := l.words.catalog.AddTeam(ctx, syncActor, catalog.Team{Name: name, Kind: catalog.Operations, Zone: "UTC"})
			l.must(err)
			others = append(others, digest.Scope{Team: team.ID})
		}
		i := l.happens(nil)
		l.must(l.words.triage.HandOver(ctx, syncActor, i.ID, l.booking.Team, others[0].Team, "The packets are lost before they come here"))
		l.must(l.words.triage.HandOver(ctx, syncActor, i.ID, others[0].Team, l.booking.Team, "The network is fine"))
		l.clock.Add(47 * time.Hour)
		l.tells(l.booking, "No team answers for it")
		l.clock.Add(time.Hour)
		for _, scope := range []digest.Scope{l.booking, others[0], {}} {
			l.tells(scope, "No team answers for it", "Seat map loads without prices  [48 h, passed 2×]", "INC-1, SEV1")
		}
		l.tells(others[1], "No team answers for it")
		l.tells(l.booking, "Nobody told the developers", "Seat map loads without prices")
		l.tells(others[1], "Nobody told the developers")
		l.must(l.words.triage.Accept(ctx, syncActor, i.ID, l.booking.Team, ""))
		l.tells(l.booking, "No team answers for it")
		l.clock.Add(40 * 24 * time.Hour) // it goes on, and nobody told the developers yet
		for _, scope := range []digest.Scope{l.booking, {}} {
			l.tells(scope, "Nobody told the developers", "Seat map loads without prices")
		}
	})
}

// Of several decisions about one incident the last is the loop that was closed.
func TestADecisionMadeAnewClosesOneLoop(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		i := l.recurs("labels")
		for _, reason := range []string{"The printer is replaced anyway.", "The printer is replaced in January."} {
			l.must(l.words.incidents.Decide(l.t.Context(), syncActor, i.ID, incident.Decision{Reason: reason, LookAgainOn: "2027-01-10"}))
		}
		l.tells(l.booking, "What incidents changed", "The printer is replaced in January")
		settings, err := l.words.digests.ScopeOf(l.t.Context(), l.booking)
		l.must(err)
		run, err := l.words.digests.Preview(l.t.Context(), settings, digest.WeekOf(l.clock.Now(), time.UTC))
		if err != nil || run.Subject != "Upshot week 48: nothing to decide, 1 loop closed (Booking)" || strings.Contains(run.Text, "replaced anyway") {
			l.t.Errorf("%q, %v", run.Subject, err)
		}
	})
}

// What was decided against, what is overdue, what came back after its fix, what nobody owns.
func TestWhatALetterTellsBesides(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx := l.t.Context()
		i := l.recurs("labels")
		l.must(l.words.incidents.Decide(ctx, syncActor, i.ID, incident.Decision{Reason: "The printer is replaced in January anyway.", LookAgainOn: "2026-12-10"}))
		promise := func(title string, team catalog.TeamID, due string) followup.FollowUp {
			f, err := l.words.followUps.Promise(ctx, syncActor, followup.FollowUp{
				Title: title, Kind: followup.Code, Purpose: followup.Prevent, Team: team, DueOn: due, Incidents: []incident.ID{i.ID},
			}, true)
			l.must(err)
			return f
		}
		promise("Nobody’s promise", 0, "")
		promise("Late promise", l.booking.Team, "2026-11-20")
		done := promise("Fix that did not help", l.booking.Team, "")
		refused := promise("Promise not kept", l.booking.Team, "")
		l.step(refused.ID, "declined", func(f *followup.FollowUp, now time.Time) error {
			return f.Decline(now, followup.Decline{Reason: "Too dear before the move.", LookAgainOn: "2026-12-09"})
		})
		l.step(done.ID, "done", func(f *followup.FollowUp, now time.Time) error { return f.Finish(now, "https://ci.example.test/3") })
		l.tells(l.booking, "What incidents changed", "Seat map loads without prices  [decided against]", "The printer is replaced", "Promise not kept  [declined]")
		l.tells(l.booking, "Due and overdue", "Late promise  [4 d overdue]", "FU-2, Booking")
		l.tells(l.booking, "Promised, and nobody’s")
		l.tells(digest.Scope{}, "Promised, and nobody’s", "Nobody’s promise  [without a team]")
		l.clock.Add(40 * 24 * time.Hour)
		l.recurs("labels")
		l.tells(l.booking, "Decided against; look again", "Seat map loads without prices  [since 10 Dec 2026]", "INC-1, Booking: The printer", "Promise not kept  [since 9 Dec 2026]")
		l.tells(l.booking, "Done, but still happening", "Fix that did not help")
		l.tells(l.booking, "What incidents changed", "No change was proven")
	})
}
