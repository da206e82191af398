package importer_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/importer"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

var (
	now    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	reader = account.Actor{Kind: account.Person, ID: 1, Name: "a reader", Role: account.Viewer}
)

// history is a small file with all that files do: a byte-order mark, CRLF, lines in values, several services,
// maintenance, an unknown severity, a row without a service, two rows less than half an hour apart.
const history = "\ufeffexternal_id,title,service,severity,status,started_at,repaired_at,resolved_at,root_cause\r\n" +
	"a1,Checkout stalls,Checkout;Payments,major,resolved,2026-06-01T10:00:00Z,2026-06-01T10:40:00Z,2026-06-01T11:00:00Z,\r\n" +
	"a2,checkout  STALLS,Checkout,critical,resolved,2026-06-01T11:00:00Z,,2026-06-01T11:30:00Z,\"The pool is\r\ntoo small.\"\r\n" +
	"a3,Checkout stalls,Payments;Checkout,minor,resolved,2026-07-01T10:00:00Z,,2026-07-01T10:30:00Z,\r\n" +
	"a4,Database upgrade,Database,maintenance,completed,2026-07-02T10:00:00Z,,2026-07-02T12:00:00Z,\r\n" +
	"a5,Mails are late,,P1,resolved,2026-07-03T10:00:00Z,,2026-07-03T12:00:00Z,\r\n"

// bring imports a text as a CSV file called source.
func bring(t *testing.T, s *store.Store, source, text, grouping string, dry bool) (importer.Report, []string) {
	t.Helper()
	rows, err := importer.Open(strings.NewReader(text), importer.CSV, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := importer.ParseGrouping(grouping)
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	clock := func() time.Time { return now }
	im := importer.Importer{
		Store: s, Keeper: &followup.Keeper{Store: s, Log: s, Now: clock}, Now: clock, DryRun: dry,
		Progress: func(int) {}, Refused: func(p importer.Problem) { refused = append(refused, p.Error()) },
	}
	m := importer.Meaning{Source: source, Severities: importer.DefaultSeverities(), Grouping: g, Now: now}
	report, err := im.Import(t.Context(), rows, m)
	if err != nil {
		t.Fatal(err)
	}
	return report, refused
}

func incidents(t *testing.T, s *store.Store) map[string]incident.Incident {
	t.Helper()
	page, err := s.Incidents(t.Context(), reader, incident.Filter{}, listing.Request{Limit: listing.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]incident.Incident{}
	for _, i := range page.Items {
		all[i.ExternalID] = i
	}
	return all
}

func TestAHistoryGoesInOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		report, refused := bring(t, s, "old tool", history, "title", false)
		if report.Read != 5 || report.Added != 5 || report.Refused != 0 || report.SeverityWords["P1"] != 1 || len(report.NewServices) != 3 {
			t.Fatalf("reported %+v, %v", report, refused)
		}
		all := incidents(t, s)
		if first := all["a1"]; first.Severity != incident.SEV2 || !slices.Equal(first.Services, []string{"checkout", "payments"}) || first.Status != incident.Resolved {
			t.Errorf("the first row became %+v", first)
		}
		if second := all["a2"]; second.Problem == 0 || second.Problem != all["a1"].Problem || second.Standing.Leads || !second.Standing.HasCause {
			t.Errorf("a title that differs in case and blanks, 20 minutes later, became %+v", second)
		}
		if third := all["a3"].Standing; third.Occurrence != 2 || !third.Recurs || !third.Significant {
			t.Errorf("the one a month later stands as %+v, want the second occurrence, a recurrence", third)
		}
		if all["a4"].Kind != incident.Maintenance || all["a4"].Problem != 0 || all["a5"].Severity != "" || len(all["a5"].Services) != 0 {
			t.Errorf("maintenance became %+v, the unknown severity %+v", all["a4"], all["a5"])
		}

		again, _ := bring(t, s, "old tool", history, "title", false)
		if again.Added != 0 || again.Unchanged != 5 {
			t.Errorf("the same file again reported %+v", again)
		}
		if was, is := all["a1"].Version, incidents(t, s)["a1"].Version; was != is {
			t.Errorf("the same file again changed version %d to %d", was, is)
		}
	})
}

func TestALaterFileJoinsByTheSameKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const header = "external_id,title,started_at,resolved_at\n"
		bring(t, s, "tool", header+"b1,Search is slow,2026-08-01T10:00:00Z,2026-08-01T11:00:00Z\n", "title", false)
		if alone := incidents(t, s)["b1"]; alone.Problem != 0 {
			t.Fatalf("one occurrence alone made %s", alone.Problem)
		}
		bring(t, s, "tool", header+"b2,Search is slow,2026-08-20T10:00:00Z,2026-08-20T11:00:00Z\n", "title", false)
		bring(t, s, "tool", header+"b3,search is slow,2026-09-20T10:00:00Z,2026-09-20T11:00:00Z\n", "title", false)
		bring(t, s, "another tool", header+"b4,Search is slow,2026-09-21T10:00:00Z,2026-09-21T11:00:00Z\n", "title", false)
		all := incidents(t, s)
		if p := all["b1"].Problem; p == 0 || p != all["b2"].Problem || p != all["b3"].Problem || all["b3"].Standing.Occurrence != 3 {
			t.Errorf("the three stand in %s, %s and %s, the last as %+v", all["b1"].Problem, all["b2"].Problem, all["b3"].Problem, all["b3"].Standing)
		}
		if all["b4"].Problem != 0 {
			t.Error("a title is no identity across sources")
		}
	})
}

func TestABrokenRowIsNeverHalfImported(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	report, refused := bring(t, s, "tool", "external_id,title,started_at\n"+
		"c1,Good,2026-08-01T10:00:00Z\nc2,Bad,tomorrow\nc3,\"Broken\" row,2026-08-01T10:00:00Z\nc4,Short\nc1,Twice,2026-08-02T10:00:00Z\nc5,Good too,2026-08-03T10:00:00Z\n", "none", false)
	if report.Read != 6 || report.Added != 2 || report.Refused != 4 {
		t.Errorf("reported %+v", report)
	}
	for n, want := range []string{"line 3, column 8 (started_at)", "line 4, column", "line 5, column 4", "line 6, column 1 (external_id): \"c1\" stands on line 2 already"} {
		if n >= len(refused) || !strings.HasPrefix(refused[n], want) {
			t.Errorf("refusals are %q, want one that begins with %q", refused, want)
		}
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	if report, _ := bring(t, s, "tool", history, "title", true); report.Added != 5 {
		t.Errorf("reported %+v", report)
	}
	if all := incidents(t, s); len(all) != 0 {
		t.Errorf("wrote %d incidents", len(all))
	}
	if services, err := s.ServiceNames(t.Context(), reader); err != nil || len(services) != 0 {
		t.Errorf("wrote the services %v (%v)", services, err)
	}
}

// TestMeasuresOfAnImport ties what is kept to the plain definition: numbers of occurrences that the import wrote are
// those that the measures find.
func TestMeasuresOfAnImport(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	var file strings.Builder
	file.WriteString("external_id,title,service,started_at,resolved_at\n")
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 2500 { // more than one transaction
		at = at.Add(time.Duration(n*n%97) * 7 * time.Minute)
		fmt.Fprintf(&file, "r%d,Failure %d,svc-%d,%s,%s\n", n, n%61, n%7, at.Format(time.RFC3339), at.Add(time.Duration(n%50)*time.Minute).Format(time.RFC3339))
	}
	bring(t, s, "tool", file.String(), "title", false)
	facts, err := s.Facts(context.Background(), reader, metrics.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	flow := metrics.RecurrenceOf(metrics.RowsOf(facts, now), metrics.Query{Now: now}).Flow
	var kept metrics.Flow
	problems, err := s.Problems(t.Context(), reader, problem.Filter{}, listing.Request{Limit: listing.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems.Items {
		kept.Occurrences += p.Figures.Occurrences
		kept.Recurrences += p.Figures.Recurrences
	}
	if len(problems.Items) != 61 || kept != flow {
		t.Errorf("kept %+v in %d problems, the definition gives %+v", kept, len(problems.Items), flow)
	}
}
