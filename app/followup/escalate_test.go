package followup

import (
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/ticket"
)

var (
	highest = ticket.Named{ID: "1", Name: "Highest"}
	high    = ticket.Named{ID: "2", Name: "High"}
	medium  = ticket.Named{ID: "3", Name: "Medium"}
)

// standing is a ticket of medium priority that waits.
func standing(change func(*Standing)) Standing {
	s := Standing{Category: ticket.ToDo, Priority: medium, Priorities: []ticket.Named{highest, high, medium}}
	if change != nil {
		change(&s)
	}
	return s
}

func TestEscalate(t *testing.T) {
	t.Parallel()
	on := DefaultRule()
	on.Mode = On
	with := func(change func(*Rule)) Rule { r := on; change(&r); return r }
	cases := map[string]struct {
		rule        Rule
		waiting     bool
		recurrences int
		s           Standing
		raise       string
		propose     Proposal
		because     string
	}{
		"at the second recurrence while it waits": {on, true, 2, standing(nil), "High", ProposeLabel, "from Medium to High"},
		"not at the first":                        {on, true, 1, standing(nil), "", "", ""},
		"a rule that was late acts all the same":  {on, true, 7, standing(nil), "High", ProposeLabel, "7 times"},
		"a dry run tells the same":                {DefaultRule(), true, 2, standing(nil), "High", ProposeLabel, ""},
		"switched off":                            {with(func(r *Rule) { r.Mode = Off }), true, 9, standing(nil), "", "", ""},
		"work has begun":                          {on, false, 2, standing(nil), "", "", ""},
		"it is done":                              {on, true, 2, standing(func(s *Standing) { s.Category = ticket.Done }), "", "", ""},
		"it was declined":                         {on, true, 2, standing(func(s *Standing) { s.Meaning = ticket.MeansWontDo }), "", "", ""},
		"both were done before":                   {on, true, 3, standing(func(s *Standing) { s.RaisedAt, s.ProposedAt = day(1), day(1) }), "", "", ""},
		"raised before, not yet proposed":         {on, true, 3, standing(func(s *Standing) { s.RaisedAt = day(1) }), "", ProposeLabel, ""},
		"somebody chose the priority since":       {on, true, 2, standing(func(s *Standing) { s.PrioritySetByPersonAt = day(11) }), "", ProposeLabel, "that stands"},
		"somebody chose it before":                {on, true, 2, standing(func(s *Standing) { s.PrioritySetByPersonAt = day(9) }), "High", ProposeLabel, ""},
		"it is the highest":                       {on, true, 2, standing(func(s *Standing) { s.Priority = highest }), "", ProposeLabel, "as high as"},
		"it is at the cap":                        {with(func(r *Rule) { r.Cap = "medium" }), true, 2, standing(nil), "", ProposeLabel, "as high as"},
		"below the cap":                           {with(func(r *Rule) { r.Cap = "High" }), true, 2, standing(nil), "High", ProposeLabel, ""},
		"above the cap already":                   {with(func(r *Rule) { r.Cap = "Medium" }), true, 2, standing(func(s *Standing) { s.Priority = high }), "", ProposeLabel, "as high as"},
		"a priority that the list does not have":  {on, true, 2, standing(func(s *Standing) { s.Priority = ticket.Named{ID: "99"} }), "", ProposeLabel, "none of the site’s list"},
		"in the active sprint already":            {on, true, 2, standing(func(s *Standing) { s.InActiveSprint = true }), "High", "", "in the active sprint already"},
		"into the sprint itself":                  {with(func(r *Rule) { r.Propose = ProposeSprint }), true, 2, standing(nil), "High", ProposeSprint, ""},
		"the priority alone":                      {with(func(r *Rule) { r.Propose = ProposeNothing }), true, 2, standing(nil), "High", "", ""},
		"a proposal alone":                        {with(func(r *Rule) { r.RaisePriority = false }), true, 2, standing(nil), "", ProposeLabel, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := Escalate(c.rule, c.waiting, c.recurrences, day(10), c.s)
			if e.RaiseTo.Name != c.raise || e.Propose != c.propose {
				t.Errorf("raises to %q, proposes by %q; want %q, %q", e.RaiseTo.Name, e.Propose, c.raise, c.propose)
			}
			if said := strings.Join(e.Because, " "); !strings.Contains(said, c.because) {
				t.Errorf("it says %q, which does not hold %q", said, c.because)
			}
			if e.Acts() != (c.raise != "" || c.propose != "") {
				t.Error("it does not know whether it acts")
			}
		})
	}
}

