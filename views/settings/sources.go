package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/app/listing"
	"upshot/views/link"
	"upshot/views/ui"
)

// SourceRow is one source in the list.
type SourceRow struct {
	Name, Maker, Link, Address string
	State                      ui.State
	Word                       string
	Last                       ui.When
	Unmapped                   string
}

// PlaceRow is one environment in the list.
type PlaceRow struct {
	Name, Deployments string
	Production        bool
}

// SourcesPage lists the sources, and which environments are production.
type SourcesPage struct {
	Title   string
	Rows    []SourceRow
	Places  []PlaceRow
	IsAdmin bool
}

// NewSourcesPage lists them.
func NewSourcesPage(all []intake.Source, makers map[intake.Kind]intake.Maker, places []deployment.Place, baseURL string, c ui.Clock, admin bool) SourcesPage {
	p := SourcesPage{IsAdmin: admin, Title: "No source sends incidents yet"}
	for _, s := range all {
		r := SourceRow{
			Name: s.Name, Maker: makers[s.Kind].Name, Link: link.Source(int64(s.ID)), Address: baseURL + link.Hook(string(s.Kind), s.Name), Last: c.When(s.LastAt),
		}
		switch {
		case !s.OffAt.IsZero():
			r.State, r.Word = ui.Declined, "off"
		case s.LastAt.IsZero():
			r.State, r.Word = ui.Waiting, "nothing came yet"
		default:
			r.State, r.Word = ui.Done, "on"
		}
		if n := len(s.Unmapped); n > 0 {
			r.Unmapped = ui.Plural(n, "unknown service name", "unknown service names")
		}
		p.Rows = append(p.Rows, r)
	}
	if n := len(p.Rows); n > 0 {
		p.Title = "Incidents arrive from " + ui.Plural(n, "source", "sources")
	}
	for _, e := range places {
		p.Places = append(p.Places, PlaceRow{Name: e.Environment, Production: e.Production, Deployments: ui.Plural(e.Deployments, "deployment", "deployments")})
	}
	return p
}

// NewSourceForm asks for a new source.
func NewSourceForm(kind, name string, makers map[intake.Kind]intake.Maker, err error) ui.Form {
	var options []ui.Option
	for _, m := range byName(makers) {
		options = append(options, ui.Option{Value: string(m.Kind), Label: m.Name})
	}
	return ui.NewForm(ui.Form{
		Action: link.Sources, Submit: "Add the source", Cancel: link.Sources,
		Questions: []ui.Question{
			{Control: ui.OneOf, Field: ui.Field{Name: "kind", Label: "Who sends", Value: kind, Options: options}},
			{Field: ui.Field{Name: "name", Label: "Name", Value: name, Placeholder: "main", Required: true, Autocomplete: "off", Help: "The last part of its address, such as main or eu-west."}},
			{Field: ui.Field{
				Name: "secret", Label: "Secret", Hint: "optional", Autocomplete: "off", Wide: true,
				Help: "Leave it empty, and one is made up and shown once. Give one where the sender makes it, as PagerDuty and Sentry do.",
			}},
		},
	}, err)
}

