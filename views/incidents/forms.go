package incidents

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/views/link"
	"upshot/views/ui"
)

// ServiceList is the id of the list that service fields offer.
const ServiceList = "service-names"

// Default fills what a form begins with; what a person typed stays.
func Default(typed url.Values, namesAndValues ...string) url.Values {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if _, ok := typed[namesAndValues[i]]; !ok {
			typed.Set(namesAndValues[i], namesAndValues[i+1])
		}
	}
	return typed
}

// reportForm is the id of the form that reports an incident.
const reportForm = "report"

// Recognition is what a report that is being written looks like among what happened before.
type Recognition struct {
	Known  bool // it is reported as a recurrence of one already
	Looked bool // there was something to look for
	Likely []Likely
}

// NewRecognition shows suggestions for a report that says something; earlier are the incidents that they speak of.
func NewRecognition(looked bool, similar []problem.Suggestion, earlier []incident.Incident, c ui.Clock) Recognition {
	return Recognition{Looked: looked, Likely: likelyOf(Facts{Similar: similar, Earlier: earlier}, c)}
}

// ReportForm asks for the few things that are known while it happens; the rest may come later.
func ReportForm(typed url.Values, names Names, err error, c ui.Clock) ui.Form {
	Default(typed, "started_at", c.Input(c.Now), "kind", string(incident.Real), "class", string(incident.UnknownClass), "detected_by", string(incident.ByUnknown))
	hidden := map[string]string{}
	if again := typed.Get("again"); again != "" {
		hidden["again"] = again
	}
	return ui.NewForm(ui.Form{
		ID: reportForm, Action: link.ReportIncident, Submit: "Report incident", Cancel: link.Incidents, Hidden: hidden,
		Questions: []ui.Question{
			{Field: ui.Field{
				Name: "title", Label: "What do users feel?", Value: typed.Get("title"), Wide: true, Autocomplete: "off", Required: true,
				Help: "The symptom in their words. The cause comes later.",
			}},
			servicesField(typed, names),
			momentField("started_at", "Started", typed, c),
			severityField(typed),
		},
		Later: []ui.Question{
			{Control: ui.OneOf, Field: ui.Field{Name: "detected_by", Label: "How was it noticed?", Value: typed.Get("detected_by"), Options: detectors}},
			{Control: ui.OneOf, Field: ui.Field{Name: "kind", Label: "Kind", Value: typed.Get("kind"), Options: kinds}},
			{Control: ui.OneOf, Field: ui.Field{Name: "class", Label: "Where does the cause lie?", Value: typed.Get("class"), Options: classes}},
			{Field: ui.Field{Name: "more_services", Label: "More services", Hint: "optional", Value: typed.Get("more_services"), Help: "By name, with commas between."}},
			{Control: ui.Lines, Field: ui.Field{Name: "impact", Label: "Impact", Hint: "optional", Value: typed.Get("impact"), Wide: true, Rows: 2, Help: "Who felt what, and how many."}},
			{Control: ui.Lines, Field: ui.Field{Name: "summary", Label: "What is known, what was tried", Hint: "optional, Markdown", Value: typed.Get("summary"), Wide: true}},
			{Field: ui.Field{Name: "url", Label: "Link", Hint: "optional", Type: "url", Value: typed.Get("url"), Help: "A dashboard, a channel, an alert.", Wide: true}},
		},
	}, err)
}

func servicesField(typed url.Values, names Names) ui.Question {
	f := ui.Field{Name: "services", Label: "Service", Value: typed.Get("services")}
	if names.Many {
		f.Help, f.More = "By name, with commas between. Empty: not known yet.", map[string]any{"list": ServiceList}
		return ui.Question{Field: f}
	}
	f.Options = append([]ui.Option{{Value: "", Label: "Not known yet"}}, names.Services...)
	return ui.Question{Control: ui.OneOf, Field: f}
}

func momentField(name, label string, typed url.Values, c ui.Clock) ui.Question {
	return ui.Question{Field: ui.Field{Name: name, Label: label, Hint: c.Name(), Type: "datetime-local", Value: typed.Get(name)}}
}