func TestAfterDone(t *testing.T) {
	t.Parallel()
	rule := func(does Return) Rule { r := DefaultRule(); r.AfterDone = does; return r } // within 14 days
	done := Standing{Category: ticket.Done, Meaning: ticket.MeansDone, DoneAt: day(0)}
	declined := Standing{Category: ticket.Done, Meaning: ticket.MeansWontDo, DoneAt: day(0)}
	cases := map[string]struct {
		rule Rule
		s    Standing
		at   time.Time
		want Return
	}{
		"soon after, it is reopened":                       {rule(ReturnReopen), done, day(3), ReturnReopen},
		"on the last day":                                  {rule(ReturnReopen), done, day(14), ReturnReopen},
		"later, a new one is filed":                        {rule(ReturnReopen), done, day(14).Add(time.Second), ReturnNew},
		"done at a moment that nobody knows":               {rule(ReturnReopen), Standing{Category: ticket.Done}, day(3), ReturnComment},
		"the rule always files a new one":                  {rule(ReturnNew), done, day(3), ReturnNew},
		"the rule only comments":                           {rule(ReturnComment), done, day(3), ReturnComment},
		"closed by a decision, it stays closed":            {rule(ReturnReopen), declined, day(3), ReturnComment},
		"closed by a decision, no new one is filed either": {rule(ReturnNew), declined, day(300), ReturnComment},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, why := AfterDone(c.rule, c.s, c.at); got != c.want || why == "" {
				t.Errorf("got %s (%s), want %s", got, why, c.want)
			}
		})
	}
}

func TestRuleFor(t *testing.T) {
	t.Parallel()
	rules := map[catalog.TeamID]Rule{0: {At: 4}, 7: {At: 3}}
	for team, want := range map[catalog.TeamID]int{7: 3, 8: 4} {
		if got := RuleFor(rules, team).At; got != want {
			t.Errorf("team %d: at %d, want %d", team, got, want)
		}
	}
	if got := RuleFor(nil, 8); got != DefaultRule() || got.Mode != DryRun {
		t.Errorf("nobody set a rule: got %+v", got)
	}
}

func TestRuleSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*Rule)
		words  string
	}{
		"as it comes":   {func(*Rule) {}, "At the second recurrence while a follow-up waits, its priority rises one step, once and the label proposed-for-sprint proposes it for the current sprint."},
		"with a cap":    {func(r *Rule) { r.Cap = "High" }, "at most to High"},
		"into a sprint": {func(r *Rule) { r.Propose = ProposeSprint }, "it is moved into the active sprint"},
		"doing nothing": {func(r *Rule) { r.RaisePriority, r.Propose = false, ProposeNothing }, "nothing in Jira changes"},
		"late":          {func(r *Rule) { r.At = 12 }, "At the 12th recurrence"},
		"reopening":     {func(r *Rule) { r.ReopenWithin = 3 * oneDay }, "within 3 days of done, the ticket is reopened"},
		"filing anew":   {func(r *Rule) { r.AfterDone = ReturnNew }, "a new ticket is filed and linked"},
		"only telling":  {func(r *Rule) { r.AfterDone = ReturnComment }, "the status comment says so"},
		"people decide": {func(*Rule) {}, "A person’s later choice stands."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := DefaultRule()
			c.change(&r)
			if got := r.Sentence(); !strings.Contains(got, c.words) {
				t.Errorf("%q does not hold %q", got, c.words)
			}
		})
	}
}

func TestRuleCheck(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*Rule)
		field  string // empty: it is sound
	}{
		"as it comes":                 {func(*Rule) {}, ""},
		"an unknown mode":             {func(r *Rule) { r.Mode = "maybe" }, "mode"},
		"before the first":            {func(r *Rule) { r.At = 0 }, "at"},
		"an unknown proposal":         {func(r *Rule) { r.Propose = "shout" }, "propose"},
		"a label of two words":        {func(r *Rule) { r.Label = "for sprint" }, "label"},
		"no label":                    {func(r *Rule) { r.Label = "" }, "label"},
		"no label, where none is set": {func(r *Rule) { r.Label, r.Propose = "", ProposeSprint }, ""},
		"an unknown return":           {func(r *Rule) { r.AfterDone = "cry" }, "after_done"},
		"a year and a day":            {func(r *Rule) { r.ReopenWithin = 366 * oneDay }, "reopen_within"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := DefaultRule()
			c.change(&r)
			err := r.Check()
			if c.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != c.field {
				t.Errorf("got %v, want a word about %s", err, c.field)
			}
		})
	}
}