func byName(makers map[intake.Kind]intake.Maker) []intake.Maker {
	return slices.SortedFunc(maps.Values(makers), func(a, b intake.Maker) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
}

// BecameLine is one thing that a delivery changed.
type BecameLine struct{ Ref, Link, Did string }

// DeliveryRow is one delivery in the list of its source.
type DeliveryRow struct {
	Link, Size, Times string
	At                ui.When
	State             ui.State
	Word              string
	Became            []BecameLine
	Words             string
}

// UnmappedRow is a name that nobody mapped, with the services it may mean.
type UnmappedRow struct {
	Name   string
	Choice ui.Field
}

// SourcePage is one source.
type SourcePage struct {
	ID                      int64
	Title, Name, Maker      string
	Address                 string
	SetUp                   string // Markdown
	Off                     bool
	Secrets                 int
	SecretNew               ui.Form
	Rows                    []DeliveryRow
	Filters                 []ui.Window
	Pager                   ui.Pager
	Unmapped                []UnmappedRow
	Said                    []string // the mapping in words
	Last                    ui.When
	IsAdmin, CanEdit, Signs bool
	Secret                  *Secret
	Here                    string // the page's own address, for what renews itself
}

// SourceData is what NewSourcePage is made of.
type SourceData struct {
	Source     intake.Source
	Maker      intake.Maker
	Secrets    int
	Deliveries listing.Page[intake.Delivery]
	Counts     map[intake.State]int
	State      intake.State
	Services   []ui.Option
	Pager      ui.Pager
	BaseURL    string
	Clock      ui.Clock
	IsAdmin    bool
	CanEdit    bool
	Secret     *Secret
	Wrong      error
	Here       string
}

// NewSourcePage shows a source with what it sent last.
func NewSourcePage(d SourceData) SourcePage {
	s := d.Source
	p := SourcePage{
		ID: int64(s.ID), Name: s.Called(), Maker: d.Maker.Name, Address: d.BaseURL + link.Hook(string(s.Kind), s.Name), SetUp: d.Maker.SetUp,
		Off: !s.OffAt.IsZero(), Secrets: d.Secrets, Last: d.Clock.When(s.LastAt), IsAdmin: d.IsAdmin, CanEdit: d.CanEdit, Signs: d.Maker.Signs, Secret: d.Secret,
		Pager: d.Pager, Said: mappingInWords(s.Mapping, d.Maker), Here: d.Here,
	}
	failed, waiting := d.Counts[intake.Failed], d.Counts[intake.Waiting]
	switch {
	case p.Off:
		p.Title = d.Maker.Name + " “" + s.Name + "” is switched off"
	case failed > 0:
		p.Title = fmt.Sprintf("%s “%s”: %s could not be read", d.Maker.Name, s.Name, ui.Plural(failed, "delivery", "deliveries"))
	case waiting > 0:
		p.Title = fmt.Sprintf("%s “%s”: %s waiting", d.Maker.Name, s.Name, ui.Plural(waiting, "delivery", "deliveries"))
	case s.LastAt.IsZero():
		p.Title = d.Maker.Name + " “" + s.Name + "” has sent nothing yet"
	default:
		p.Title = d.Maker.Name + " “" + s.Name + "” sends incidents"
	}
	p.SecretNew = ui.NewForm(ui.Form{
		Action: link.SourceSecret(p.ID), Submit: "Add a secret", Second: true,
		Questions: []ui.Question{{Field: ui.Field{Name: "secret", Label: "Another secret", Hint: "optional", Autocomplete: "off", Help: "Empty: one is made up. The present one stays good until it is dropped."}}},
	}, d.Wrong)
	for _, x := range d.Deliveries.Items {
		p.Rows = append(p.Rows, deliveryRow(x, d.Clock))
	}
	all := 0
	for _, n := range d.Counts {
		all += n
	}
	p.Filters = append(p.Filters, ui.Window{Text: "all " + ui.Thousands(all), Link: link.Source(p.ID), Current: d.State == ""})
	for _, state := range intake.States {
		if n := d.Counts[state]; n > 0 || d.State == state {
			p.Filters = append(p.Filters, ui.Window{Text: string(state) + " " + ui.Thousands(n), Link: link.With(link.Source(p.ID), "state", string(state)), Current: d.State == state})
		}
	}
	for n, name := range s.Unmapped {
		p.Unmapped = append(p.Unmapped, UnmappedRow{Name: name, Choice: ui.Field{
			Name: "service", ID: "service-" + strconv.Itoa(n), Label: "Service that “" + name + "” means", Options: d.Services,
		}})
	}
	return p
}

func deliveryRow(x intake.Delivery, c ui.Clock) DeliveryRow {
	r := DeliveryRow{Link: link.Delivery(int64(x.Source), int64(x.ID)), At: c.When(x.ReceivedAt), Size: size(x.Size), Word: string(x.State), Words: x.Words}
	if x.Times > 1 {
		r.Times = ui.Plural(x.Times, "time", "times")
	}
	switch x.State {
	case intake.Done:
		r.State = ui.Done
	case intake.Waiting:
		r.State = ui.Waiting
	case intake.Failed:
		r.State = ui.FixFailed
	case intake.Unmapped:
		r.State = ui.Waiting
	default:
		r.State = ui.Declined
	}
	for _, b := range x.Became {
		if b.Incident != 0 {
			r.Became = append(r.Became, BecameLine{Ref: b.Incident.String(), Link: link.Incident(int64(b.Incident)), Did: b.Did})
		} else {
			r.Became = append(r.Became, BecameLine{Ref: "Deployment", Link: link.Deployment(int64(b.Deployment)), Did: b.Did})
		}
	}
	return r
}

func size(bytes int) string {
	switch {
	case bytes < 1_000:
		return strconv.Itoa(bytes) + " B"
	case bytes < 1_000_000:
		return strconv.Itoa((bytes+500)/1_000) + " kB"
	}
	return strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64) + " MB"
}