func severityField(typed url.Values) ui.Question {
	return ui.Question{Control: ui.Cards, Field: ui.Field{
		Name: "severity", Label: "How bad is it?", Hint: "optional", Value: typed.Get("severity"), Wide: true,
		Options: []ui.Option{
			{Value: "SEV1", Label: "SEV1", Help: "Most users cannot do the main thing"},
			{Value: "SEV2", Label: "SEV2", Help: "Many users, or a main thing is slow"},
			{Value: "SEV3", Label: "SEV3", Help: "Some users, a way round exists"},
			{Value: "SEV4", Label: "SEV4", Help: "Nobody noticed yet"},
		},
	}}
}

var (
	detectors = []ui.Option{{Value: "unknown", Label: "Not known"}, {Value: "alert", Label: "An alert"}, {Value: "user", Label: "A user complained"}, {Value: "staff", Label: "Staff saw it"}}
	kinds     = []ui.Option{{Value: "incident", Label: "Incident"}, {Value: "maintenance", Label: "Maintenance, never counts"}, {Value: "drill", Label: "Drill, never counts"}}
	classes   = []ui.Option{{Value: "unknown", Label: "Not known"}, {Value: "application", Label: "Application"}, {Value: "infrastructure", Label: "Infrastructure"}}
)

// EditForm asks for everything an incident says. Moments that are known are not here: they are corrected, with a reason.
func EditForm(i incident.Incident, typed url.Values, err error, c ui.Clock) ui.Form {
	var people []string
	for _, p := range i.Participants {
		people = append(people, p.Name+", "+p.Side)
	}
	Default(typed,
		"title", i.Title, "summary", i.Summary, "impact", i.Impact, "services", strings.Join(i.Services, ", "), "severity", string(i.Severity),
		"kind", string(i.Kind), "class", string(i.Class), "detected_by", string(i.DetectedBy), "ended_by", string(i.EndedBy), "url", i.URL,
		"hands_on", minutes(i), "participants", strings.Join(people, "\n"), "version", fmt.Sprint(i.Version),
	)
	severities := []ui.Option{{Value: "", Label: "Unknown"}}
	for _, s := range incident.Severities {
		severities = append(severities, ui.Option{Value: string(s), Label: string(s)})
	}
	f := ui.Form{
		Action: link.EditIncident(int64(i.ID)), Submit: "Save", Cancel: link.Incident(int64(i.ID)), Hidden: map[string]string{"version": typed.Get("version")},
		Questions: []ui.Question{
			{Field: ui.Field{Name: "title", Label: "What did users feel?", Value: typed.Get("title"), Wide: true, Required: true}},
			{Control: ui.Lines, Field: ui.Field{Name: "impact", Label: "Impact", Hint: "optional", Value: typed.Get("impact"), Wide: true, Rows: 2}},
			{Control: ui.Lines, Field: ui.Field{Name: "summary", Label: "Summary", Hint: "optional, Markdown", Value: typed.Get("summary"), Wide: true, Rows: 6}},
			{Field: ui.Field{
				Name: "services", Label: "Services", Value: typed.Get("services"), Wide: true, More: map[string]any{"list": ServiceList},
				Help: "By name, with commas between. Empty: unassigned.",
			}},
			{Control: ui.OneOf, Field: ui.Field{Name: "severity", Label: "Severity", Value: typed.Get("severity"), Options: severities}},
			{Control: ui.OneOf, Field: ui.Field{Name: "kind", Label: "Kind", Value: typed.Get("kind"), Options: kinds}},
			{Control: ui.OneOf, Field: ui.Field{Name: "class", Label: "Where does the cause lie?", Value: typed.Get("class"), Options: classes}},
			{Control: ui.OneOf, Field: ui.Field{Name: "detected_by", Label: "How was it noticed?", Value: typed.Get("detected_by"), Options: detectors}},
			{Control: ui.OneOf, Field: ui.Field{Name: "ended_by", Label: "What ended it?", Value: typed.Get("ended_by"), Options: endings()}},
			{Field: ui.Field{
				Name: "hands_on", ID: "hands_on_seconds", Label: "Hands-on time", Hint: "minutes", Type: "number", Value: typed.Get("hands_on"),
				Help: "What everybody spent on it, all together.", More: map[string]any{"min": "0", "step": "1"},
			}},
			{Control: ui.Lines, Field: ui.Field{
				Name: "participants", Label: "Who took part", Hint: "optional", Value: typed.Get("participants"), Rows: 3,
				Help: "One on a line: a name, a comma, development or operations. Sides are counted, persons never.",
			}},
			{Field: ui.Field{Name: "url", Label: "Link", Hint: "optional", Type: "url", Value: typed.Get("url")}},
		},
	}
	for _, name := range incident.MomentNames {
		if i.Moments.Of(name).IsZero() && name != incident.DeveloperNotifiedAt && name != incident.ClosedAt {
			q := momentField(string(name), momentWords[name], typed, c)
			q.Hint = "not known yet, " + c.Name()
			f.Questions = append(f.Questions, q)
		}
	}
	form := ui.NewForm(f, err)
	for n := range form.Questions { // the API counts seconds, people minutes
		if form.Questions[n].Name == "hands_on" && form.Questions[n].Error == "" {
			form.Questions[n].Error = ui.ErrorFor(form.Wrong, "hands_on_seconds")
		}
	}
	return form
}

