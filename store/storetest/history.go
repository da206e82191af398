package storetest

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/problem"
)

// What a history is made of: what fails, where, and how it shows.
var (
	failing = []string{
		"Connection pool", "Message queue", "Search index", "Nightly batch", "Certificate", "Rate limiter", "Session cache",
		"Replica", "Disk", "Worker", "Webhook delivery", "Feature flag client", "Load balancer", "Thread pool", "Price feed",
	}
	signs = []string{
		"exhausted", "lags behind", "answers slowly", "runs out of memory", "is out of date", "refuses connections",
		"restarts in a loop", "fills up", "drops requests", "times out",
	}
	areas = []string{
		"checkout", "billing", "search", "login", "catalogue", "shipping", "mail", "reporting", "loyalty", "returns",
		"partner portal", "mobile", "invoices", "stock", "pricing", "fraud check", "support desk", "newsletter", "maps", "archive",
	}
)

// The sizes of a history.
const (
	// Failures is how many problems a long history has.
	Failures   = 2_900
	failures   = 3_000 // different titles; the commonest ones bear more than a thousand incidents of a hundred thousand
	services   = 200
	historyFor = 3 * 365 * 24 * time.Hour
)

// WriteIncidents writes a CSV file of incidents as upshot import reads it: the last three years, in order of
// start, with few failures that come often and many that come seldom. The same until gives the same file.
func WriteIncidents(w io.Writer, rows int, until time.Time) error {
	r := rand.New(rand.NewPCG(1, 2))
	often := rand.NewZipf(r, 1.05, 10, failures-1)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"external_id", "title", "service", "severity", "started_at", "detected_at", "mitigated_at", "resolved_at", "summary", "root_cause"})
	at := until.Add(-historyFor).UTC().Truncate(time.Second)
	for n := range rows {
		at = at.Add(time.Duration(r.Float64() * 2 * float64(historyFor) / float64(rows+1)).Truncate(time.Second))
		if last := until.Add(-time.Hour).UTC(); at.After(last) {
			at = last
		}
		f := int(often.Uint64())
		severity := []string{"SEV1", "SEV2", "SEV2", "SEV3", "SEV3", "SEV3", "SEV3", "SEV4", "SEV4", ""}[r.IntN(10)]
		detected := at.Add(time.Duration(r.IntN(1_200)) * time.Second)
		mitigated := detected.Add(time.Duration(300+r.IntN(7_200)) * time.Second)
		resolved := mitigated.Add(time.Duration(r.IntN(36_000)) * time.Second)
		cause := ""
		if r.IntN(4) == 0 {
			cause = "Nothing bounded what one caller may ask for, so the others waited."
		}
		written := func(t time.Time) string {
			if t.After(until) { // still going on
				return ""
			}
			return t.Format(time.RFC3339)
		}
		_ = out.Write([]string{
			fmt.Sprintf("T-%06d", n+1), titleOf(f), fmt.Sprintf("%s %d", areas[f%len(areas)], f%services/len(areas)+1), severity,
			at.Format(time.RFC3339), written(detected), written(mitigated), written(resolved),
			fmt.Sprintf("%d users saw errors for a while.", r.IntN(5_000)), cause,
		})
	}
	out.Flush()
	return out.Error()
}

// titleOf names a failure; no two have the same name.
func titleOf(f int) string {
	return strings.Join([]string{
		failing[f%len(failing)], "of", areas[f%len(areas)], signs[f/len(failing)%len(signs)], fmt.Sprintf("(part %d)", f/300+1),
	}, " ")
}

// FollowUps gives n promised changes of the problems 1 to problems, in all states, promised within the last two years.
func FollowUps(n, problems int, teams []catalog.Team, until time.Time) []followup.FollowUp {
	r := rand.New(rand.NewPCG(3, 4))
	all := make([]followup.FollowUp, n)
	for i := range all {
		at := until.Add(-time.Duration(r.Int64N(int64(2 * 365 * 24 * time.Hour)))).UTC().Truncate(time.Second)
		f := followup.FollowUp{
			Title: "Bound what one caller may ask for " + fmt.Sprint(i+1), Kind: followup.Kinds[r.IntN(len(followup.Kinds))], Purpose: followup.Prevent,
			Team: teams[r.IntN(len(teams))].ID, Problem: problem.ID(1 + r.IntN(problems)), State: followup.Proposed, CreatedAt: at,
			Moves: []followup.Move{{State: followup.Proposed, At: at}},
		}
		for _, next := range []followup.State{followup.Queued, followup.InProgress, followup.Done, followup.Verified} {
			at = at.Add(time.Duration(r.IntN(60*24)) * time.Hour)
			if at.After(until) || r.IntN(10) == 0 {
				break
			}
			f.State = next
			f.Moves = append(f.Moves, followup.Move{State: next, At: at})
			if next == followup.Done {
				f.EvidenceURL = "https://git.example/changes/" + fmt.Sprint(i+1)
			}
		}
		all[i] = f
	}
	return all
}
