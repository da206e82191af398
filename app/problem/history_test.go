package problem

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

var day0 = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

const oneDay = 24 * time.Hour

// over is a member that began so long after day0 and lasted that long.
func over(id IncidentID, after, lasted time.Duration) Member {
	at := day0.Add(after)
	return Member{Incident: id, StartedAt: at, DetectedAt: at, RestoredAt: at.Add(lasted), Impact: lasted, EndedBy: "code"}
}

func ongoing(id IncidentID, after time.Duration) Member {
	at := day0.Add(after)
	return Member{Incident: id, StartedAt: at, DetectedAt: at, Ongoing: true}
}

func endUnknown(id IncidentID, after time.Duration) Member {
	m := ongoing(id, after)
	m.Ongoing = false
	return m
}

func detected(m Member, after time.Duration) Member {
	m.DetectedAt = day0.Add(after)
	return m
}

func by(m Member, ending string) Member {
	m.EndedBy = ending
	return m
}

func TestHistory(t *testing.T) {
	t.Parallel()
	type occurrence struct {
		incidents []IncidentID
		impact    time.Duration
		recurs    bool
	}
	now := day0.Add(400 * oneDay)
	cases := map[string]struct {
		members []Member
		want    []occurrence
	}{
		"nothing happened": {},
		"once is no recurrence": {
			[]Member{over(1, 0, time.Hour)},
			[]occurrence{{[]IncidentID{1}, time.Hour, false}},
		},
		"29 minutes later is the same occurrence": {
			[]Member{over(1, 0, time.Hour), over(2, time.Hour+29*time.Minute, time.Hour)},
			[]occurrence{{[]IncidentID{1, 2}, 2 * time.Hour, false}},
		},
		"exactly 30 minutes later is another": {
			[]Member{over(1, 0, time.Hour), over(2, time.Hour+30*time.Minute, time.Hour)},
			[]occurrence{{[]IncidentID{1}, time.Hour, false}, {[]IncidentID{2}, time.Hour, true}},
		},
		"overlapping is the same, and impact is summed": {
			[]Member{over(1, 0, 3*time.Hour), over(2, time.Hour, time.Hour)},
			[]occurrence{{[]IncidentID{1, 2}, 4 * time.Hour, false}},
		},
		"a short one inside does not end a long one": {
			[]Member{over(1, 0, 5*time.Hour), over(2, time.Hour, time.Minute), over(3, 5*time.Hour+time.Minute, time.Hour)},
			[]occurrence{{[]IncidentID{1, 2, 3}, 6*time.Hour + time.Minute, false}},
		},
		"gaps of 20 minutes, 5, 89 and 91 days are two recurrences": {
			[]Member{
				over(1, 0, 0), over(2, 20*time.Minute, 0), over(3, 20*time.Minute+5*oneDay, 0),
				over(4, 20*time.Minute+94*oneDay, 0), over(5, 20*time.Minute+185*oneDay, 0),
			},
			[]occurrence{{[]IncidentID{1, 2}, 0, false}, {[]IncidentID{3}, 0, true}, {[]IncidentID{4}, 0, true}, {[]IncidentID{5}, 0, false}},
		},
		"exactly 90 days from restored to detected recurs": {
			[]Member{over(1, 0, time.Hour), over(2, 90*oneDay+time.Hour, time.Hour)},
			[]occurrence{{[]IncidentID{1}, time.Hour, false}, {[]IncidentID{2}, time.Hour, true}},
		},
		"found too late to be a recurrence, though it began in time": {
			[]Member{over(1, 0, time.Hour), detected(over(2, 89*oneDay, 5*oneDay), 92*oneDay)},
			[]occurrence{{[]IncidentID{1}, time.Hour, false}, {[]IncidentID{2}, 5 * oneDay, false}},
		},
		"an end nobody knows counts by the start": {
			[]Member{endUnknown(1, 0), over(2, 89*oneDay, 0), endUnknown(3, 100*oneDay), over(4, 191*oneDay, 0)},
			[]occurrence{{[]IncidentID{1}, 0, false}, {[]IncidentID{2}, 0, true}, {[]IncidentID{3}, 0, true}, {[]IncidentID{4}, 0, false}},
		},
		"what goes on takes in all that begins meanwhile": {
			[]Member{ongoing(1, 399*oneDay), over(2, 399*oneDay+5*time.Hour, time.Hour)},
			[]occurrence{{[]IncidentID{1, 2}, 25 * time.Hour, false}},
		},
		"one that is open and yet restored is over": {
			[]Member{{Incident: 1, StartedAt: day0, DetectedAt: day0, RestoredAt: day0.Add(time.Hour), Impact: time.Hour, Ongoing: true}, over(2, 2*time.Hour, time.Hour)},
			[]occurrence{{[]IncidentID{1}, time.Hour, false}, {[]IncidentID{2}, time.Hour, true}},
		},
		"reopened and going on: earlier segments and the present one": {
			[]Member{{Incident: 1, StartedAt: now.Add(-3 * time.Hour), DetectedAt: now, Impact: time.Hour, PresentAt: now.Add(-time.Hour), Ongoing: true}},
			[]occurrence{{[]IncidentID{1}, 2 * time.Hour, false}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slices.Reverse(c.members)
			var got []occurrence
			for _, o := range History(c.members, FlapWindow, RecurrenceWindow, now) {
				var incidents []IncidentID
				for _, m := range o.Members {
					incidents = append(incidents, m.Incident)
				}
				got = append(got, occurrence{incidents, o.Impact, o.Recurs})
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

func TestOccurrenceMoments(t *testing.T) {
	t.Parallel()
	now := day0.Add(10 * oneDay)
	at := day0.Add
	cases := map[string]struct {
		members            []Member
		detected, restored time.Time
		endedBy            string
	}{
		"detected is the earliest, restored the latest": {
			[]Member{detected(by(over(1, 0, 3*time.Hour), "rollback"), time.Hour), detected(over(2, time.Minute, time.Hour), 2*time.Minute)},
			at(2 * time.Minute), at(3 * time.Hour), "rollback",
		},
		"nobody knows when the last one ended": {
			[]Member{over(1, 0, time.Hour), endUnknown(2, time.Hour+time.Minute)},
			at(0),
			time.Time{},
			"",
		},
		"one without an end inside another's time changes nothing": {
			[]Member{over(1, 0, time.Hour), endUnknown(2, time.Minute)},
			at(0), at(time.Hour), "code",
		},
		"an end before the start is unknown": {
			[]Member{over(1, 0, -time.Hour)},
			at(0),
			time.Time{},
			"code",
		},
		"it goes on": {
			[]Member{ongoing(1, 9*oneDay), over(2, 9*oneDay, time.Hour)},
			at(9 * oneDay),
			time.Time{},
			"",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := History(c.members, FlapWindow, RecurrenceWindow, now)
			if len(history) != 1 {
				t.Fatalf("got %d occurrences, want one", len(history))
			}
			o := history[0]
			if !o.DetectedAt.Equal(c.detected) || !o.RestoredAt.Equal(c.restored) || o.EndedBy != c.endedBy {
				t.Errorf("got detected %v, restored %v, ended by %q", o.DetectedAt, o.RestoredAt, o.EndedBy)
			}
		})
	}
}

func TestWindowWithoutLimit(t *testing.T) {
	t.Parallel()
	history := History([]Member{over(1, 0, time.Hour), over(2, 3000*oneDay, time.Hour)}, FlapWindow, NoLimit, day0.Add(4000*oneDay))
	if !history[1].Recurs {
		t.Error("eight years later is a recurrence when the window has no limit")
	}
}

// someMembers are incidents of which some flap, some overlap and some have no end.
func someMembers(r *rand.Rand) []Member {
	members := make([]Member, r.IntN(30))
	for n := range members {
		m := over(IncidentID(n+1), time.Duration(r.IntN(20_000))*time.Minute, time.Duration(r.IntN(400))*time.Minute)
		m.HandsOn = time.Duration(r.IntN(60)) * time.Minute
		switch r.IntN(10) {
		case 0:
			m = endUnknown(m.Incident, m.StartedAt.Sub(day0))
		case 1:
			m = ongoing(m.Incident, m.StartedAt.Sub(day0))
		}
		members[n] = m
	}
	return members
}

func TestHistoryDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	now := day0.Add(20 * oneDay)
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		members := someMembers(r)
		want := History(members, FlapWindow, RecurrenceWindow, now)
		r.Shuffle(len(members), func(a, b int) { members[a], members[b] = members[b], members[a] })
		if got := History(members, FlapWindow, RecurrenceWindow, now); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: another order gives another history", seed)
		}
	}
}

func TestSplitAndMergedBackIsTheSame(t *testing.T) {
	t.Parallel()
	now := day0.Add(20 * oneDay)
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		members := someMembers(r)
		want := History(members, FlapWindow, RecurrenceWindow, now)
		halves := map[bool][]Member{}
		for _, m := range members {
			side := r.IntN(2) == 0
			halves[side] = append(halves[side], m)
		}
		var back []Member
		for _, side := range []bool{true, false} {
			for _, o := range History(halves[side], FlapWindow, RecurrenceWindow, now) {
				back = append(back, o.Members...)
			}
		}
		if got := History(back, FlapWindow, RecurrenceWindow, now); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: merged back it is another history", seed)
		}
		var impact time.Duration
		incidents := 0
		for _, o := range want {
			impact += o.Impact
			incidents += len(o.Members)
		}
		if incidents != len(members) || impact != FiguresOf(want).Impact {
			t.Fatalf("seed %d: something is lost", seed)
		}
	}
}

