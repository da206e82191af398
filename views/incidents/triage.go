package incidents

import (
	"net/url"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/triage"
	"upshot/views/link"
	"upshot/views/ui"
)

// TriageCard says who answers for an incident, what it was taken for, and how it was passed on.
type TriageCard struct {
	Title    string // the finding
	Until    string // who answers for it until a team accepts it
	Facts    []Fact
	First    Guess
	Final    Guess
	HandOffs []Passing
	Accept   *TriageForm // nil: there is nothing to accept, or nobody may
	Over     *TriageForm // hands it over
	Judge    *TriageForm
}

// Guess is one of the two judgements that stand side by side.
type Guess struct{ Name, Value, Note string }

// Passing is one hand-off.
type Passing struct {
	Text, Reason, By string
	At               ui.When
}

// TriageForm is a small form of triage.
type TriageForm struct {
	Action, Submit string
	Hidden         map[string]string
	Questions      []ui.Question
	Primary        bool
}

// NewTriageCard makes the card; it is nil for what no team has to answer for.
func NewTriageCard(f Facts, c ui.Clock) *TriageCard {
	i, t := f.Incident, f.Triage
	until, counts := triage.Until(i)
	if !counts {
		return nil
	}
	names := teamNames(f.Teams)
	s := triage.Item{Incident: i, Triage: t}.Standing(f.Services, c.Now)
	history := s.Team == 0 && s.Passed == 0 && !until.After(c.Now)
	card := &TriageCard{First: guessed("First judgement", t.First, c), Final: finally(t)}
	switch {
	case s.Team != 0:
		card.Title = names[s.Team] + " answers for it"
		card.fact("Accepted", c.Moment(s.Since)+", by "+t.Accepted.By, "")
	case history:
		card.Title = "Nobody triaged it"
		card.fact("Answers for it", "no team; it is over for more than a week and no longer listed", "")
	default:
		card.Title = "No team answers for it yet"
		card.fact("Nobody since", c.Moment(s.Since)+", "+ui.Duration(c.Now.Sub(s.Since)), tone(s.Overdue))
		if s.Overdue {
			card.Until = ProvisionalWords(s, names)
		}
	}
	if s.Passed > 0 {
		card.fact("Handed over", ui.Times(s.Passed), "")
	}
	if !t.TriagedAt.IsZero() {
		card.fact("Time to triage", ui.Duration(max(t.TriagedAt.Sub(triage.Began(i)), 0)), "")
	}
	for _, h := range t.HandOffs {
		from := names[h.From]
		if from == "" {
			from = "nobody"
		}
		card.HandOffs = append(card.HandOffs, Passing{Text: from + " → " + names[h.To], Reason: h.Reason, By: h.By, At: c.When(h.At)})
	}
	if f.CanEdit {
		card.ask(f, s)
	}
	return card
}

func tone(late bool) string {
	if late {
		return "late"
	}
	return ""
}

func (card *TriageCard) fact(name, text, tone string) {
	card.Facts = append(card.Facts, Fact{Name: name, Values: []Linked{{Text: text}}, Tone: tone})
}

// ask adds the forms that make sense now.
func (card *TriageCard) ask(f Facts, s triage.Standing) {
	id := int64(f.Incident.ID)
	if s.Team == 0 {
		first := f.Triage.Offered().To
		if first == 0 {
			first = f.Mine
		}
		for _, v := range f.Services {
			if first == 0 {
				first = v.Builder
			}
		}
		card.Accept = &TriageForm{Action: link.AcceptIncident(id), Submit: "Accept", Primary: true, Questions: []ui.Question{
			teamQuestion("Who answers for it", "accept-team", TeamSlug(f.Teams, first), f.Teams, 0),
		}}
		if f.Triage.First.Class == "" {
			card.Accept.Questions = append(card.Accept.Questions, JudgementQuestion("accept-judgement", ""))
		}
	}
	over := HandOverTo(id, f.Teams, f.Triage.Holder(), "")
	card.Over = &over
	judge := TriageForm{Action: link.JudgeIncident(id), Submit: "Judge", Questions: []ui.Question{JudgementQuestion("judge-judgement", f.Triage.Judgement().Class)}}
	if f.Triage.First.Class != "" {
		judge.Submit = "Judge again"
	}
	card.Judge = &judge
}

// HandOverTo is the small form that passes an incident on; suffix keeps its ids apart from others on the page.
func HandOverTo(id int64, teams []catalog.Team, has catalog.TeamID, suffix string) TriageForm {
	return TriageForm{Action: link.HandOverIncident(id), Submit: "Hand over", Questions: []ui.Question{
		teamQuestion("To", "over-team"+suffix, "", teams, has),
		{Field: ui.Field{
			Name: "reason", ID: "over-reason" + suffix, Label: "Why is it theirs?", Required: true, Autocomplete: "off", More: map[string]any{"minlength": "3"},
		}},
	}}
}

