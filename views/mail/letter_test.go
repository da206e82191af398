package mail

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/app/triage"
)

var update = flag.Bool("update", false, "write the golden files anew")

var monday = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

func ago(days int) time.Time { return monday.AddDate(0, 0, -days) }

// waiting is a change that waits, and the incidents of its problem.
func waiting(id followup.ID, title string, of problem.ID, days int, lasted ...time.Duration) (followup.FollowUp, []problem.Member) {
	f := followup.FollowUp{
		ID: id, Title: title, Kind: followup.Code, Purpose: followup.Prevent, State: followup.Queued, Team: 1, Problem: of,
		Moves: []followup.Move{{State: followup.Queued, At: ago(days)}}, Kept: followup.Ledger{QueuedAt: ago(days)},
	}
	var members []problem.Member
	for n, d := range lasted {
		at := ago(days - (n+1)*days/(len(lasted)+1))
		members = append(members, problem.Member{Incident: incident.ID(int(of)*100 + n), StartedAt: at, DetectedAt: at, RestoredAt: at.Add(d), Impact: d})
	}
	return f, members
}

func seen(id incident.ID, title string, s incident.Severity, service string, at time.Time) incident.Incident {
	i := incident.New(title, at)
	i.ID, i.Severity, i.Moments.DetectedAt = id, s, at
	if service != "" {
		i.Services = []string{service}
	}
	return i
}

func page[T any](total int, items ...T) listing.Page[T] {
	return listing.Page[T]{Items: items, Total: total}
}

// fullWeek has something to say in every section.
func fullWeek() digest.Facts {
	minutes := func(all ...int) []time.Duration {
		d := make([]time.Duration, len(all))
		for n, m := range all {
			d[n] = time.Duration(m) * time.Minute
		}
		return d
	}
	rates, ratesSeen := waiting(18, "Expire the rate table by version, not by hour", 3, 141, minutes(60, 45, 70, 50, 50)...)
	breaker, breakerSeen := waiting(31, "Circuit breaker around the card processor", 7, 74, minutes(55, 60, 46, 60)...)
	retry, retrySeen := waiting(40, "Retry captures with an idempotency key", 12, 38, minutes(40, 46)...)
	breaker.Ticket = &ticket.Ticket{Key: "PAY-1482", URL: "https://jira.example.org/browse/PAY-1482", Status: ticket.Named{Name: "To Do"}}
	paid, paidSeen := waiting(25, "Alert on <stale> prices & rates “today”", 4, 50, minutes(95)...)
	paid.State, paid.Moves = followup.InProgress, append(paid.Moves, followup.Move{State: followup.InProgress, At: ago(10)})
	proven := followup.FollowUp{ID: 22, Title: "Bound the settlement batch size", Kind: followup.AutomatedTest, State: followup.Verified, Team: 2, Problem: 5}
	proven.Kept = followup.Ledger{ShippedAt: ago(34), VerifiedAt: ago(4), ImpactWhileWaiting: 80 * time.Minute}
	declined := followup.FollowUp{ID: 46, Title: "Split the booking database", State: followup.Declined, Team: 1}
	declined.Declined.Reason = "The vacuum move (FU-34) does more for less."
	overdue := followup.FollowUp{ID: 51, Title: "Runbook für den Kabinenplan", State: followup.Queued, Team: 1, DueOn: "2026-11-18"}
	failing := followup.FollowUp{ID: 33, Title: "Pin the TLS library", State: followup.Done, Team: 2}
	failing.Kept.RecurrencesAfter = 2
	late, _ := digest.NudgeOf(overdue, "2026-11-23")
	again, _ := digest.NudgeOf(followup.FollowUp{
		ID: 15, Title: "Second read replica", State: followup.Declined, Team: 2,
		Declined: followup.Decline{Reason: "Too dear before the move.", LookAgainOn: "2026-11-20"},
	}, "2026-11-23")
	passed := seen(421, "Search answers in 9 s", incident.SEV2, "search", ago(3))
	passed.CreatedAt = ago(3)
	closed := seen(424, "Labels come out blank", "", "label-printer", ago(5))
	closed.EndedBy = incident.Restart
	measure := func(name, value string, n int, change string, move digest.Move) digest.Measure {
		return digest.Measure{Name: name, Value: value, N: n, Wanted: digest.Less, Change: change, Move: move}
	}
	top := []digest.Measure{
		measure("time to repair, median", "48 min", 14, "from 55 min", digest.Better),
		measure("seen before, within 90 d", "5 of 14", 0, "5 of 13 the week before", digest.Same),
		measure("until developers knew", "38 min", 12, "from 24 min", digest.Worse),
	}
	closure := digest.Measure{Name: "services with a dashboard and a runbook, as of now", Value: digest.NotKnown, Wanted: digest.More, Note: "not measured yet"}
	return digest.Facts{
		Week: digest.Week{Year: 2026, Number: 47}, When: digest.Monday7, Zone: time.UTC, Now: monday, BaseURL: "https://upshot.example.org",
		Teams:  map[catalog.TeamID]string{1: "Booking", 2: "Payments"},
		Decide: page(3, rates, breaker, retry), Cost: followup.Cost{Recurrences: 11, Impact: 582 * time.Minute}, Waiting: 8,
		Members: map[problem.ID][]problem.Member{3: ratesSeen, 7: breakerSeen, 12: retrySeen, 4: paidSeen},
		About:   map[followup.ID]string{18: "rates-cache", 31: "card-gateway"},
		Paid:    page(1, paid), Proven: page(1, proven), Practised: 1, Declined: page(1, declined),
		Decided: page(1, digest.Decided{
			Incident: seen(402, "Customs forms print twice", incident.SEV2, "customs", ago(20)),
			Decision: incident.Decision{Reason: "The printer is replaced in January anyway.", LookAgainOn: "2027-02-01"},
		}),
		Nudges: []digest.Nudge{again, late, digest.Reviewed(problem.Problem{ID: 9, Title: "Edge proxy drops keep-alive", Figures: problem.Figures{Occurrences: 3}}, 1)},
		Unowned: page(7, followup.FollowUp{ID: 61, Title: "One"}, followup.FollowUp{ID: 62, Title: "Two"}, followup.FollowUp{ID: 63, Title: "Three"},
			followup.FollowUp{ID: 64, Title: "Four"}, followup.FollowUp{ID: 65, Title: "Five"}),
		Failing: page(1, failing),
		Untold: page(2, seen(428, "Labels print the sender twice", incident.SEV2, "label-printer", monday.Add(-54*time.Hour)),
			seen(431, "Seat map loads without prices", incident.SEV1, "booking-api", monday.Add(-290*time.Minute))),
		NoCause: page(1, closed),
		Nobody:  page(1, triage.Item{Incident: passed, Triage: triage.Triage{HandOffs: []triage.HandOff{{From: 1, To: 2, At: ago(3)}, {From: 2, To: 1, At: ago(3).Add(22 * time.Hour)}}}}),
		Measures: digest.Measures{
			Top: top, All: append(top[:3:3], closure), Incidents: 14, SeenBefore: 5, LeftOut: metrics.LeftOut{Maintenance: 3, Drill: 1},
		},
		Sync: []digest.Trouble{{Words: "Jira (example) is not being read: it does not accept the login.", Link: "https://upshot.example.org/settings/jira/1", LinkText: "See what is wrong"}},
	}
}

