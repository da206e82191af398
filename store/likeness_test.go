package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
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
// of the project: UPSHOT_DEDUP_SET names such a file. UPSHOT_DEDUP_PREDICTIONS names a file to write the suggestions to.
func TestLikelyEarlierIncidentsOfALabelledSet(t *testing.T) {
	t.Parallel()
	path := os.Getenv("UPSHOT_DEDUP_SET")
	if path == "" {
		t.Skip("UPSHOT_DEDUP_SET names no labelled set of reports: likeness is not measured")
	}
	reports := readReports(t, path)
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
			if _, err := s.IndexTexts(t.Context()); err != nil {
				t.Fatal(err)
			}
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

func readReports(t *testing.T, path string) []report {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var reports []report
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return reports
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

var _ = context.Background
