package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/incident"
)

func TestProgressLeadsFromAFigureToItsRows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.payments()
	b := s.person(account.Editor)
	s.web.Demo = b.user // the session runs out in the weeks that pass
	var refs []string
	for range 5 {
		refs = append(refs, s.timeouts().ID.String())
		s.pass(10 * day)
	}
	b.get("/progress").is(200).
		says("time-to-repair", "1 h").
		says("time-to-repair", "median").
		says("time-to-repair", "n = 5").
		says("time-to-repair", "None is open").
		says("recurrence", "80").
		says("recurrence", "4 of 5 occurrences").
		says("recurrence", "window 90 d").
		says("change-fail-rate", "0/0 deployments").
		says("developer-notification", "5 never").
		says("developer-notification", "n = 5").
		says("ownership-coverage", "0 of 1").
		says("cycle-time", "n/a")
	rows := b.get("/progress/rows?of=time_to_repair").is(200)
	for _, ref := range refs {
		if !strings.Contains(rows.text, ref) {
			t.Errorf("%s is not behind the figure", ref)
		}
	}

	// A correction changes the figure at once, and is seen among the rows.
	first, err := incident.ParseID(refs[0])
	if err != nil {
		t.Fatal(err)
	}
	i, err := s.store.Incident(t.Context(), boss, first)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.web.Incidents.Correct(context.Background(), boss, first, incident.RestoredAt, i.Moments.RestoredAt.Add(-30*time.Minute), "the clock was wrong")
	if err != nil {
		t.Fatal(err)
	}
	b.get("/progress").is(200).
		says("time-to-repair", "mean 54 min")
	b.get("/progress/rows?of=time_to_repair").is(200).
		says("rows", "30 min").
		says("rows", "1 correction")

	b.get("/progress?team=payments&range=quarter&window=30").is(200).
		says("recurrence", "window 30 d")
	b.get("/progress/rows?of=never_notified&team=payments").is(200).says("rows", refs[4])
	for _, of := range []string{"change_fail_rate", "cycle_time", "left_out", "loop_closure", "closed_without_cause", "impact_duration", "recurrence", "developer_notification"} {
		b.get("/progress/rows?of=" + of).is(200)
	}
	b.get("/progress/rows?of=nothing").is(404)
	b.get("/progress?range=nonsense&window=-1").is(200)
	b.get("/progress?team=nobody").is(422)
	csv := b.get("/progress.csv").is(200).text
	for _, line := range []string{"measure,figure,period,value,n", "time_to_repair,median_seconds,,3600,5", "recurrence,rate,,0.8,5"} {
		if !strings.Contains(csv, line) {
			t.Errorf("the table lacks %q:\n%s", line, csv)
		}
	}
}
