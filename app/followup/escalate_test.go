package followup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/ticket"
)

// The priorities of a site, highest first; not in the order of the alphabet.
var (
	highest, high, medium, low = ticket.Named{ID: "1", Name: "Highest"}, ticket.Named{ID: "2", Name: "High"}, ticket.Named{ID: "3", Name: "Medium"}, ticket.Named{ID: "4", Name: "Low"}
	priorities                 = []ticket.Named{highest, high, medium, low}
)

// rule is the default one, switched on and changed.
func rule(change ...func(*Rule)) Rule {
	r := DefaultRule()
	r.Mode = On
	for _, c := range change {
		c(&r)
	}
	return r
}

// standing is that of a ticket of medium priority in the backlog, changed.
func standing(change ...func(*Standing)) Standing {
	s := Standing{Category: ticket.ToDo, Priority: medium, Priorities: priorities}
	for _, c := range change {
		c(&s)
	}
	return s
}

func TestEscalate(t *testing.T) {
	t.Parallel()
	triggered := day(20)
	both := func(to ticket.Named) Escalation { return Escalation{RaiseTo: to, Propose: ProposeLabel} }
	cases := map[string]struct {
		rule        Rule
		notWaiting  bool
		recurrences int
		standing    Standing
		want        Escalation
		because     []string // parts of the reasons, in order; nil: not looked at
	}{
		"the first recurrence": {rule(), false, 1, standing(), Escalation{}, []string{}},
		"the second: one step, and a label": {
			rule(), false, 2, standing(), both(high), []string{"from Medium to High", "recurred twice while it waited, so it is proposed for the current sprint by the label proposed-for-sprint"},
		},
		"the third, when nobody was told at the second":       {rule(), false, 3, standing(), both(high), []string{"High", "3 times"}},
		"the third, when it acted at the second":              {rule(), false, 3, standing(func(s *Standing) { s.RaisedAt, s.ProposedAt, s.Priority = day(20), day(20), high }), Escalation{}, []string{}},
		"raised before, and not proposed":                     {rule(), false, 3, standing(func(s *Standing) { s.RaisedAt = day(20) }), Escalation{Propose: ProposeLabel}, nil},
		"at the first, where the rule says so":                {rule(func(r *Rule) { r.At = 1 }), false, 1, standing(), both(high), nil},
		"it waits no longer":                                  {rule(), true, 5, standing(func(s *Standing) { s.Category = ticket.InProgress }), Escalation{}, []string{}},
		"done in Jira":                                        {rule(), false, 5, standing(func(s *Standing) { s.Category = ticket.Done }), Escalation{}, []string{}},
		"somebody decided against it":                         {rule(), false, 5, standing(func(s *Standing) { s.Meaning = ticket.MeansWontDo }), Escalation{}, []string{}},
		"the rule is off":                                     {rule(func(r *Rule) { r.Mode = Off }), false, 5, standing(), Escalation{}, []string{}},
		"a dry run tells what it would do":                    {rule(func(r *Rule) { r.Mode = DryRun }), false, 2, standing(), both(high), nil},
		"a person chose the priority after the recurrence":    {rule(), false, 2, standing(func(s *Standing) { s.PrioritySetByPersonAt = day(21) }), Escalation{Propose: ProposeLabel}, []string{"that stands", "proposed"}},
		"a person chose it before":                            {rule(), false, 2, standing(func(s *Standing) { s.PrioritySetByPersonAt = day(19) }), both(high), nil},
		"a person chose it after the rule had raised it":      {rule(), false, 3, standing(func(s *Standing) { s.RaisedAt, s.PrioritySetByPersonAt, s.Priority = day(20), day(22), low }), Escalation{Propose: ProposeLabel}, nil},
		"as high as it goes":                                  {rule(), false, 2, standing(func(s *Standing) { s.Priority = highest }), Escalation{Propose: ProposeLabel}, []string{"Highest is as high as the rule raises", "proposed"}},
		"up to the highest, without a limit":                  {rule(), false, 2, standing(func(s *Standing) { s.Priority = high }), both(highest), nil},
		"up to the limit":                                     {rule(func(r *Rule) { r.Cap = "high" }), false, 2, standing(), both(high), nil},
		"at the limit":                                        {rule(func(r *Rule) { r.Cap = "High" }), false, 2, standing(func(s *Standing) { s.Priority = high }), Escalation{Propose: ProposeLabel}, []string{"High is as high", "proposed"}},
		"above the limit, it is not lowered":                  {rule(func(r *Rule) { r.Cap = "Medium" }), false, 2, standing(func(s *Standing) { s.Priority = highest }), Escalation{Propose: ProposeLabel}, nil},
		"the site has no priority of the limit's name":        {rule(func(r *Rule) { r.Cap = "Urgent" }), false, 2, standing(), Escalation{Propose: ProposeLabel}, []string{"no priority Urgent", "proposed"}},
		"its priority is none of the list":                    {rule(), false, 2, standing(func(s *Standing) { s.Priority = ticket.Named{ID: "99", Name: "Old"} }), Escalation{Propose: ProposeLabel}, []string{"no next step", "proposed"}},
		"the priority is left alone, where the rule says so":  {rule(func(r *Rule) { r.RaisePriority = false }), false, 2, standing(), Escalation{Propose: ProposeLabel}, nil},
		"into the active sprint, where the rule allows it":    {rule(func(r *Rule) { r.Propose = ProposeSprint }), false, 2, standing(), Escalation{RaiseTo: high, Propose: ProposeSprint}, []string{"High", "moved into the active sprint"}},
		"in the active sprint already":                        {rule(), false, 2, standing(func(s *Standing) { s.InActiveSprint = true }), Escalation{RaiseTo: high}, []string{"High", "in the active sprint already"}},
		"nothing is proposed, where the rule says so":         {rule(func(r *Rule) { r.Propose = ProposeNothing }), false, 2, standing(), Escalation{RaiseTo: high}, nil},
		"neither, where the rule only keeps a status comment": {rule(func(r *Rule) { r.RaisePriority, r.Propose = false, ProposeNothing }), false, 2, standing(), Escalation{}, []string{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Escalate(c.rule, !c.notWaiting, c.recurrences, triggered, c.standing)
			if got.RaiseTo != c.want.RaiseTo || got.Propose != c.want.Propose || got.Acts() != c.want.Acts() {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if c.because == nil {
				return
			}
			if len(got.Because) != len(c.because) {
				t.Fatalf("reasons: %q", got.Because)
			}
			for n, part := range c.because {
				if !strings.Contains(got.Because[n], part) {
					t.Errorf("reason %q lacks %q", got.Because[n], part)
				}
			}
		})
	}
}

// TestARuleActsOnceAndNeverLowers goes through all that a ticket can stand like.
func TestARuleActsOnceAndNeverLowers(t *testing.T) {
	t.Parallel()
	rank := func(p ticket.Named) int { return slices.Index(priorities, p) }
	for _, limit := range []string{"", "Highest", "High", "Medium", "Low", "Urgent"} {
		for _, now := range priorities {
			for recurrences := range 6 {
				for _, chosen := range []time.Time{{}, day(10), day(30)} {
					r, s := rule(func(r *Rule) { r.Cap = limit }), standing(func(s *Standing) { s.Priority, s.PrioritySetByPersonAt = now, chosen })
					e := Escalate(r, true, recurrences, day(20), s)
					if e.RaiseTo.ID == "" {
						continue
					}
					if rank(e.RaiseTo) != rank(now)-1 || recurrences < r.At || chosen.Equal(day(30)) || limit == "Urgent" {
						t.Errorf("limit %q: from %s to %s at recurrence %d, chosen %v", limit, now.Name, e.RaiseTo.Name, recurrences, chosen)
					}
					if top := slices.IndexFunc(priorities, func(p ticket.Named) bool { return p.Name == limit }); rank(e.RaiseTo) < top {
						t.Errorf("raised to %s over the limit %s", e.RaiseTo.Name, limit)
					}
					s.RaisedAt, s.ProposedAt, s.Priority = day(21), day(21), e.RaiseTo
					if Escalate(r, true, recurrences+1, day(20), s).Acts() {
						t.Error("it acted twice")
					}
				}
			}
		}
	}
}

func TestARuleInWords(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		rule Rule
		want string
	}{
		"the default": {
			rule(), "At the second recurrence while a follow-up waits, its priority rises one step, once, and the label proposed-for-sprint proposes it for the current sprint. " +
				"A person’s later choice stands. When the failure comes back within 14 days of done, the ticket is reopened; later, a new one is filed and linked.",
		},
		"limited, and into the sprint": {
			rule(func(r *Rule) { r.At, r.Cap, r.Propose, r.AfterDone = 1, "High", ProposeSprint, ReturnNew }),
			"At the first recurrence while a follow-up waits, its priority rises one step, once, at most to High, and it is moved into the active sprint. " +
				"A person’s later choice stands. When the failure comes back after done, a new ticket is filed and linked.",
		},
		"comments alone": {
			rule(func(r *Rule) {
				r.At, r.RaisePriority, r.Propose, r.AfterDone = 22, false, ProposeNothing, ReturnComment
			}),
			"At the 22nd recurrence while a follow-up waits, nothing in Jira changes. A person’s later choice stands. When the failure comes back after done, the status comment says so.",
		},
		"not even comments": {
			rule(func(r *Rule) {
				r.RaisePriority, r.Propose, r.AfterDone, r.Comment = false, ProposeNothing, ReturnComment, false
			}),
			"At the second recurrence while a follow-up waits, nothing in Jira changes. A person’s later choice stands. When the failure comes back after done, the ticket stays closed.",
		},
		"a single day": {
			rule(func(r *Rule) { r.At, r.RaisePriority, r.ReopenWithin = 3, false, oneDay }),
			"At the third recurrence while a follow-up waits, the label proposed-for-sprint proposes it for the current sprint. A person’s later choice stands. " +
				"When the failure comes back within 1 day of done, the ticket is reopened; later, a new one is filed and linked.",
		},
	}
	for name, c := range cases {
		if got := c.rule.Sentence(); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
	for n, want := range map[int]string{5: "fifth", 6: "6th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 22: "22nd", 23: "23rd", 100: "100th"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestWhatIsWrongWithARule(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*Rule)
		field  string // empty: nothing
	}{
		"nothing":                          {func(*Rule) {}, ""},
		"an unknown mode":                  {func(r *Rule) { r.Mode = "loud" }, "mode"},
		"before the first recurrence":      {func(r *Rule) { r.At = 0 }, "at"},
		"an unknown proposal":              {func(r *Rule) { r.Propose = "beg" }, "propose"},
		"a label without a name":           {func(r *Rule) { r.Label = "" }, "label"},
		"a label with a space":             {func(r *Rule) { r.Label = "next sprint" }, "label"},
		"no label, where none is set":      {func(r *Rule) { r.Label, r.Propose = "", ProposeSprint }, ""},
		"an unknown way for what was done": {func(r *Rule) { r.AfterDone = "shout" }, "after_done"},
		"reopening after years":            {func(r *Rule) { r.ReopenWithin = 400 * oneDay }, "reopen_within"},
	}
	for name, c := range cases {
		err := rule(c.change).Check()
		if c.field == "" && err == nil {
			continue
		}
		if trouble := fault.Of(err); trouble == nil || len(trouble.Fields) != 1 || trouble.Fields[0].Name != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := DefaultRule().Check(); err != nil || DefaultRule().Mode != DryRun {
		t.Errorf("the default: %v, %s", err, DefaultRule().Mode)
	}
}

func TestWhoseRuleItIs(t *testing.T) {
	t.Parallel()
	own, all := rule(func(r *Rule) { r.At = 5 }), rule(func(r *Rule) { r.At = 3 })
	cases := map[string]struct {
		rules map[catalog.TeamID]Rule
		at    int
	}{
		"the team's own":      {map[catalog.TeamID]Rule{7: own, 0: all}, 5},
		"that of all teams":   {map[catalog.TeamID]Rule{8: own, 0: all}, 3},
		"nobody set one":      {nil, 2},
		"another team's only": {map[catalog.TeamID]Rule{8: own}, 2},
	}
	for name, c := range cases {
		if got := RuleFor(c.rules, 7).At; got != c.at {
			t.Errorf("%s: at %d, want %d", name, got, c.at)
		}
	}
}

func TestWhenTheFailureComesBackAfterDone(t *testing.T) {
	t.Parallel()
	done := func(change ...func(*Standing)) Standing {
		return standing(append([]func(*Standing){func(s *Standing) { s.Category, s.DoneAt = ticket.Done, day(0) }}, change...)...)
	}
	as := func(what Return) Rule { return rule(func(r *Rule) { r.AfterDone = what }) }
	cases := map[string]struct {
		rule     Rule
		standing Standing
		at       time.Time
		want     Return
		why      string
	}{
		"within the window":                      {as(ReturnReopen), done(), day(10), ReturnReopen, "within 14 days of done"},
		"on its last second":                     {as(ReturnReopen), done(), day(14), ReturnReopen, "within 14 days"},
		"a second later":                         {as(ReturnReopen), done(), day(14).Add(time.Second), ReturnNew, "more than 14 days after done"},
		"a new one always":                       {as(ReturnNew), done(), day(1), ReturnNew, "linked to the old one"},
		"a comment alone":                        {as(ReturnComment), done(), day(1), ReturnComment, "leaves the ticket closed"},
		"won't do":                               {as(ReturnReopen), done(func(s *Standing) { s.Meaning = ticket.MeansWontDo }), day(1), ReturnComment, "closed by a decision"},
		"a duplicate, where new ones are filed":  {as(ReturnNew), done(func(s *Standing) { s.Meaning = ticket.MeansDuplicate }), day(1), ReturnComment, "closed by a decision"},
		"done, and its resolution says done":     {as(ReturnReopen), done(func(s *Standing) { s.Meaning = ticket.MeansDone }), day(1), ReturnReopen, ""},
		"nobody knows when it was done":          {as(ReturnReopen), done(func(s *Standing) { s.DoneAt = time.Time{} }), day(1), ReturnComment, "nobody knows"},
		"nobody knows, and a new one is wanted":  {as(ReturnNew), done(func(s *Standing) { s.DoneAt = time.Time{} }), day(1), ReturnNew, ""},
		"no window at all: a new one every time": {rule(func(r *Rule) { r.ReopenWithin = 0 }), done(), day(0).Add(time.Second), ReturnNew, "more than 0 days"},
	}
	for name, c := range cases {
		does, why := AfterDone(c.rule, c.standing, c.at)
		if does != c.want || !strings.Contains(why, c.why) || why == "" {
			t.Errorf("%s: %s, because %q", name, does, why)
		}
	}
}

func TestStandingOfATicket(t *testing.T) {
	t.Parallel()
	f := carried(moved(on(0, Queued)), stay{0, ticket.ToDo}, stay{5, ticket.Done}, stay{9, ticket.ToDo}, stay{12, ticket.Done}, stay{20, ticket.Done})
	f.Ticket.Category, f.Ticket.Priority, f.Ticket.Meaning = ticket.Done, medium, ticket.MeansDone
	f.Ticket.Sprints = []ticket.Sprint{{ID: "7", State: ticket.ClosedSprint}, {ID: "8", State: ticket.ActiveSprint}}
	f.Ticket.History.PrioritySetByPersonAt = day(3)
	s := StandingOf(*f.Ticket, priorities)
	if !s.DoneAt.Equal(day(12)) || s.Priority != medium || !s.InActiveSprint || !s.PrioritySetByPersonAt.Equal(day(3)) || s.Category != ticket.Done {
		t.Errorf("got %+v", s)
	}
	waiting := carried(moved(on(0, Queued)), stay{0, ticket.ToDo}, stay{5, ticket.Done}, stay{9, ticket.ToDo})
	if s := StandingOf(*waiting.Ticket, priorities); !s.DoneAt.IsZero() || s.InActiveSprint {
		t.Errorf("reopened: %+v", s)
	}
}

func TestStatusLine(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		ledger Ledger
		want   string
	}{
		"waiting": {
			Ledger{StillWaiting: true, Waiting: 21 * oneDay, RecurrencesWhileWaiting: 3, ImpactWhileWaiting: 95 * time.Minute}, "waiting 21 d · recurred 3 times · 95 impact minutes",
		},
		"once, and a minute": {
			Ledger{StillWaiting: true, Waiting: 21*oneDay + 23*time.Hour, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Minute + 59*time.Second}, "waiting 21 d · recurred once · 1 impact minute",
		},
		"twice, and nothing was felt": {
			Ledger{StillWaiting: true, Waiting: 5 * time.Hour, RecurrencesWhileWaiting: 2}, "waiting 5 h · recurred twice · 0 impact minutes",
		},
		"not recurred": {Ledger{StillWaiting: true, Waiting: 3 * oneDay}, "waiting 3 d · not recurred while it waited"},
		"started": {
			Ledger{Waiting: 21 * oneDay, StartedAt: day(21), RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour}, "waited 21 d · started 23 Mar 2026 · recurred once · 60 impact minutes",
		},
		"sent back": {
			Ledger{Waiting: 10 * oneDay, SentBack: 25 * oneDay, StartedAt: day(10), RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour}, "waited 10 d · sent back 25 d · started 12 Mar 2026 · recurred once · 60 impact minutes",
		},
		"done": {
			Ledger{Waiting: 21 * oneDay, StartedAt: day(21), DoneAt: day(30), RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour}, "waited 21 d · done 1 Apr 2026 · recurred once · 60 impact minutes",
		},
		"reopened, and nobody ever started it": {
			Ledger{Waiting: 10 * oneDay, SentBack: 70 * oneDay, NeverStarted: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour, RecurrencesAfter: 2}, "waited 10 d · sent back 70 d · recurred once · 60 impact minutes · recurred twice after the fix",
		},
		"set aside": {Ledger{Waiting: 10 * oneDay}, "waited 10 d · not recurred while it waited"},
		"recurred after the fix alone": {
			Ledger{Waiting: 10 * oneDay, DoneAt: day(10), RecurrencesAfter: 1}, "waited 10 d · done 12 Mar 2026 · not recurred while it waited · recurred once after the fix",
		},
		"a history that was not read whole gives no figures": {Ledger{Incomplete: true}, "no figures: its history in Jira could not be read whole"},
	}
	for name, c := range cases {
		if got := StatusLine(c.ledger); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

func TestMilestones(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	cases := map[string]struct {
		said, now Milestone
		ongoing   bool
		want      bool
	}{
		"nothing ever recurred":                           {want: false},
		"nothing recurred, and it was started":            {now: Milestone{Started: true}, want: false},
		"it recurred for the first time":                  {now: Milestone{Recurrences: 1}, want: true},
		"nothing new":                                     {said: Milestone{Recurrences: 1, Impact: hour}, now: Milestone{Recurrences: 1, Impact: hour}, want: false},
		"the third":                                       {said: Milestone{Recurrences: 2}, now: Milestone{Recurrences: 3}, want: true},
		"the fourth is none":                              {said: Milestone{Recurrences: 3}, now: Milestone{Recurrences: 4, Impact: hour}, want: false},
		"the fifth":                                       {said: Milestone{Recurrences: 3}, now: Milestone{Recurrences: 5}, want: true},
		"the seventh, when the third was said last":       {said: Milestone{Recurrences: 3}, now: Milestone{Recurrences: 7}, want: true},
		"what it cost is known":                           {said: Milestone{Recurrences: 2, Impact: hour}, now: Milestone{Recurrences: 2, Impact: 2 * hour}, want: true},
		"what the fifth cost is known":                    {said: Milestone{Recurrences: 5, Impact: hour}, now: Milestone{Recurrences: 5, Impact: 2 * hour}, want: true},
		"what the sixth cost is known":                    {said: Milestone{Recurrences: 5, Impact: hour}, now: Milestone{Recurrences: 6, Impact: 2 * hour}, want: false},
		"it goes on, so the cost grows":                   {said: Milestone{Recurrences: 2, Impact: hour}, now: Milestone{Recurrences: 2, Impact: 2 * hour}, ongoing: true, want: false},
		"it was started":                                  {said: Milestone{Recurrences: 4}, now: Milestone{Recurrences: 4, Started: true}, want: true},
		"it was done":                                     {said: Milestone{Recurrences: 1, Started: true}, now: Milestone{Recurrences: 1, Started: true, Done: true}, want: true},
		"it was reopened":                                 {said: Milestone{Recurrences: 1, Done: true}, now: Milestone{Recurrences: 1}, want: true},
		"it came back after the fix":                      {said: Milestone{}, now: Milestone{After: 1, Done: true}, want: true},
		"and that was said":                               {said: Milestone{After: 1, Done: true}, now: Milestone{After: 1, Done: true}, want: false},
		"a fourth time after the fix":                     {said: Milestone{After: 3, Done: true}, now: Milestone{After: 4, Done: true}, want: false},
		"a recurrence turned out to be none":              {said: Milestone{Recurrences: 2, Impact: hour}, now: Milestone{Recurrences: 1, Impact: hour}, want: true},
		"none of them was one: that is set right":         {said: Milestone{Recurrences: 1, Impact: hour}, now: Milestone{}, want: true},
		"and when it was set right, nothing more is said": {said: Milestone{}, now: Milestone{}, want: false},
	}
	for name, c := range cases {
		if got := c.said.Worth(c.now, c.ongoing); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if c.now.Worth(c.now, c.ongoing) {
			t.Errorf("%s: once said, it is said again", name)
		}
	}
	var told []int
	for n := range 1001 {
		if milestone(n) == n {
			told = append(told, n)
		}
	}
	if want := []int{0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000}; !slices.Equal(told, want) {
		t.Errorf("milestones are %v, want %v", told, want)
	}
}

func TestWhereALedgerStands(t *testing.T) {
	t.Parallel()
	l := Ledger{
		StartedAt: day(5), RecurrencesWhileWaiting: 3, ImpactWhileWaiting: 95*time.Minute + 59*time.Second, RecurrencesAfter: 1,
	}
	want := Milestone{Recurrences: 3, Impact: 95 * time.Minute, After: 1, Started: true}
	if got := MilestoneOf(l); got != want {
		t.Errorf("got %+v", got)
	}
	l.ImpactWhileWaiting -= 30 * time.Second // nobody reads a difference of seconds
	if want.Worth(MilestoneOf(l), false) {
		t.Error("the comment is written anew for what it does not say")
	}
	l.DoneAt = day(9)
	if got := MilestoneOf(l); !got.Done || !want.Worth(got, true) {
		t.Errorf("done: %+v", got)
	}
}

// TestTheCommentOfALongWait tells a ticket's comments over hundreds of recurrences: few, and each at a number worth telling.
func TestTheCommentOfALongWait(t *testing.T) {
	t.Parallel()
	var said Milestone
	var told []int
	for n := range 301 {
		now := Milestone{Recurrences: n, Impact: time.Duration(n) * time.Hour}
		if said.Worth(now, false) {
			said, told = now, append(told, n)
		}
	}
	if want := []int{1, 2, 3, 5, 10, 20, 50, 100, 200}; !slices.Equal(told, want) {
		t.Errorf("it is commented on at %v, want %v", told, want)
	}
}