// mappingInWords tells what a mapping does, a sentence each.
func mappingInWords(m intake.Mapping, maker intake.Maker) []string {
	from := m.ServiceFrom
	if len(from) == 0 {
		from = maker.ServiceFrom
	}
	var said []string
	if len(from) > 0 {
		said = append(said, "The service is named by "+strings.Join(from, ", else ")+".")
	}
	if n := len(m.Services); n > 0 {
		said = append(said, ui.Sentence(ui.Plural(n, "name is", "names are"))+" mapped to services.")
	}
	if m.Service != "" {
		said = append(said, "What names no known service belongs to "+m.Service+".")
	} else {
		said = append(said, "What names no known service is kept as unassigned.")
	}
	severity := m.SeverityFrom
	if len(severity) == 0 {
		severity = maker.SeverityFrom
	}
	if len(severity) > 0 {
		said = append(said, "The severity is named by "+strings.Join(severity, ", else ")+".")
	}
	if len(m.SameBy) > 0 {
		said = append(said, "The same "+strings.Join(m.SameBy, " and ")+" is the same failure.")
	} else {
		said = append(said, "The sender’s own name for a failure tells what is the same.")
	}
	for _, rule := range m.Skip {
		said = append(said, "What bears "+rule+" is left out.")
	}
	if m.PagesOnCall {
		said = append(said, "It pages whoever answers at night.")
	}
	return said
}

// DeliveryPage is one delivery.
type DeliveryPage struct {
	Source, SourceLink, Title string
	Row                       DeliveryRow
	Name, Again               string
	Last                      ui.When
	Attempts                  string
	Headers                   []string
	Body                      string
	Cut                       bool
	CanEdit                   bool
}

// mostShown is how much of a body a page shows.
const mostShown = 200_000

// NewDeliveryPage shows a delivery as it came.
func NewDeliveryPage(s intake.Source, x intake.Delivery, c ui.Clock, canEdit bool) DeliveryPage {
	p := DeliveryPage{
		Source: s.Called(), SourceLink: link.Source(int64(s.ID)), Title: "Delivery " + strconv.FormatInt(int64(x.ID), 10), Row: deliveryRow(x, c),
		Name: x.Name, Again: link.DeliveryAgain(int64(s.ID), int64(x.ID)), Last: c.When(x.LastAt), CanEdit: canEdit,
	}
	if x.Attempts > 1 {
		p.Attempts = ui.Plural(x.Attempts, "time", "times")
	}
	for _, name := range slices.Sorted(maps.Keys(x.Headers)) {
		p.Headers = append(p.Headers, name+": "+x.Headers[name])
	}
	body := x.Body
	if len(body) > mostShown {
		body, p.Cut = body[:mostShown], true
	}
	p.Body = pretty(body)
	return p
}

// pretty indents JSON; what is cut or no text stays as it is.
func pretty(body []byte) string {
	if utf8.Valid(body) && json.Valid(body) {
		var out strings.Builder
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if enc.Encode(json.RawMessage(body)) == nil {
			return strings.TrimSpace(out.String())
		}
	}
	return strings.ToValidUTF8(string(body), "�")
}

// TriedLine is one thing that a pasted body would become.
type TriedLine struct {
	Title string
	Facts []string
}

// MappingOfPage asks how a source's words become ours.
type MappingOfPage struct {
	Source, SourceLink, Action string
	Wrong                      ui.Form // what is wrong, above
	Words                      []ui.Question
	Pointers                   []ui.Question
	Body                       ui.Field
	Tried                      []TriedLine
	TriedTitle                 string
}

// SourceMapping is a mapping as it is typed: lists with commas, tables with a line for each entry.
type SourceMapping struct {
	ServiceFrom, Services, Service, SeverityFrom, Severities, SameBy, Skip string
	PagesOnCall                                                            bool
	Pointers                                                               map[string]string
	Statuses                                                               string
	Body                                                                   string
}

// pointerNames are the pointers of the generic form, with what they lead to.
var pointerNames = []struct{ name, label, help string }{
	{"events", "Events", "An array of events, such as /alerts. Empty: the body is one event, and the others lead into it."},
	{"key", "Name of the incident", "What stays the same from firing to resolved. Needed, unless all are empty: then the names shown count."},
	{"title", "Title", "Needed."},
	{"status", "Status", "Its words are mapped below."},
	{"group", "Name of the failure", "What is the same each time it happens again."},
	{"summary", "Summary", ""},
	{"severity", "Severity", ""},
	{"service", "Service", ""},
	{"started_at", "Started", "RFC 3339, or seconds since 1970."},
	{"resolved_at", "Resolved", ""},
	{"url", "Address of its page", ""},
	{"labels", "Labels", "An object of texts."},
	{"delivery", "Name of the delivery", "What tells deliveries apart; one that is sent twice counts once."},
}