func TestStatusLine(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		l    Ledger
		want string
	}{
		"it waits": {
			Ledger{StillWaiting: true, Waiting: 46 * oneDay, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 98 * time.Minute},
			"waiting 46 d · recurred twice · 98 impact minutes",
		},
		"for hours": {
			Ledger{StillWaiting: true, Waiting: 30 * time.Hour, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Minute},
			"waiting 30 h · recurred once · 1 impact minute",
		},
		"work has begun": {
			Ledger{StartedAt: day(5), Waiting: 5 * oneDay, RecurrencesWhileWaiting: 3},
			"waited 5 d · started 7 Mar 2026 · recurred 3 times · 0 impact minutes",
		},
		"it came back after it was done": {
			Ledger{StartedAt: day(5), DoneAt: day(9), Waiting: 5 * oneDay, RecurrencesAfter: 1},
			"waited 5 d · done 11 Mar 2026 · not recurred while it waited · recurred once after the fix",
		},
		"its history could not be read whole": {Ledger{Incomplete: true, RecurrencesAfter: 1}, "no figures: its history in Jira could not be read whole"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := StatusLine(c.l); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMilestones(t *testing.T) {
	t.Parallel()
	at := func(recurrences int) Milestone { return Milestone{Recurrences: recurrences} }
	with := func(m Milestone, change func(*Milestone)) Milestone { change(&m); return m }
	cases := map[string]struct {
		said, now Milestone
		ongoing   bool
		worth     bool
	}{
		"nothing recurred: nothing is said":        {at(0), with(at(0), func(m *Milestone) { m.Started = true }), false, false},
		"the first recurrence":                     {at(0), at(1), true, true},
		"the second":                               {at(1), at(2), true, true},
		"the third":                                {at(2), at(3), true, true},
		"the fourth waits for the fifth":           {at(3), at(4), false, false},
		"the fifth":                                {at(4), at(5), false, true},
		"up to the ninth":                          {at(5), at(9), false, false},
		"the tenth":                                {at(9), at(10), false, true},
		"past the twentieth at once":               {at(11), at(23), false, true},
		"the nineteenth":                           {at(10), at(19), false, false},
		"the fiftieth":                             {at(49), at(50), false, true},
		"the hundredth":                            {at(99), at(100), false, true},
		"the cost while it goes on":                {at(1), with(at(1), func(m *Milestone) { m.Impact = time.Hour }), true, false},
		"the cost once it is known":                {at(1), with(at(1), func(m *Milestone) { m.Impact = time.Hour }), false, true},
		"the cost of the fourth":                   {at(4), with(at(4), func(m *Milestone) { m.Impact = time.Hour }), false, false},
		"work starts":                              {at(1), with(at(1), func(m *Milestone) { m.Started = true }), false, true},
		"it is done":                               {at(1), with(at(1), func(m *Milestone) { m.Done = true }), false, true},
		"it came back although nothing did before": {at(0), Milestone{After: 1, Done: true}, false, true},
		"all is said":                              {at(2), at(2), false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.said.Worth(c.now, c.ongoing); got != c.worth {
				t.Errorf("worth telling: %t, want %t", got, c.worth)
			}
		})
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		from, to State
		want     State
		moves    int
		refused  bool
	}{
		"its ticket was started":                     {Queued, InProgress, InProgress, 1, false},
		"its ticket is done, without evidence":       {InProgress, Done, Done, 1, false},
		"its ticket is where it is":                  {Queued, Queued, Queued, 0, false},
		"verified stays so while its ticket is done": {Verified, Done, Verified, 0, false},
		"its ticket was reopened":                    {Verified, Queued, Queued, 1, false},
		"declined here, whatever its ticket says":    {Declined, InProgress, Declined, 0, true},
		"nobody promised it":                         {Proposed, Queued, Proposed, 0, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := moved(ways[c.from]...)
			before := len(f.Moves)
			err := f.Adopt(c.to, day(3)) // before its last move: moves stay in order
			if (err != nil) != c.refused || f.State != c.want || len(f.Moves) != before+c.moves {
				t.Fatalf("got %v, %s after %d moves", err, f.State, len(f.Moves)-before)
			}
			if n := len(f.Moves); c.moves > 0 && f.Moves[n-1].At.Before(f.Moves[n-2].At) {
				t.Errorf("moves are out of order: %v", f.Moves)
			}
		})
	}
}

func TestTicketAllows(t *testing.T) {
	t.Parallel()
	person, system := account.Actor{Kind: account.Person}, account.Actor{Kind: account.Job}
	cases := map[string]struct {
		actor    account.Actor
		from, to State
		owns     bool
		allowed  bool
	}{
		"started by hand":              {person, Queued, InProgress, true, false},
		"finished by hand":             {person, InProgress, Done, true, false},
		"reopened by hand":             {person, Verified, Queued, true, false},
		"started by the sync":          {system, Queued, InProgress, true, true},
		"where Upshot owns the status": {person, Queued, InProgress, false, true},
		"declined by hand":             {person, Queued, Declined, true, true},
		"promised by hand":             {person, Proposed, Queued, true, true},
		"verified by hand":             {person, Done, Verified, true, true},
		"its words were edited":        {person, Queued, Queued, true, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := FollowUp{ID: 12, State: c.to, Ticket: &ticket.Ticket{Key: "OPS-7", OwnsStatus: c.owns}}
			if err := ticketAllows(c.actor, f, c.from); (err == nil) != c.allowed {
				t.Errorf("got %v", err)
			}
			f.Ticket = nil
			if err := ticketAllows(c.actor, f, c.from); err != nil {
				t.Errorf("without a ticket: %v", err)
			}
		})
	}
}