func letters() map[string]digest.Facts {
	quiet := digest.Facts{
		Scope: digest.Scope{Team: 1}, Team: catalog.Team{ID: 1, Slug: "booking", Name: "Booking"}, Week: digest.Week{Year: 2026, Number: 53},
		When: digest.Monday7, Zone: time.UTC, Now: time.Date(2027, 1, 6, 9, 30, 0, 0, time.UTC), BaseURL: "https://upshot.example.org",
		Measures: digest.MeasuresOf(digest.Measured{}),
	}
	return map[string]digest.Facts{"full": fullWeek(), "quiet": quiet}
}

func TestTheLetterIsAsItWas(t *testing.T) {
	t.Parallel()
	for name, facts := range letters() {
		subject, text, page, err := Letter(t.Context(), digest.NewLetter(facts))
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 100_000 || len(text) > 100_000 {
			t.Errorf("%s: the page has %d bytes, the text %d", name, len(page), len(text))
		}
		for ending, got := range map[string]string{"html": page, "txt": "Subject: " + subject + "\n\n" + text} {
			file := filepath.Join("testdata", "letter-"+name+"."+ending)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || string(want) != got {
				t.Errorf("%s differs (%v); look at what changed and renew it with -update:\n%s", file, err, got)
			}
		}
	}
}

// What the page says, the text says: every line of it, every figure, and every address.
func TestPageAndTextSayTheSame(t *testing.T) {
	t.Parallel()
	for name, facts := range letters() {
		_, text, page, err := Letter(t.Context(), digest.NewLetter(facts))
		if err != nil {
			t.Fatal(err)
		}
		plain := squeezed(text)
		said, links := saidBy(t, page)
		if len(said) < 20 || len(links) < 3 {
			t.Fatalf("%s: %d words, %d links", name, len(said), len(links))
		}
		for _, s := range said {
			if !strings.Contains(plain, s) {
				t.Errorf("%s: the text does not say %q", name, s)
			}
		}
		for _, at := range links {
			if !strings.Contains(text, at) {
				t.Errorf("%s: the text does not lead to %s", name, at)
			}
			if !strings.HasPrefix(at, "https://upshot.example.org/") && !strings.HasPrefix(at, "https://jira.example.org/") {
				t.Errorf("%s leads to %s", name, at)
			}
		}
		if strings.Contains(page, "<img") || strings.Contains(page, "<script") || strings.Contains(page, "src=") {
			t.Errorf("%s loads something", name)
		}
	}
}

// squeezed leaves out what separates.
func squeezed(text string) string {
	return regexp.MustCompile(`[\s\x{a0}·.]+`).ReplaceAllString(text, " ")
}

// saidBy is every piece of text that a page shows, and every address it leads to.
func saidBy(t *testing.T, page string) (said, links []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "head" || n.Data == "style") {
			return
		}
		if n.Type == html.ElementNode && n.Data == "a" {
			for _, a := range n.Attr {
				if a.Key == "href" {
					links = append(links, a.Val)
				}
			}
		}
		if n.Type == html.TextNode {
			s := strings.TrimSpace(squeezed(n.Data))
			if s != "" && s != "or" && s != "stop this letter" { // the foot is two lines in the text
				said = append(said, s)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return said, links
}

func TestAPageOfTheLongestRowsStaysSmall(t *testing.T) {
	t.Parallel()
	f := fullWeek()
	long := strings.Repeat("Überlanges Wörterverzeichnis & ", 16)
	for n := range f.Decide.Items {
		f.Decide.Items[n].Title = long
	}
	for n := range 40 {
		i := seen(incident.ID(1000+n), long, incident.SEV1, fmt.Sprint("a-service-with-a-name-", n), ago(2))
		f.Untold.Items, f.NoCause.Items = append(f.Untold.Items, i), append(f.NoCause.Items, i)
	}
	_, _, page, err := Letter(t.Context(), digest.NewLetter(f))
	if err != nil || len(page) > 100_000 {
		t.Errorf("%d bytes, %v", len(page), err)
	}
}