// usualPointer is where it is looked for while no pointer is given at all.
func usualPointer(name string) string {
	switch name {
	case "events", "group", "delivery":
		return ""
	}
	return "/" + name
}

// PointerFields gives the fields of a form for pointers, by name.
func PointerFields(p *intake.Pointers) map[string]*string {
	return map[string]*string{
		"events": &p.Events, "key": &p.Key, "group": &p.Group, "title": &p.Title, "summary": &p.Summary, "url": &p.URL, "status": &p.Status, "severity": &p.Severity,
		"service": &p.Service, "started_at": &p.StartedAt, "resolved_at": &p.ResolvedAt, "labels": &p.Labels, "delivery": &p.Delivery,
	}
}

// TypedMapping writes a mapping as a form shows it.
func TypedMapping(m intake.Mapping) SourceMapping {
	t := SourceMapping{
		ServiceFrom: strings.Join(m.ServiceFrom, ", "), Service: m.Service, SeverityFrom: strings.Join(m.SeverityFrom, ", "), SameBy: strings.Join(m.SameBy, ", "),
		Skip: strings.Join(m.Skip, "\n"), PagesOnCall: m.PagesOnCall, Services: entries(m.Services), Statuses: entries(m.Pointers.Statuses), Pointers: map[string]string{},
	}
	words := map[string]string{}
	for word, severity := range m.Severities {
		words[word] = string(severity)
	}
	t.Severities = entries(words)
	for name, is := range PointerFields(&m.Pointers) {
		t.Pointers[name] = *is
	}
	return t
}

func entries(m map[string]string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, name+" = "+m[name])
	}
	return strings.Join(lines, "\n")
}

// MappingOf reads what was typed. A line that is no entry is told by its field.
func (t SourceMapping) MappingOf() (intake.Mapping, []string) {
	var wrong []string
	table := func(field, text string, value func(string) string) map[string]string {
		m := map[string]string{}
		for line := range strings.Lines(text) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			at := strings.LastIndex(line, "=")
			if at < 0 || strings.TrimSpace(line[:at]) == "" || strings.TrimSpace(line[at+1:]) == "" {
				wrong = append(wrong, field)
				continue
			}
			m[strings.ToLower(strings.TrimSpace(line[:at]))] = value(strings.TrimSpace(line[at+1:]))
		}
		return m
	}
	m := intake.Mapping{
		ServiceFrom: names(t.ServiceFrom), Service: strings.TrimSpace(t.Service), SeverityFrom: names(t.SeverityFrom), SameBy: names(t.SameBy), PagesOnCall: t.PagesOnCall,
		Services: table("services", t.Services, strings.ToLower), Severities: map[string]incident.Severity{},
	}
	for line := range strings.Lines(t.Skip) {
		if line = strings.TrimSpace(line); line != "" {
			m.Skip = append(m.Skip, line)
		}
	}
	for word, severity := range table("severities", t.Severities, strings.ToUpper) {
		if !slices.Contains(incident.Severities, incident.Severity(severity)) {
			wrong = append(wrong, "severities")
		}
		m.Severities[word] = incident.Severity(severity)
	}
	for name, is := range PointerFields(&m.Pointers) {
		*is = strings.TrimSpace(t.Pointers[name])
	}
	m.Pointers.Statuses = table("statuses", t.Statuses, strings.ToLower)
	return m, wrong
}

// names reads "a, b c" as labels in lower case.
func names(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
}