func TestFiguresOf(t *testing.T) {
	t.Parallel()
	now := day0.Add(400 * oneDay)
	cases := map[string]struct {
		members []Member
		want    Figures
	}{
		"nothing": {want: Figures{}},
		"the latest ended by restart three times in a row": {
			[]Member{
				by(over(1, 0, time.Hour), "restart"), by(over(2, 2*oneDay, time.Hour), "code"), by(over(3, 3*oneDay, time.Hour), "restart"),
				by(over(4, 13*oneDay, time.Hour), "restart"), by(over(5, 20*oneDay, time.Hour), "restart"),
			},
			Figures{Occurrences: 5, Recurrences: 4, FirstAt: day0, LastAt: day0.Add(20 * oneDay), Impact: 5 * time.Hour, MedianGap: 108 * time.Hour, RestartStreak: 3},
		},
		"a workaround breaks the streak": {
			[]Member{by(over(1, 0, 0), "restart"), by(over(2, oneDay, 0), "workaround")},
			Figures{Occurrences: 2, Recurrences: 1, FirstAt: day0, LastAt: day0.Add(oneDay), MedianGap: oneDay},
		},
		"one that goes on is not ended by anything yet": {
			[]Member{by(over(1, 0, 0), "restart"), ongoing(2, 399*oneDay)},
			Figures{Occurrences: 2, FirstAt: day0, LastAt: day0.Add(399 * oneDay), Impact: oneDay, MedianGap: 399 * oneDay, RestartStreak: 1},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := FiguresOf(History(c.members, FlapWindow, RecurrenceWindow, now)); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
