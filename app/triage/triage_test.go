package triage

import (
	"slices"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/incident"
)

const (
	nobody catalog.TeamID = iota
	payments
	network
	booking
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// hours after monday.
func hours(n int) time.Time { return monday.Add(time.Duration(n) * time.Hour) }

func passed(from, to catalog.TeamID, at time.Time) HandOff {
	return HandOff{From: from, To: to, Reason: "not ours", At: at}
}

func TestWhoAnswersForAnIncident(t *testing.T) {
	t.Parallel()
	twice := []HandOff{passed(payments, network, hours(2)), passed(network, payments, hours(30))}
	gateway := catalog.Service{Slug: "card-gateway", Builder: payments, OnCall: network}
	for name, c := range map[string]struct {
		handOffs []HandOff
		accepted Acceptance
		class    incident.Class
		services []catalog.Service
		now      time.Time
		want     Standing
	}{
		"just reported: nobody, and that is early": {
			now: hours(1), want: Standing{Since: monday},
		},
		"accepted: that team, since then": {
			accepted: Acceptance{Team: payments, At: hours(3)}, now: hours(100), want: Standing{Team: payments, Since: hours(3)},
		},
		"handed over after it was accepted: nobody": {
			accepted: Acceptance{Team: payments, At: hours(1)}, handOffs: []HandOff{passed(payments, network, hours(5))}, now: hours(6),
			want: Standing{Since: hours(5), Passed: 1},
		},
		"accepted by the other team": {
			handOffs: []HandOff{passed(payments, network, hours(5))}, accepted: Acceptance{Team: network, At: hours(6), Passed: 1}, now: hours(99),
			want: Standing{Team: network, Since: hours(6), Passed: 1},
		},
		"accepted and handed over in the same moment": {
			accepted: Acceptance{Team: payments, At: hours(5)}, handOffs: []HandOff{passed(payments, network, hours(5))}, now: hours(5),
			want: Standing{Since: hours(5), Passed: 1},
		},
		"two hand-offs and 48 h without acceptance": {
			handOffs: twice, class: incident.Application, services: []catalog.Service{gateway}, now: hours(48),
			want: Standing{Since: monday, Passed: 2, Overdue: true, Provisional: payments, Because: "builds the service"},
		},
		"a minute less": {
			handOffs: twice, class: incident.Application, services: []catalog.Service{gateway}, now: hours(48).Add(-time.Minute),
			want: Standing{Since: monday, Passed: 2},
		},
		"passed on after an acceptance, the clock begins with that hand-off": {
			handOffs: []HandOff{passed(booking, payments, hours(1)), passed(payments, network, hours(10)), passed(network, booking, hours(50))},
			accepted: Acceptance{Team: payments, At: hours(2), Passed: 1}, services: []catalog.Service{gateway}, now: hours(58),
			want: Standing{Since: hours(10), Passed: 3, Overdue: true, Provisional: payments, Because: "builds the service"},
		},
		"of infrastructure it is whoever answers at night": {
			class: incident.Infrastructure, services: []catalog.Service{gateway}, now: hours(60),
			want: Standing{Since: monday, Overdue: true, Provisional: network, Because: "answers at 2 a.m."},
		},
		"of unknown class it is the builder": {
			class: incident.UnknownClass, services: []catalog.Service{gateway}, now: hours(60),
			want: Standing{Since: monday, Overdue: true, Provisional: payments, Because: "builds the service"},
		},
		"nobody builds it: whoever answers at night": {
			class: incident.Application, services: []catalog.Service{{OnCall: network}}, now: hours(60),
			want: Standing{Since: monday, Overdue: true, Provisional: network, Because: "answers at 2 a.m."},
		},
		"infrastructure that nobody answers for at night: the builder": {
			class: incident.Infrastructure, services: []catalog.Service{{Builder: booking}}, now: hours(60),
			want: Standing{Since: monday, Overdue: true, Provisional: booking, Because: "builds the service"},
		},
		"of several services the first that somebody builds": {
			class: incident.Application, services: []catalog.Service{{OnCall: network}, gateway}, now: hours(60),
			want: Standing{Since: monday, Overdue: true, Provisional: payments, Because: "builds the service"},
		},
		"no service: nobody at all": {
			now: hours(60), want: Standing{Since: monday, Overdue: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Accountability(monday, c.handOffs, c.accepted, c.class, c.services, c.now); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestStepsOfTriage(t *testing.T) {
	t.Parallel()
	accept := func(team catalog.TeamID) func(*Triage) error {
		return func(x *Triage) error { return x.Accept(team, "Ada", hours(1)) }
	}
	handOver := func(from, to catalog.TeamID, reason string) func(*Triage) error {
		return func(x *Triage) error {
			return x.HandOver(HandOff{From: from, To: to, Reason: reason, By: "Ada", At: hours(2)})
		}
	}
	judge := func(class string) func(*Triage) error {
		return func(x *Triage) error { return x.Judge(class, "Ada", hours(3)) }
	}
	type steps []func(*Triage) error
	for name, c := range map[string]struct {
		steps   steps
		refused fault.Kind // of the last step; 0: none
		team    catalog.TeamID
		to      catalog.TeamID
		from    catalog.TeamID
		first   string
		latest  string
		by      catalog.TeamID
	}{
		"nothing yet":                              {},
		"accepted":                                 {steps: steps{accept(payments)}, team: payments, by: payments},
		"accepted twice":                           {steps: steps{accept(payments), accept(payments)}, refused: fault.Conflict, team: payments, by: payments},
		"accepted by nobody":                       {steps: steps{accept(nobody)}, refused: fault.Invalid},
		"another must not take it":                 {steps: steps{accept(payments), accept(network)}, refused: fault.Conflict, team: payments, by: payments},
		"handed over":                              {steps: steps{accept(payments), handOver(nobody, network, "a cable")}, to: network, from: payments, by: payments},
		"handed over before it was accepted":       {steps: steps{handOver(payments, network, "a cable")}, to: network, from: payments, by: payments},
		"handed on by whoever got it":              {steps: steps{handOver(payments, network, "a cable"), handOver(nobody, booking, "no cable")}, to: booking, from: network, by: payments},
		"handed elsewhere by whoever passed it on": {steps: steps{handOver(payments, network, "a cable"), handOver(payments, booking, "no cable")}, to: booking, from: payments, by: payments},
		"to whoever was handed it":                 {steps: steps{handOver(payments, network, "a cable"), handOver(payments, network, "a cable")}, refused: fault.Invalid, to: network, from: payments, by: payments},
		"without a reason":                         {steps: steps{handOver(payments, network, "  ")}, refused: fault.Invalid},
		"to itself":                                {steps: steps{accept(payments), handOver(nobody, payments, "why not")}, refused: fault.Invalid, team: payments, by: payments},
		"to nobody":                                {steps: steps{accept(payments), handOver(nobody, nobody, "why not")}, refused: fault.Invalid, team: payments, by: payments},
		"taken back by a third":                    {steps: steps{handOver(payments, network, "a cable"), accept(booking)}, team: booking, by: payments},
		"judged":                                   {steps: steps{judge("code")}, first: "code", latest: "code"},
		"judged again":                             {steps: steps{judge("code"), judge("data"), judge("configuration")}, first: "code", latest: "configuration"},
		"judged again as at first":                 {steps: steps{judge("code"), judge("data"), judge("code")}, first: "code", latest: "code"},
		"judged as what nobody knows":              {steps: steps{judge("gremlins")}, refused: fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var x Triage
			for n, step := range c.steps {
				err := step(&x)
				if last := n == len(c.steps)-1; !last && err != nil {
					t.Fatal(err)
				} else if last && (err != nil) != (c.refused != 0) || err != nil && !fault.Is(err, c.refused) {
					t.Errorf("the last step: %v", err)
				}
			}
			if x.Accountable() != c.team || x.Offered().To != c.to || x.Offered().From != c.from || x.TriagedBy != c.by {
				t.Errorf("accountable %d, offered %+v, first by %d", x.Accountable(), x.Offered(), x.TriagedBy)
			}
			if x.First.Class != c.first || x.Judgement().Class != c.latest {
				t.Errorf("first %q, latest %q", x.First.Class, x.Judgement().Class)
			}
		})
	}
}

func TestHowAnIncidentWaits(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	begun := func(change func(i *incident.Incident)) incident.Incident {
		i := incident.New("Slow", monday.Add(-day))
		i.CreatedAt = monday
		change(&i)
		return i
	}
	for name, c := range map[string]struct {
		incident incident.Incident
		triage   Triage
		waits    bool
		want     Waiting
	}{
		"open":      {begun(func(*incident.Incident) {}), Triage{}, true, Waiting{Since: monday, Until: forEver}},
		"mitigated": {begun(func(i *incident.Incident) { i.Status = incident.Mitigated }), Triage{}, true, Waiting{Since: monday, Until: forEver}},
		"resolved": {begun(func(i *incident.Incident) {
			i.Status, i.Moments.ResolvedAt = incident.Resolved, monday
		}), Triage{}, true, Waiting{Since: monday, Until: monday.Add(7 * day)}},
		"closed, and nobody noted when it ended": {begun(func(i *incident.Incident) { i.Status = incident.Closed }), Triage{}, true, Waiting{Since: monday, Until: monday.Add(6 * day)}},
		"declared later than reported":           {begun(func(i *incident.Incident) { i.Moments.DeclaredAt = hours(2) }), Triage{}, true, Waiting{Since: hours(2), Until: forEver}},
		"declared long before it came here":      {begun(func(i *incident.Incident) { i.Moments.DeclaredAt = monday.Add(-day) }), Triage{}, true, Waiting{Since: monday, Until: forEver}},
		"a drill":                                {begun(func(i *incident.Incident) { i.Kind = incident.Drill }), Triage{}, false, Waiting{}},
		"merged":                                 {begun(func(i *incident.Incident) { i.MergedInto = 1 }), Triage{}, false, Waiting{}},
		"accepted":                               {begun(func(*incident.Incident) {}), Triage{Accepted: Acceptance{Team: payments, At: monday}}, false, Waiting{}},
		"handed over": {
			begun(func(*incident.Incident) {}),
			Triage{Accepted: Acceptance{Team: payments, At: monday}, HandOffs: []HandOff{passed(payments, network, hours(4))}},
			true,
			Waiting{Since: hours(4), Until: forEver, Passed: 1, To: network, From: payments},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, waits := WaitingOf(c.incident, c.triage); waits != c.waits || got != c.want {
				t.Errorf("%v, %+v; want %v, %+v", waits, got, c.waits, c.want)
			}
		})
	}
}

func TestWhatTheCauseTurnedOutToBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		later string
		noted Noted
		want  string
	}{
		"nobody knows":                         {"", Noted{}, ""},
		"a person judged again":                {"data", Noted{}, "data"},
		"a factor is noted":                    {"data", Noted{Factor: "code"}, "code"},
		"the confirmed cause counts most":      {"data", Noted{Cause: "configuration", Factor: "code"}, "configuration"},
		"a cause of unknown class says little": {"data", Noted{Cause: "unknown", Factor: "unknown"}, "data"},
		"judged as unknown":                    {"unknown", Noted{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := Triage{First: Judged{Class: "code"}, Later: Judged{Class: c.later}, Noted: c.noted}
			if got, _ := x.Final(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestHowOftenTheFirstJudgementWasRight(t *testing.T) {
	t.Parallel()
	got := Confuse([]Outcome{
		{"configuration", "configuration"}, {"configuration", "code"}, {"configuration", "code"}, {"unknown", "capacity"}, {"code", ""}, {"", "code"},
	})
	if got.N != 4 || got.Right != 1 || got.Open != 1 || !slices.Equal(got.Classes, []string{"configuration", "code", "capacity"}) {
		t.Errorf("%+v", got)
	}
	want := []Row{{"configuration", []int{1, 2, 0}}, {"unknown", []int{0, 0, 1}}}
	if !slices.EqualFunc(got.Rows, want, func(a, b Row) bool { return a.First == b.First && slices.Equal(a.Counts, b.Counts) }) {
		t.Errorf("rows %+v", got.Rows)
	}
	if none := Confuse(nil); none.N != 0 || none.Rows != nil || len(none.Classes) != 0 {
		t.Errorf("of nothing: %+v", none)
	}
}
