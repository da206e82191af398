package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/internal/testneed"
	"upshot/store"
	"upshot/store/storetest"
)

// report is a bug report of a labelled set: {id, title, text, created, duplicate_of}, the earliest of a group without duplicate_of.
type report struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Text        string    `json:"text"`
	Created     time.Time `json:"created"`
	DuplicateOf *string   `json:"duplicate_of"`
}

func (r report) group() string {
	if r.DuplicateOf != nil {
		return *r.DuplicateOf
	}
	return r.ID
}

type guess struct {
	ID    string  `json:"id"`
	Score float64 `json:"score"`
}

type prediction struct {
	ID          string  `json:"id"`
	Suggestions []guess `json:"suggestions"`
}

// Reports come in one after the other, as people and alerts send them, and each is asked for its likely earlier ones. The set is no part
// of the project: UPSHOT_DEDUP_SET names such a file, else it is one that lies beside the project. UPSHOT_DEDUP_PREDICTIONS names a file to write the suggestions to.
func TestLikelyEarlierIncidentsOfALabelledSet(t *testing.T) {
	t.Parallel()
	path := os.Getenv("UPSHOT_DEDUP_SET")
	if path == "" {
		path = filepath.Join(testneed.Shared(t, "dedup"), "dev.jsonl")
	}
	reports := readLines[report](t, path)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		predictions := suggestFor(t, s, reports)
		if to := os.Getenv("UPSHOT_DEDUP_PREDICTIONS"); to != "" {
			writePredictions(t, filepath.Join(to, filepath.Base(t.Name())+".jsonl"), predictions)
		}
		recall, mrr := measure(reports, predictions)
		t.Logf("%d reports: recall@5 %.3f, MRR %.3f", len(reports), recall, mrr)
		if recall < 0.90 || mrr < 0.75 {
			t.Errorf("recall@5 %.3f and MRR %.3f; want 0.90 and 0.75", recall, mrr)
		}
	})
}

func suggestFor(t *testing.T, s *store.Store, reports []report) []prediction {
	t.Helper()
	predictions := make([]prediction, len(reports))
	for n, r := range reports {
		i := incident.New(r.Title, r.Created)
		i.Summary, i.CreatedAt = r.Text, r.Created
		i = saved(t, s, i)
		if n%10 == 0 { // it need not be up to date
			index(t, s)
		}
		likely, err := s.Similar(t.Context(), ada, i, problem.MaxLikely)
		if err != nil {
			t.Fatal(err)
		}
		predictions[n] = prediction{ID: r.ID, Suggestions: []guess{}}
		for _, l := range likely {
			predictions[n].Suggestions = append(predictions[n].Suggestions, guess{reports[l.Incident-1].ID, l.Score})
		}
	}
	return predictions
}

// measure gives the share of duplicates with a right suggestion among the first five, and the mean reciprocal rank of the first right one
// among ten.
func measure(reports []report, predictions []prediction) (recall, mrr float64) {
	group := map[string]string{}
	for _, r := range reports {
		group[r.ID] = r.group()
	}
	duplicates := 0.0
	for n, r := range reports {
		if r.DuplicateOf == nil {
			continue
		}
		duplicates++
		for k, g := range predictions[n].Suggestions {
			if group[g.ID] == r.group() {
				mrr += 1 / float64(k+1)
				if k < 5 {
					recall++
				}
				break
			}
		}
	}
	return recall / duplicates, mrr / duplicates
}

