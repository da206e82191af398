package incident

import (
	"testing"
	"time"
)

// at is a moment of the night of 23 November 2026.
func at(text string) time.Time {
	t, err := time.Parse("2 Jan 15:04", text)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 0, 0)
}

func TestEarliest(t *testing.T) {
	t.Parallel()
	ticket, page := Telling{at("24 Nov 09:40"), ByTicket}, Telling{at("24 Nov 11:00"), ByPage}
	cases := map[string]struct {
		all  []Telling
		want Telling
	}{
		"nobody was told":                        {nil, Telling{}},
		"one channel":                            {[]Telling{ticket}, ticket},
		"a later page does not change it":        {[]Telling{ticket, page}, ticket},
		"an earlier moment known later replaces": {[]Telling{page, ticket}, ticket},
		"at the same moment a page says most":    {[]Telling{{ticket.At, ByHand}, {ticket.At, ByTicket}, {ticket.At, ByPage}}, Telling{ticket.At, ByPage}},
		"no moment tells nobody":                 {[]Telling{{By: ByPage}, ticket}, ticket},
		"no channel tells nobody":                {[]Telling{{At: at("23 Nov 08:00")}, ticket}, ticket},
		"a word that is no channel tells nobody": {[]Telling{{at("23 Nov 08:00"), "rumour"}}, Telling{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Earliest(c.all...); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestATicketThreeAndThirtyHoursLater(t *testing.T) {
	t.Parallel()
	i := New("Seat map loads without prices", at("23 Nov 00:05"))
	i.Moments.DetectedAt = at("23 Nov 00:10")
	if !i.Learn(Telling{at("24 Nov 09:40"), ByTicket}) || i.Learn(Telling{at("24 Nov 10:15"), ByPage}) {
		t.Error("the ticket is the first to tell, and the later page is not")
	}
	if wait := i.Told().At.Sub(i.Detected()); wait != 120_600*time.Second || i.NotifiedBy != ByTicket {
		t.Errorf("%s by %s, want 33 h 30 min by a ticket", wait, i.NotifiedBy)
	}
	if !i.Learn(Telling{at("23 Nov 00:12"), ByPage}) || i.NotifiedBy != ByPage {
		t.Error("a page at 00:12 that becomes known later is the first")
	}
}

func TestAsksToTell(t *testing.T) {
	t.Parallel()
	now := at("23 Nov 10:00")
	cases := map[string]struct {
		change func(*Incident)
		want   bool
	}{
		"significant, detected just now":       {func(*Incident) {}, true},
		"not significant":                      {func(i *Incident) { i.Standing.Significant = false }, false},
		"a drill":                              {func(i *Incident) { i.Kind = Drill }, false},
		"merged into another":                  {func(i *Incident) { i.MergedInto = 7 }, false},
		"developers know":                      {func(i *Incident) { i.Learn(Telling{now, ByHand}) }, false},
		"detected a day ago":                   {func(i *Incident) { i.Moments.DetectedAt = now.Add(-TellWithin) }, false},
		"of an import of the past":             {func(i *Incident) { i.Moments = Moments{StartedAt: now.AddDate(-1, 0, 0)} }, false},
		"began long ago, but noticed just now": {func(i *Incident) { i.Moments.StartedAt = now.AddDate(0, 0, -9) }, true},
		"over already":                         {func(i *Incident) { i.Status = Resolved }, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := New("Payment page times out", now.Add(-time.Minute))
			i.Moments.DetectedAt = now.Add(-time.Minute)
			i.Standing.Significant = true
			c.change(&i)
			if got := i.AsksToTell(now); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestJoinedNow(t *testing.T) {
	t.Parallel()
	dev, ops := Participant{"Mira", "development"}, Participant{"Ole", "operations"}
	cases := map[string]struct {
		status        Status
		before, after []Participant
		want          bool
	}{
		"a developer joins":            {Open, []Participant{ops}, []Participant{ops, dev}, true},
		"somebody of operations joins": {Open, nil, []Participant{ops}, false},
		"they were there before":       {Open, []Participant{dev}, []Participant{dev, ops}, false},
		"while it is mitigated":        {Mitigated, nil, []Participant{dev}, true},
		"noted when it was over":       {Resolved, nil, []Participant{dev}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := joinedNow(Incident{Participants: c.before}, Incident{Status: c.status, Participants: c.after}); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
