package intake

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/incident"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const flap = 30 * time.Minute

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func mark(k MarkKind, minutes int, member ...string) Mark {
	return Mark{Kind: k, At: at(minutes), Member: strings.Join(member, "")}
}

// told prints occurrences as "0-5, 10-… acked 3 | 60-61".
func told(all []Occurrence) string {
	minute := func(t time.Time) string {
		if t.IsZero() {
			return "…"
		}
		return fmt.Sprint(int(t.Sub(noon).Minutes()))
	}
	var said []string
	for _, o := range all {
		var spans []string
		for _, s := range o.Spans {
			spans = append(spans, minute(s.Start)+"-"+minute(s.End))
		}
		words := strings.Join(spans, ", ")
		for _, m := range []struct {
			name string
			at   time.Time
		}{{"declared", o.DeclaredAt}, {"acked", o.AcknowledgedAt}, {"mitigated", o.MitigatedAt}} {
			if !m.at.IsZero() {
				words += " " + m.name + " " + minute(m.at)
			}
		}
		said = append(said, words)
	}
	return strings.Join(said, " | ")
}

func TestMarksBecomeOccurrences(t *testing.T) {
	for name, c := range map[string]struct {
		marks []Mark
		want  string
	}{
		"nothing said, nothing there":                           {nil, ""},
		"fired and not over":                                    {[]Mark{mark(Fired, 0)}, "0-…"},
		"fired and resolved":                                    {[]Mark{mark(Fired, 0), mark(Resolved, 5)}, "0-5"},
		"fired twice is fired once":                             {[]Mark{mark(Fired, 0), mark(Fired, 3), mark(Resolved, 5)}, "0-5"},
		"the first end counts":                                  {[]Mark{mark(Fired, 0), mark(Resolved, 5), mark(Resolved, 8)}, "0-5"},
		"again within the flap window: a second time of impact": {[]Mark{mark(Fired, 0), mark(Resolved, 5), mark(Fired, 34), mark(Resolved, 40)}, "0-5, 34-40"},
		"again at the flap window: a new one":                   {[]Mark{mark(Fired, 0), mark(Resolved, 5), mark(Fired, 35)}, "0-5 | 35-…"},
		"a group goes on while one member does": {
			[]Mark{mark(Fired, 0, "a"), mark(Fired, 2, "b"), mark(Resolved, 5, "a")}, "0-…",
		},
		"a group is over with its last member": {
			[]Mark{mark(Fired, 0, "a"), mark(Fired, 2, "b"), mark(Resolved, 5, "a"), mark(Resolved, 9, "b")}, "0-9",
		},
		"the end of the whole ends a member that never told its own": {
			[]Mark{mark(Fired, 0, "a"), mark(Fired, 2, "b"), mark(Resolved, 5, "a"), mark(Resolved, 9)}, "0-9",
		},
		"what fires after the end of the whole goes on": {
			[]Mark{mark(Fired, 0, "a"), mark(Resolved, 9), mark(Fired, 12, "b")}, "0-9, 12-…",
		},
		"the end of the whole is no time of impact beside its members": {
			[]Mark{mark(Fired, 0, "a"), mark(Resolved, 5, "a"), mark(Resolved, 5)}, "0-5",
		},
		"members one after the other touch": {
			[]Mark{mark(Fired, 0, "a"), mark(Resolved, 5, "a"), mark(Fired, 5, "b"), mark(Resolved, 9, "b")}, "0-9",
		},
		"members apart by minutes are two times of impact": {
			[]Mark{mark(Fired, 0, "a"), mark(Resolved, 5, "a"), mark(Fired, 7, "b"), mark(Resolved, 9, "b")}, "0-5, 7-9",
		},
		"a short one inside a long one changes nothing": {
			[]Mark{mark(Fired, 0, "a"), mark(Resolved, 60, "a"), mark(Fired, 10, "b"), mark(Resolved, 20, "b")}, "0-60",
		},
		"an end that nobody saw begin is there without length": {[]Mark{mark(Resolved, 5)}, "5-5"},
		"and gets its length when the beginning arrives":       {[]Mark{mark(Resolved, 5), mark(Fired, 0)}, "0-5"},
		"only acknowledged: it is there":                       {[]Mark{mark(Acknowledged, 5)}, "5-… acked 5"},
		"the earliest acknowledgement counts":                  {[]Mark{mark(Fired, 0), mark(Acknowledged, 9), mark(Acknowledged, 4)}, "0-… acked 4"},
		"an acknowledgement belongs to its own occurrence": {
			[]Mark{mark(Fired, 0), mark(Resolved, 5), mark(Acknowledged, 2), mark(Fired, 90), mark(Acknowledged, 95)}, "0-5 acked 2 | 90-… acked 95",
		},
		"mitigated before it began again says nothing now": {
			[]Mark{mark(Fired, 0), mark(Mitigated, 2), mark(Resolved, 5), mark(Fired, 10)}, "0-5, 10-…",
		},
		"mitigated while it goes on":  {[]Mark{mark(Fired, 0), mark(Mitigated, 2)}, "0-… mitigated 2"},
		"declared":                    {[]Mark{mark(Fired, 0), mark(Declared, 3)}, "0-… declared 3"},
		"over at the moment it began": {[]Mark{mark(Fired, 0), mark(Resolved, 0)}, "0-0"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(OccurrencesOf(c.marks, flap)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Whatever senders say, in whatever order it comes and however often, the same is known in the end.
func TestNeitherOrderNorRepetitionMatter(t *testing.T) {
	kinds := []MarkKind{Fired, Fired, Resolved, Acknowledged, Mitigated}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		var signals []Signal
		for range 1 + r.IntN(8) {
			s := Signal{Key: "k", Group: "g", At: at(r.IntN(200)), Look: Look{Title: fmt.Sprint("title ", r.IntN(3)), Labels: map[string]string{"a": fmt.Sprint(r.IntN(2))}}}
			for range r.IntN(4) {
				s.Marks = append(s.Marks, mark(kinds[r.IntN(len(kinds))], r.IntN(200), []string{"", "x", "y"}[r.IntN(3)]))
			}
			signals = append(signals, s)
		}
		know := func(all []Signal) Track {
			var k Track
			for _, s := range all {
				k.Take(s, at(1000))
			}
			k.LookAt = time.Time{} // a later repetition of the same look moves it
			return k
		}
		want := know(signals)
		for range 5 {
			mixed := append(slices.Clone(signals), signals[r.IntN(len(signals))])
			r.Shuffle(len(mixed), func(a, b int) { mixed[a], mixed[b] = mixed[b], mixed[a] })
			got := know(mixed)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: known %+v\nwant  %+v\nof %+v", seed, got, want, mixed)
			}
		}
	}
}

func TestATrackTakesWhatIsNewAlone(t *testing.T) {
	var k Track
	if !k.Take(Signal{Key: "k", Marks: []Mark{{Kind: Fired}}, Look: Look{Title: "t"}}, at(10)) {
		t.Error("a first firing is new")
	}
	if k.Take(Signal{Key: "k", Marks: []Mark{{Kind: Fired}}, Look: Look{Title: "t"}}, at(20)) {
		t.Error("firing on, without a moment, is nothing new")
	}
	if !k.Take(Signal{Key: "k", Marks: []Mark{{Kind: Resolved}}, Look: Look{Title: "t"}}, at(30)) {
		t.Error("an end is new")
	}
	if k.Take(Signal{Key: "k", Marks: []Mark{{Kind: Resolved}}, Look: Look{Title: "t"}}, at(40)) {
		t.Error("over as before is nothing new")
	}
	if !k.Take(Signal{Key: "k", Marks: []Mark{{Kind: Fired}}, Look: Look{Title: "t"}}, at(90)) {
		t.Error("beginning again is new")
	}
	if got := told(OccurrencesOf(k.Marks, flap)); got != "10-30 | 90-…" {
		t.Errorf("it knows %s", got)
	}
}

func TestMomentsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		marks []Mark
		want  string
	}{
		"in the future: the moment of receipt": {[]Mark{{Kind: Fired, At: at(600)}}, "100-…"},
		"year 1: the moment of receipt":        {[]Mark{{Kind: Fired, At: time.Time{}}}, "100-…"},
		"before 1990: the moment of receipt":   {[]Mark{{Kind: Fired, At: time.Unix(0, 0)}}, "100-…"},
		"an end before its beginning":          {[]Mark{mark(Fired, 10, "a"), mark(Resolved, 5, "a")}, "10-10"},
		"an end, and a beginning after it":     {[]Mark{mark(Fired, 0), mark(Resolved, 5), mark(Fired, 10)}, "0-5, 10-…"},
		"long ago":                             {[]Mark{mark(Fired, -5000000), mark(Resolved, -4999990)}, "-5000000--4999990"},
	} {
		t.Run(name, func(t *testing.T) {
			var k Track
			k.Take(Signal{Key: "k", Marks: c.marks}, at(100))
			if got := told(OccurrencesOf(k.Marks, flap)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatIsLongOverIsForgotten(t *testing.T) {
	var k Track
	week := 5 * 24 * 60 // of five days
	for n := range 5 {
		k.Take(Signal{Key: "k", Marks: []Mark{mark(Fired, n*week), mark(Resolved, n*week+10)}}, at(n*week+11))
		k.Incidents = append(k.Incidents, Kept{Incident: 1, Start: at(n * week)})
	}
	k.Forget(flap)
	if got, want := told(OccurrencesOf(k.Marks, flap)), fmt.Sprintf("%d-%d | %d-%d", 3*week, 3*week+10, 4*week, 4*week+10); got != want {
		t.Errorf("it knows %s, want %s", got, want)
	}
	if len(k.Incidents) != 2 {
		t.Errorf("%d incidents stand for it", len(k.Incidents))
	}
	if k.Take(Signal{Key: "k", Marks: []Mark{mark(Fired, 0)}}, at(5*week)) {
		t.Error("what was forgotten is not new")
	}
}

func TestIncidentsBelongToOccurrences(t *testing.T) {
	kept := func(minutes ...int) (all []Kept) {
		for n, m := range minutes {
			all = append(all, Kept{Incident: incident.ID(n + 1), Start: at(m)})
		}
		return all
	}
	spans := func(starts ...int) (all []Occurrence) {
		for _, s := range starts {
			all = append(all, Occurrence{Spans: []Span{{at(s), at(s + 5)}}})
		}
		return all
	}
	for name, c := range map[string]struct {
		all  []Occurrence
		kept []Kept
		want []int
	}{
		"the first one is to be reported":  {spans(0), nil, []int{0}},
		"it stands":                        {spans(0), kept(0), []int{1}},
		"the beginning turned out earlier": {spans(-10), kept(0), []int{1}},
		"a second one is to be reported":   {spans(0, 90), kept(0), []int{1, 0}},
		"two turned out to be one":         {spans(0), kept(0, 90), []int{2}},
		"one before the known one":         {spans(0, 90), kept(90), []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, pair := range Pair(c.all, c.kept) {
				got = append(got, len(pair))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