// HandOverForm is the same as a page of its own, which comes back with what is wrong.
func HandOverForm(i incident.Incident, teams []catalog.Team, has catalog.TeamID, typed url.Values, err error) ui.Form {
	over := HandOverTo(int64(i.ID), teams, has, "")
	for n := range over.Questions {
		q := &over.Questions[n]
		q.ID, q.Value, q.Required = "", typed.Get(q.Name), false
	}
	over.Questions[1].Control = ui.Lines
	over.Questions[1].Wide = true
	over.Questions[1].Help = "They read it first. It stays on the timeline."
	hidden := map[string]string{}
	for _, name := range []string{"back", "from"} {
		if v := typed.Get(name); v != "" {
			hidden[name] = v
		}
	}
	return ui.NewForm(ui.Form{Action: over.Action, Submit: over.Submit, Cancel: link.Incident(int64(i.ID)), Questions: over.Questions, Hidden: hidden}, err)
}

func teamQuestion(label, id, value string, teams []catalog.Team, without catalog.TeamID) ui.Question {
	return ui.Question{Control: ui.OneOf, Field: ui.Field{
		Name: "team", ID: id, Label: label, Value: value, Required: true, Options: TeamChoice("Choose a team", teams, without),
	}}
}

// TeamQuestion asks which team answers for an incident.
func TeamQuestion(id, value string, teams []catalog.Team) ui.Question {
	return teamQuestion("Who answers for it", id, value, teams, 0)
}

// TeamChoice offers the teams in use but one, behind an empty choice.
func TeamChoice(none string, teams []catalog.Team, without catalog.TeamID) []ui.Option {
	options := []ui.Option{{Label: none}}
	for _, t := range teams {
		if t.ArchivedAt.IsZero() && t.ID != without {
			options = append(options, ui.Option{Value: t.Slug, Label: t.Name})
		}
	}
	return options
}

// TeamSlug is the slug of the team with that id, or empty.
func TeamSlug(teams []catalog.Team, id catalog.TeamID) string {
	for _, t := range teams {
		if t.ID == id {
			return t.Slug
		}
	}
	return ""
}

func teamNames(teams []catalog.Team) map[catalog.TeamID]string {
	names := make(map[catalog.TeamID]string, len(teams))
	for _, t := range teams {
		names[t.ID] = t.Name
	}
	return names
}

// JudgementQuestion asks where somebody believes the cause to lie.
func JudgementQuestion(id, value string) ui.Question {
	options := []ui.Option{{Label: "No judgement yet"}}
	for _, class := range triage.Judgements {
		options = append(options, ui.Option{Value: class, Label: ui.Sentence(class)})
	}
	return ui.Question{Control: ui.OneOf, Field: ui.Field{Name: "judgement", ID: id, Label: "Where does the cause lie?", Value: value, Options: options}}
}

// NobodyWords says for how long nobody has answered for an incident: "no accountable team for 50 h, passed 2×".
func NobodyWords(s triage.Standing, now time.Time) string {
	nobody := now.Sub(s.Since)
	said := "no accountable team for " + ui.Duration(nobody)
	if nobody >= time.Hour && nobody < 100*time.Hour { // the rule is in hours
		said = "no accountable team for " + ui.Thousands(int64(nobody/time.Hour)) + " h"
	}
	if s.Passed > 0 {
		said += ", passed " + ui.Times(s.Passed)
	}
	return said
}

// ProvisionalWords says in a sentence who answers for an incident until a team accepts it, and why they do.
func ProvisionalWords(s triage.Standing, names map[catalog.TeamID]string) string {
	if s.Provisional == 0 {
		return "No team is recorded that could answer for it meanwhile."
	}
	return "Until a team accepts, " + names[s.Provisional] + " answers for it: it " + s.Because + "."
}

func guessed(name string, j triage.Judged, c ui.Clock) Guess {
	if j.Class == "" {
		return Guess{Name: name, Value: "none yet"}
	}
	return Guess{Name: name, Value: j.Class, Note: c.Moment(j.At) + ", " + j.By}
}

func finally(t triage.Triage) Guess {
	class, by := t.Final()
	if class == "" {
		return Guess{Name: "Turned out to be", Value: "not known yet"}
	}
	return Guess{Name: "Turned out to be", Value: class, Note: "by the " + by}
}