func minutes(i incident.Incident) string {
	if i.HandsOn == 0 {
		return ""
	}
	return fmt.Sprint(int64(i.HandsOn.Minutes()))
}

func endings() []ui.Option {
	var all []ui.Option
	for _, e := range incident.Endings {
		all = append(all, ui.Option{Value: string(e), Label: ui.Sentence(endingWords[e])})
	}
	return all
}

// ResolveForm asks what ended it.
func ResolveForm(i incident.Incident, typed url.Values, err error, _ ui.Clock) ui.Form {
	Default(typed, "ended_by", string(i.EndedBy))
	return ui.NewForm(ui.Form{
		Action: link.ResolveIncident(int64(i.ID)), Submit: "Mark as resolved", Cancel: link.Incident(int64(i.ID)),
		Questions: []ui.Question{
			{Control: ui.OneOf, Field: ui.Field{
				Name: "ended_by", Label: "What ended it?", Value: typed.Get("ended_by"), Wide: true, Options: endings(),
				Help: "A restart or a workaround leaves the cause where it was; Upshot then asks for a permanent fix.",
			}},
		},
	}, err)
}

// TellForm asks when and how the developers of the building team came to know.
func TellForm(i incident.Incident, typed url.Values, err error, c ui.Clock) ui.Form {
	Default(typed, "at", c.Input(c.Now), "channel", string(incident.ByHand))
	var channels []ui.Option
	for _, ch := range incident.Channels {
		channels = append(channels, ui.Option{Value: string(ch), Label: ui.Sentence(channelWords[ch])})
	}
	at := momentField("at", "When did they know?", typed, c)
	at.Error = ui.ErrorFor(faultFields(err), string(incident.DeveloperNotifiedAt))
	return ui.NewForm(ui.Form{
		Action: link.TellDevelopers(int64(i.ID)), Submit: "Note it", Cancel: link.Incident(int64(i.ID)),
		Questions: []ui.Question{
			at,
			{Control: ui.OneOf, Field: ui.Field{Name: "channel", ID: "developer_notified_by", Label: "How?", Value: typed.Get("channel"), Options: channels}},
		},
	}, err)
}

// CloseForm asks for a decision where the gate asks for one; where it is open there is nothing to ask.
func CloseForm(i incident.Incident, l incident.Loop, typed url.Values, err error, c ui.Clock) ui.Form {
	f := ui.Form{Action: link.CloseIncident(int64(i.ID)), Submit: "Close incident", Cancel: link.Incident(int64(i.ID))}
	missing := incident.Gate(i, l)
	f.Above = closing(closingOf(i, l, c))
	if missing.Change || typed.Get("reason") != "" {
		Default(typed, "look_again_on", c.Now.AddDate(0, 3, 0).Format("2006-01-02"))
		f.Submit = "Record the decision and close"
		wrong := faultFields(err)
		f.Questions = []ui.Question{
			{Control: ui.Lines, Field: ui.Field{
				Name: "reason", ID: "decision.reason", Label: "Why is no change of practice worth it?", Value: typed.Get("reason"), Wide: true,
				Error: ui.ErrorFor(wrong, "decision.reason"), Help: "Others will read it in a year.",
			}},
			{Field: ui.Field{
				Name: "look_again_on", ID: "decision.look_again_on", Label: "Look again on", Type: "date", Value: typed.Get("look_again_on"),
				Error: ui.ErrorFor(wrong, "decision.look_again_on"),
			}},
		}
	}
	return ui.NewForm(f, err)
}