func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var all []T
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one T
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// index brings the index of words up to date.
func index(t testing.TB, s *store.Store) {
	t.Helper()
	if _, err := s.IndexTexts(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func writePredictions(t *testing.T, path string, all []prediction) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := json.NewEncoder(file)
	for _, p := range all {
		if err := out.Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// status is an incident of a public status page, where many bear one title.
type status struct {
	Title     string    `json:"title"`
	Summary   string    `json:"summary"`
	StartedAt time.Time `json:"started_at"`
}

// A title that everybody writes is no identity. UPSHOT_STATUS_HISTORY names a file of lines {title, summary, started_at} such as status
// pages keep, where the commonest titles stand for dozens of unrelated incidents.
func TestACommonTitleOfARealHistoryPullsNothingTogether(t *testing.T) {
	t.Parallel()
	path := os.Getenv("UPSHOT_STATUS_HISTORY")
	if path == "" {
		path = filepath.Join(testneed.Shared(t, "incidents"), "github_status_2022_2023.jsonl")
	}
	s := storetest.Open(t)
	titles := map[string]int{}
	for _, h := range readLines[status](t, path) {
		titles[h.Title]++
		i := incident.New(h.Title, h.StartedAt)
		i.Summary = h.Summary
		saved(t, s, i)
	}
	index(t, s)
	for title, n := range titles {
		if n < 25 {
			continue
		}
		likely, err := s.Similar(t.Context(), ada, incident.New(title, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), problem.MaxLikely)
		if err != nil || len(likely) > 0 {
			t.Errorf("%q, which %d bear, suggests %v (%v)", title, n, likely, err)
		}
	}
}

func TestUnderACommonTitleTheSummaryDecides(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		happened := []string{
			"Certificate of the mail relay expired", "Nightly export filled the disk", "Replica of vouchers lags behind", "Load balancer drops websockets",
			"Search shards rebalance for ever", "Queue consumers deadlock", "Price feed answers slowly", "Session cache evicts everything",
		}
		var ids []incident.ID
		for n := range 104 {
			i := incident.New("Incident with Actions", morning.AddDate(0, 0, n))
			i.Summary = happened[n%len(happened)]
			if n >= len(happened) {
				i.Summary = fmt.Sprintf("Something of kind %c%c broke in %c%c", 'a'+n%26, 'b'+n/26, 'k'+n%13, 'c'+n/13)
			}
			ids = append(ids, saved(t, s, i).ID)
		}
		index(t, s)
		asked := incident.New("Incident with Actions", morning.AddDate(1, 0, 0))
		if likely, err := s.Similar(t.Context(), ada, asked, 5); err != nil || len(likely) > 0 {
			t.Errorf("the title alone suggests %v (%v)", likely, err)
		}
		asked.Summary = "Vouchers are rejected, the replica is lagging"
		likely, err := s.Similar(t.Context(), ada, asked, 5)
		if err != nil || len(likely) != 1 || likely[0].Incident != ids[2] {
			t.Errorf("its summary suggests %v (%v), want %v alone", likely, err, ids[2])
		}
	})
}

// The list that comes from the database is the one that the plain definition gives over all incidents, however it was written: at once, in
// parts, changed since, or not indexed yet.
func TestTheIndexGivesWhatThePlainDefinitionGives(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := rand.New(rand.NewPCG(7, 8))
		word := func() string { return fmt.Sprintf("w%c%c", 'a'+r.IntN(1+r.IntN(20)), 'b'+r.IntN(3)) }
		sentence := func(n int) string {
			words := make([]string, n)
			for n := range words {
				words[n] = word()
			}
			return strings.Join(words, " ")
		}
		h := newHouse(s)
		addService(t, s, "checkout", 0, 0)
		addService(t, s, "billing", 0, 0)
		var all []incident.Incident
		for n := range 60 {
			i := incident.New(sentence(1+r.IntN(4)), morning.Add(-time.Duration(r.IntN(1000))*time.Hour))
			i.Summary = sentence(r.IntN(9))
			i.Services = [][]string{nil, {"checkout"}, {"billing", "checkout"}}[r.IntN(3)]
			if r.IntN(6) == 0 {
				i.Source, i.GroupKey = "alerts", word()
			}
			i = saved(t, s, i)
			all = append(all, i)
			if r.IntN(4) == 0 {
				if _, err := h.notes.Add(t.Context(), ada, rootcause.Note{Incident: i.ID, Kind: rootcause.Cause, CauseClass: "capacity", Body: sentence(4)}); err != nil {
					t.Fatal(err)
				}
			}
			if n%7 == 0 {
				index(t, s)
			}
			if changed := all[r.IntN(len(all))]; n%5 == 0 {
				if _, err := h.incidents.Edit(t.Context(), ada, changed.ID, 0, func(i *incident.Incident) error { i.Title = sentence(3); return nil }); err != nil {
					t.Fatal(err)
				}
			}
		}
		index(t, s)
		plain := plainOf(t, s, all)
		for _, i := range all {
			want := plain.likely(i.ID)
			for _, pending := range []bool{false, true} {
				if pending && i.ID%9 == 0 { // the index says nothing of it meanwhile
					inTx(t, s, func(ctx context.Context) error { return s.MarkText(ctx, int64(all[3].ID)) })
				}
				i, err := s.Incident(t.Context(), ada, i.ID)
				if err != nil {
					t.Fatal(err)
				}
				got, err := s.Similar(t.Context(), ada, i, problem.MaxLikely)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("%v (pending: %v): %v\ngot  %v\nwant %v", i.ID, pending, err, got, want)
				}
			}
		}
	})
}

// plain is the definition of likeness over incidents in memory.
type plain struct {
	v          *problem.Vocabulary
	candidates []problem.Candidate
}

func plainOf(t *testing.T, s *store.Store, all []incident.Incident) plain {
	t.Helper()
	p := plain{v: problem.NewVocabulary(len(all))}
	terms, bearers := map[string]problem.Term{}, map[string]int{}
	said := make([][]problem.Mentions, len(all))
	for n := range all {
		i, err := s.Incident(t.Context(), ada, all[n].ID)
		if err != nil {
			t.Fatal(err)
		}
		notes, err := s.NotesOfIncident(t.Context(), ada, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		c := problem.Candidate{
			Incident: i.ID, Problem: i.Problem, StartedAt: i.Moments.StartedAt, Services: i.Services, Source: i.Source, GroupKey: i.GroupKey,
		}
		text := problem.Text{Title: i.Title, Summary: i.Summary}
		for _, note := range notes {
			text.Notes = append(text.Notes, note.Body)
			c.CauseClass = note.CauseClass
		}
		said[n] = problem.MentionsOf(text)
		for _, m := range said[n] {
			bearers[m.Word]++
			if terms[m.Word] == 0 {
				terms[m.Word] = problem.Term(len(terms) + 1)
			}
		}
		p.candidates = append(p.candidates, c)
	}
	for word, term := range terms {
		p.v.Learn(term, word, bearers[word])
	}
	for n := range p.candidates {
		p.candidates[n].Mentions = p.v.Mentions(said[n])
	}
	return p
}

func (p plain) likely(id incident.ID) []problem.Suggestion {
	n := slices.IndexFunc(p.candidates, func(c problem.Candidate) bool { return c.Incident == id })
	return problem.Likely(p.candidates[n], p.candidates, p.v, func(problem.IncidentID) bool { return false }, problem.MaxLikely)
}