// NewMappingOfPage asks.
func NewMappingOfPage(s intake.Source, maker intake.Maker, t SourceMapping, services []ui.Option, tried []TriedLine, triedTitle string, err error) MappingOfPage {
	id := int64(s.ID)
	usual := func(names []string) string {
		if len(names) == 0 {
			return ""
		}
		return " Empty: " + strings.Join(names, ", ") + "."
	}
	p := MappingOfPage{Source: s.Called(), SourceLink: link.Source(id), Action: link.SourceMapping(id), Tried: tried, TriedTitle: triedTitle}
	form := ui.NewForm(ui.Form{Questions: []ui.Question{
		{Field: ui.Field{Name: "service_from", Label: "Labels that name the service", Value: t.ServiceFrom, Autocomplete: "off", Help: "Asked in this order, with commas between." + usual(maker.ServiceFrom)}},
		{Control: ui.OneOf, Field: ui.Field{Name: "default_service", Label: "Service of what names none", Value: t.Service, Options: append([]ui.Option{{Label: "none: it stays unassigned"}}, services...)}},
		{Control: ui.Lines, Field: ui.Field{Name: "services", Label: "Names of services", Value: t.Services, Help: "A line each: payments-api = payments. A name that is a service’s own needs none."}},
		{Control: ui.Lines, Field: ui.Field{Name: "severities", Label: "Words for severities", Value: t.Severities, Help: "A line each: p1 = SEV1. Usual words need none."}},
		{Field: ui.Field{Name: "severity_from", Label: "Labels that name the severity", Value: t.SeverityFrom, Autocomplete: "off", Help: "With commas between." + usual(maker.SeverityFrom)}},
		{Field: ui.Field{Name: "same_by", Label: "Labels that make it the same failure", Value: t.SameBy, Autocomplete: "off", Help: "All of them the same: it has happened again. Empty: the sender’s own name for it."}},
		{Control: ui.Lines, Field: ui.Field{Name: "skip", Label: "Left out", Value: t.Skip, Rows: 3, Help: "A line each: alertname=Watchdog. They are kept as ignored."}},
		{Control: ui.YesNo, Field: ui.Field{Name: "pages_on_call", Label: "It pages whoever answers at night", Checked: t.PagesOnCall, Help: "Where that is the team that builds the service, developers count as told from the page on."}},
	}}, err)
	p.Wrong, p.Words = form, form.Questions
	if s.Kind == intake.Generic {
		var asked []ui.Question
		for _, f := range pointerNames {
			asked = append(asked, ui.Question{Field: ui.Field{Name: f.name, Label: f.label, Value: t.Pointers[f.name], Placeholder: usualPointer(f.name), Help: f.help, Autocomplete: "off", More: plainWord}})
		}
		asked = append(asked, ui.Question{Control: ui.Lines, Field: ui.Field{
			Name: "statuses", Label: "Words of the status", Value: t.Statuses, Wide: true,
			Help: "A line each, such as: down = fired, ok = resolved. What they can mean: fired, acknowledged, mitigated, resolved, ignored.",
		}})
		p.Pointers = ui.NewForm(ui.Form{Questions: asked}, err).Questions
	}
	p.Body = ui.Field{Name: "body", Label: "A body to try it on", Value: t.Body, Rows: 12, Wide: true, Error: ui.ErrorFor(form.Wrong, "body"), Help: "Nothing of it is kept."}
	return p
}

// Tried tells what a body would become.
func Tried(parcel intake.Parcel, seen []intake.Seen, c ui.Clock) (lines []TriedLine, title string) {
	for n, s := range parcel.Signals {
		look := seen[n]
		line := TriedLine{Title: look.Title}
		add := func(words string, args ...any) { line.Facts = append(line.Facts, fmt.Sprintf(words, args...)) }
		switch {
		case len(look.Services) > 0:
			add("Service: %s", strings.Join(look.Services, ", "))
		case len(look.Unknown) > 0:
			add("Service: unassigned, nobody mapped %s", strings.Join(look.Unknown, ", "))
		default:
			add("Service: unassigned, it names none")
		}
		if look.Severity != "" {
			add("Severity: %s", look.Severity)
		} else {
			add("Severity: unknown")
		}
		for _, m := range s.Marks {
			at := "when it is received"
			if !m.At.IsZero() {
				at = c.Moment(m.At)
			}
			if m.Member != "" {
				add("%s %s (%s)", ui.Sentence(string(m.Kind)), at, m.Member)
			} else {
				add("%s %s", ui.Sentence(string(m.Kind)), at)
			}
			if len(line.Facts) > 12 {
				add("and more")
				break
			}
		}
		add("Name of the incident: %s", s.Key)
		if s.Group != "" {
			add("Name of the failure: %s", s.Group)
		}
		lines = append(lines, line)
	}
	for _, d := range parcel.Deployments {
		outcome := strings.ReplaceAll(string(d.Outcome), "_", " ")
		if outcome == "" {
			outcome = "goes on"
		}
		lines = append(lines, TriedLine{Title: "Deployment of " + strings.Join(d.Services, ", "), Facts: []string{"Version: " + d.Version, "Environment: " + d.Environment, "Outcome: " + outcome}})
	}
	for _, t := range parcel.Tickets {
		lines = append(lines, TriedLine{Title: "Ticket " + t.Key, Facts: []string{t.URL}})
	}
	switch n := len(lines); {
	case n == 0 && parcel.Ignored != "":
		return nil, "Nothing would become of it: " + parcel.Ignored
	case n == 0:
		return nil, "Nothing would become of it."
	default:
		return lines, "It would become " + ui.Plural(n, "thing", "things")
	}
}