// closingOf is what the gate says, without leading to the form that it stands on.
func closingOf(i incident.Incident, l incident.Loop, c ui.Clock) Gate {
	g := gateOf(Facts{Incident: i, Loop: l, CanEdit: true}, c)
	g.Lines = slices.DeleteFunc(g.Lines, func(h Hint) bool { return h.Link == link.CloseIncident(int64(i.ID)) })
	return g
}

// CorrectForm asks which moment was wrong, what is right, and why.
func CorrectForm(i incident.Incident, typed url.Values, err error, c ui.Clock) ui.Form {
	Default(typed, "moment", string(incident.StartedAt))
	var moments []ui.Option
	for _, name := range incident.MomentNames {
		at := "not known"
		if v := *i.Moments.Of(name); !v.IsZero() {
			at = c.Moment(v)
		}
		moments = append(moments, ui.Option{Value: string(name), Label: momentWords[name] + ": " + at})
	}
	value := momentField("value", "What is right?", typed, c)
	value.Help = "Empty: nobody knows."
	if value.Error = ui.ErrorFor(faultFields(err), typed.Get("moment")); value.Error == "" {
		value.Error = ui.ErrorFor(faultFields(err), "value")
	}
	return ui.NewForm(ui.Form{
		Action: link.IncidentMoments(int64(i.ID)), Submit: "Correct it", Cancel: link.Incident(int64(i.ID)),
		Questions: []ui.Question{
			{Control: ui.OneOf, Field: ui.Field{Name: "moment", Label: "Which moment?", Value: typed.Get("moment"), Options: moments}},
			value,
			{Field: ui.Field{
				Name: "reason", Label: "Why was it wrong?", Value: typed.Get("reason"), Wide: true,
				Help: "The old value, this reason and your name stay on the timeline.", Placeholder: "The clock of web-3 was an hour ahead",
			}},
		},
	}, err)
}

// MergeForm asks which incident it is another report of.
func MergeForm(i incident.Incident, typed url.Values, err error) ui.Form {
	return ui.NewForm(ui.Form{
		Action: link.MergeIncident(int64(i.ID)), Submit: "Merge", Cancel: link.Incident(int64(i.ID)),
		Questions: []ui.Question{
			{Field: ui.Field{
				Name: "into", Label: "Merge into", Value: typed.Get("into"), Placeholder: "INC-42", Wide: true, Autocomplete: "off",
				Help: "For two reports of one occurrence: " + i.ID.String() + " then leads to the other and counts no more. It can be taken back. " +
					"If it happened twice, join them as one problem instead.",
			}},
		},
	}, err)
}

// Reopening says what reopening does, or why it can't be done any more.
type Reopening struct {
	Ref         string
	Can         bool
	Explanation string
	Again       string // address to report a new occurrence
	Action      string
	Back        string
}

// NewReopening tells reopening from happening again: within the flap window it is the same occurrence.
func NewReopening(i incident.Incident, c ui.Clock) Reopening {
	id := int64(i.ID)
	window := ui.Minutes(problem.FlapWindow)
	r := Reopening{
		Ref: i.ID.String(), Action: link.ReopenIncident(id), Back: link.Incident(id),
		Again: link.With(link.ReportIncident, "again", i.ID.String()),
	}
	try := i
	r.Can = try.Reopen(c.Now) == nil
	end := i.Moments.RestoredOrResolved()
	switch {
	case i.Status == incident.Open:
		r.Explanation = "It is open."
	case r.Can && end.IsZero():
		r.Explanation = "It is not restored yet. Reopening says that the worst is not over."
	case r.Can:
		r.Explanation = "It ended " + ui.Ago(end, c.Now) + ". Within " + window + " it is the same occurrence: reopening adds to its impact, and nothing new is counted."
	case end.IsZero():
		r.Explanation = "Nobody noted when it ended. If it happened again, report a new occurrence: then the recurrence is counted."
	default:
		r.Explanation = "It ended " + ui.Ago(end, c.Now) + ". After " + window + " it is a new occurrence: report it, and the recurrence is counted."
	}
	return r
}

func faultFields(err error) []fault.Field {
	if f := fault.Of(err); f != nil {
		return f.Fields
	}
	return nil
}
