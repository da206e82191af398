package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"upshot/app/account"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
)

// exportTime is how long an export may take at most.
const exportTime = 15 * time.Minute

// column is one column of an export: a member in JSON, a field in CSV. A value is a text, a number, true or false, a
// *time.Time, a list of texts, or nil.
type column[T any] struct {
	name string
	of   func(T) any
}

// table is one kind of thing, page by page.
type table interface {
	names() []string
	// rows gives the values of a page, and the cursor of the next one.
	rows(ctx context.Context, cursor string) (rows [][]any, next string, err error)
}

type tableOf[T any] struct {
	columns []column[T]
	page    func(ctx context.Context, r listing.Request) (items []T, next string, err error)
}

func (t tableOf[T]) names() []string {
	names := make([]string, len(t.columns))
	for n, c := range t.columns {
		names[n] = c.name
	}
	return names
}

func (t tableOf[T]) rows(ctx context.Context, cursor string) ([][]any, string, error) {
	items, next, err := t.page(ctx, listing.Request{Limit: listing.MaxLimit, Cursor: cursor})
	rows := make([][]any, len(items))
	for n, item := range items {
		for _, c := range t.columns {
			rows[n] = append(rows[n], c.of(item))
		}
	}
	return rows, next, err
}

// paged is a page of a list as tables want it.
func paged[T any](p listing.Page[T], err error) ([]T, string, error) { return p.Items, p.Next, err }

var incidentColumns = []column[incident.Incident]{
	{"ref", func(i incident.Incident) any { return i.ID.String() }},
	{"title", func(i incident.Incident) any { return i.Title }},
	{"summary", func(i incident.Incident) any { return i.Summary }},
	{"impact", func(i incident.Incident) any { return i.Impact }},
	{"services", func(i incident.Incident) any { return append([]string{}, i.Services...) }},
	{"severity", func(i incident.Incident) any { return word(string(i.Severity)) }},
	{"kind", func(i incident.Incident) any { return string(i.Kind) }},
	{"class", func(i incident.Incident) any { return string(i.Class) }},
	{"status", func(i incident.Incident) any { return string(i.Status) }},
	{"source", func(i incident.Incident) any { return i.Source }},
	{"external_id", func(i incident.Incident) any { return i.ExternalID }},
	{"group_key", func(i incident.Incident) any { return i.GroupKey }},
	{"detected_by", func(i incident.Incident) any { return string(i.DetectedBy) }},
	{"url", func(i incident.Incident) any { return i.URL }},
	{"problem", func(i incident.Incident) any { return refOf(i.Problem) }},
	{"started_at", func(i incident.Incident) any { return known(i.Moments.StartedAt) }},
	{"detected_at", func(i incident.Incident) any { return known(i.Moments.DetectedAt) }},
	{"declared_at", func(i incident.Incident) any { return known(i.Moments.DeclaredAt) }},
	{"developer_notified_at", func(i incident.Incident) any { return known(i.Moments.DeveloperNotifiedAt) }},
	{"developer_notified_by", func(i incident.Incident) any { return word(string(i.NotifiedBy)) }},
	{"acknowledged_at", func(i incident.Incident) any { return known(i.Moments.AcknowledgedAt) }},
	{"mitigated_at", func(i incident.Incident) any { return known(i.Moments.MitigatedAt) }},
	{"restored_at", func(i incident.Incident) any { return known(i.Moments.RestoredAt) }},
	{"resolved_at", func(i incident.Incident) any { return known(i.Moments.ResolvedAt) }},
	{"closed_at", func(i incident.Incident) any { return known(i.Moments.ClosedAt) }},
	{"ended_by", func(i incident.Incident) any { return string(i.EndedBy) }},
	{"hands_on_seconds", func(i incident.Incident) any { return seconds(i.HandsOn) }},
	{"participants", func(i incident.Incident) any {
		people := []string{}
		for _, p := range i.Participants {
			people = append(people, p.Name+" ("+p.Side+")")
		}
		return people
	}},
	{"impact_duration_seconds", func(i incident.Incident) any {
		if d, ended := i.Duration(); ended {
			return seconds(d)
		}
		return nil
	}},
	{"occurrence", func(i incident.Incident) any { return int64(i.Standing.Occurrence) }},
	{"recurs", func(i incident.Incident) any { return i.Standing.Recurs }},
	{"significant", func(i incident.Incident) any { return i.Standing.Significant }},
	{"has_cause", func(i incident.Incident) any { return i.Standing.HasCause }},
}

var problemColumns = []column[problem.Problem]{
	{"ref", func(p problem.Problem) any { return p.ID.String() }},
	{"title", func(p problem.Problem) any { return p.Title }},
	{"service", func(p problem.Problem) any { return word(p.Service) }},
	{"state", func(p problem.Problem) any { return string(p.State) }},
	{"occurrences", func(p problem.Problem) any { return int64(p.Figures.Occurrences) }},
	{"recurrences", func(p problem.Problem) any { return int64(p.Figures.Recurrences) }},
	{"first_at", func(p problem.Problem) any { return known(p.Figures.FirstAt) }},
	{"last_at", func(p problem.Problem) any { return known(p.Figures.LastAt) }},
	{"impact_seconds", func(p problem.Problem) any { return seconds(p.Figures.Impact) }},
	{"hands_on_seconds", func(p problem.Problem) any { return seconds(p.Figures.HandsOn) }},
	{"restart_streak", func(p problem.Problem) any { return int64(p.Figures.RestartStreak) }},
	{"fix_failed_at", func(p problem.Problem) any { return known(p.FixFailedAt) }},
	{"created_at", func(p problem.Problem) any { return known(p.CreatedAt) }},
}

// counted is a follow-up with its ledger as of now.
type counted struct {
	followup.FollowUp
	team   string
	ledger followup.Ledger
}

var followUpColumns = []column[counted]{
	{"ref", func(f counted) any { return f.ID.String() }},
	{"title", func(f counted) any { return f.Title }},
	{"detail", func(f counted) any { return f.Detail }},
	{"kind", func(f counted) any { return string(f.Kind) }},
	{"purpose", func(f counted) any { return string(f.Purpose) }},
	{"team", func(f counted) any { return word(f.team) }},
	{"state", func(f counted) any { return string(f.State) }},
	{"due_on", func(f counted) any { return word(f.DueOn) }},
	{"incidents", func(f counted) any { return refs(f.Incidents) }},
	{"problem", func(f counted) any { return refOf(f.Problem) }},
	{"evidence_url", func(f counted) any { return f.EvidenceURL }},
	{"deployment", func(f counted) any {
		if f.Deployment == 0 {
			return nil
		}
		return int64(f.Deployment)
	}},
	{"fix_failed_at", func(f counted) any { return known(f.FixFailedAt) }},
	{"declined_reason", func(f counted) any { return f.Declined.Reason }},
	{"look_again_on", func(f counted) any { return word(f.Declined.LookAgainOn) }},
	{"duplicate_of", func(f counted) any { return refOf(f.DuplicateOf) }},
	{"queued_at", func(f counted) any { return known(f.ledger.QueuedAt) }},
	{"started_at", func(f counted) any { return known(f.ledger.StartedAt) }},
	{"done_at", func(f counted) any { return known(f.ledger.DoneAt) }},
	{"shipped_at", func(f counted) any { return known(f.ledger.ShippedAt) }},
	{"verified_at", func(f counted) any { return known(f.ledger.VerifiedAt) }},
	{"waiting_seconds", func(f counted) any { return seconds(f.ledger.Waiting) }},
	{"working_seconds", func(f counted) any { return seconds(f.ledger.Working) }},
	{"sent_back_seconds", func(f counted) any { return seconds(f.ledger.SentBack) }},
	{"still_waiting", func(f counted) any { return f.ledger.StillWaiting }},
	{"recurrences_while_waiting", func(f counted) any { return int64(f.ledger.RecurrencesWhileWaiting) }},
	{"impact_while_waiting_seconds", func(f counted) any { return seconds(f.ledger.ImpactWhileWaiting) }},
	{"hands_on_while_waiting_seconds", func(f counted) any { return seconds(f.ledger.HandsOnWhileWaiting) }},
	{"recurrences_after", func(f counted) any { return int64(f.ledger.RecurrencesAfter) }},
	{"created_at", func(f counted) any { return known(f.CreatedAt) }},
}

var deploymentColumns = []column[deployment.Deployment]{
	{"id", func(d deployment.Deployment) any { return int64(d.ID) }},
	{"service", func(d deployment.Deployment) any { return d.Service }},
	{"environment", func(d deployment.Deployment) any { return d.Environment }},
	{"version", func(d deployment.Deployment) any { return d.Version }},
	{"started_at", func(d deployment.Deployment) any { return known(d.StartedAt) }},
	{"finished_at", func(d deployment.Deployment) any { return known(d.FinishedAt) }},
	{"outcome", func(d deployment.Deployment) any { return string(d.Outcome) }},
	{"url", func(d deployment.Deployment) any { return d.URL }},
	{"source", func(d deployment.Deployment) any { return d.Source }},
	{"external_id", func(d deployment.Deployment) any { return d.ExternalID }},
	{"caused", func(d deployment.Deployment) any { return refs(d.Caused) }},
}

// connection is an incident and a change that answers it.
type connection struct {
	incident incident.ID
	followUp followup.FollowUp
	through  string // incident: named by the follow-up; problem: of its problem
}

var connectionColumns = []column[connection]{
	{"incident", func(c connection) any { return c.incident.String() }},
	{"followup", func(c connection) any { return c.followUp.ID.String() }},
	{"problem", func(c connection) any { return refOf(c.followUp.Problem) }},
	{"through", func(c connection) any { return c.through }},
	{"kind", func(c connection) any { return string(c.followUp.Kind) }},
	{"state", func(c connection) any { return string(c.followUp.State) }},
}

// connections gives every incident that the follow-ups answer: those they name, then the others of their problems.
func connections(promised []followup.FollowUp, members map[problem.ID][]problem.Member) []connection {
	var all []connection
	for _, f := range promised {
		direct := map[incident.ID]bool{}
		for _, i := range f.Incidents {
			direct[i] = true
			all = append(all, connection{incident: i, followUp: f, through: "incident"})
		}
		for _, m := range members[f.Problem] {
			if !direct[m.Incident] {
				all = append(all, connection{incident: m.Incident, followUp: f, through: "problem"})
			}
		}
	}
	return all
}

// word is a text, or nil when it is empty: unknown.
func word(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// refOf is a reference, or nil for 0.
func refOf[ID interface {
	~int64
	String() string
}](id ID) any {
	if id == 0 {
		return nil
	}
	return id.String()
}

// tables are what can be exported.
func (a *API) tables(viewer account.Actor) map[string]table {
	promised := func(ctx context.Context, r listing.Request) ([]followup.FollowUp, string, error) {
		return paged(a.Store.FollowUps(ctx, viewer, followup.Filter{Sort: "updated_at"}, r))
	}
	return map[string]table{
		"incidents": tableOf[incident.Incident]{incidentColumns, func(ctx context.Context, r listing.Request) ([]incident.Incident, string, error) {
			return paged(a.Store.Incidents(ctx, viewer, incident.Filter{Sort: "started_at"}, r))
		}},
		"problems": tableOf[problem.Problem]{problemColumns, func(ctx context.Context, r listing.Request) ([]problem.Problem, string, error) {
			return paged(a.Store.Problems(ctx, viewer, problem.Filter{}, r))
		}},
		"deployments": tableOf[deployment.Deployment]{deploymentColumns, func(ctx context.Context, r listing.Request) ([]deployment.Deployment, string, error) {
			return paged(a.Store.Deployments(ctx, viewer, deployment.Filter{}, r))
		}},
		"followups": tableOf[counted]{followUpColumns, func(ctx context.Context, r listing.Request) ([]counted, string, error) {
			teams, err := a.teamNames(ctx)
			if err != nil {
				return nil, "", err
			}
			page, next, err := promised(ctx, r)
			all := make([]counted, len(page))
			for n, f := range page {
				all[n] = counted{FollowUp: f, team: teams[f.Team], ledger: ledgerNow(f, a.Now())}
			}
			return all, next, err
		}},
		"connections": tableOf[connection]{connectionColumns, func(ctx context.Context, r listing.Request) ([]connection, string, error) {
			page, next, err := promised(ctx, r)
			if err != nil {
				return nil, "", err
			}
			var of []problem.ID
			for _, f := range page {
				if f.Problem != 0 {
					of = append(of, f.Problem)
				}
			}
			members, err := a.Store.MembersOfAll(ctx, viewer, of, time.Time{})
			return connections(page, members), next, err
		}},
	}
}

// describeColumns names the columns of every export in its description.
func describeColumns(add func(*API, huma.API, huma.Operation)) func(*API, huma.API, huma.Operation) {
	return func(a *API, words huma.API, op huma.Operation) {
		tables := a.tables(account.Actor{})
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			op.Description += "\n\n" + name + ": " + strings.Join(tables[name].names(), ", ") + "."
		}
		op.Description += "\n\nIn CSV, texts that a spreadsheet would run as a formula get an apostrophe in front."
		add(a, words, op)
	}
}

type exportIn struct {
	File string `path:"file" maxLength:"100" example:"incidents.csv" doc:"incidents, problems, followups, deployments or connections, with .csv or .json. Lists within a CSV field are parted by ;."`
}

type exported struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

// export streams everything of one kind. The first page is read before anything is sent, so that trouble still becomes
// a proper answer; later trouble breaks the connection, so that nobody takes a part for the whole.
func (a *API) export(ctx context.Context, in *exportIn) (*exported, error) {
	t, writer, err := a.exportOf(ctx, in.File)
	if err != nil {
		return nil, err
	}
	// The deadline of ordinary requests is too short here. A reader who is gone ends it with the first write.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTime)
	rows, next, err := t.rows(ctx, "")
	if err != nil {
		cancel()
		return nil, err
	}
	out := &exported{ContentType: "text/csv; charset=utf-8", Disposition: fmt.Sprintf("attachment; filename=%q", in.File)}
	if strings.HasSuffix(in.File, ".json") {
		out.ContentType = "application/json"
	}
	out.Body = func(c huma.Context) {
		defer cancel()
		w := writer(c.BodyWriter())
		if err := writeAll(ctx, w, t, rows, next); err != nil {
			a.Log.ErrorContext(ctx, "export broke off", "export", in.File, "error", err)
			panic(http.ErrAbortHandler)
		}
	}
	return out, nil
}

// exportOf finds the table and the writer that a name such as incidents.csv stands for.
func (a *API) exportOf(ctx context.Context, file string) (table, func(io.Writer) rowWriter, error) {
	name, format, _ := strings.Cut(file, ".")
	t, there := a.tables(account.ActorFrom(ctx))[name]
	writer := map[string]func(io.Writer) rowWriter{"csv": newCSVRows, "json": newJSONRows}[format]
	if !there || writer == nil {
		return nil, nil, fault.New(fault.NotFound, "There is no such export; incidents, problems, followups, deployments and connections can be had as .csv and .json.")
	}
	return t, writer, nil
}

// Export writes everything of one kind to w, for the command line; file is a name such as incidents.csv.
func (a *API) Export(ctx context.Context, w io.Writer, file string) error {
	t, writer, err := a.exportOf(ctx, file)
	if err != nil {
		return err
	}
	rows, next, err := t.rows(ctx, "")
	if err != nil {
		return err
	}
	return writeAll(ctx, writer(w), t, rows, next)
}

func writeAll(ctx context.Context, w rowWriter, t table, rows [][]any, next string) error {
	if err := w.begin(t.names()); err != nil {
		return err
	}
	for {
		for _, row := range rows {
			if err := w.row(row); err != nil {
				return err
			}
		}
		if next == "" {
			return w.end()
		}
		var err error
		if rows, next, err = t.rows(ctx, next); err != nil {
			return err
		}
	}
}

type rowWriter interface {
	begin(names []string) error
	row(values []any) error
	end() error
}

type csvRows struct{ w *csv.Writer }

func newCSVRows(w io.Writer) rowWriter { return csvRows{csv.NewWriter(w)} }

func (c csvRows) begin(names []string) error { return c.w.Write(names) }

func (c csvRows) row(values []any) error {
	fields := make([]string, len(values))
	for n, v := range values {
		fields[n] = cell(v)
	}
	return c.w.Write(fields)
}

func (c csvRows) end() error {
	c.w.Flush()
	return c.w.Error()
}

// cell is a value as a field of CSV. Texts that a spreadsheet would run as a formula get an apostrophe in front.
func cell(v any) string {
	switch v := v.(type) {
	case string:
		return harmless(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case *time.Time:
		if v == nil {
			return ""
		}
		return v.Format(time.RFC3339Nano)
	case []string:
		return harmless(strings.Join(v, ";"))
	}
	return ""
}

func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

type jsonRows struct {
	w     io.Writer
	names [][]byte
	more  bool
}

func newJSONRows(w io.Writer) rowWriter { return &jsonRows{w: w} }

func (j *jsonRows) begin(names []string) error {
	for _, name := range names {
		j.names = append(j.names, append(strconv.AppendQuote(nil, name), ':'))
	}
	_, err := io.WriteString(j.w, "[")
	return err
}

func (j *jsonRows) row(values []any) error {
	line := []byte("\n{")
	if j.more {
		line = []byte(",\n{")
	}
	j.more = true
	for n, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if n > 0 {
			line = append(line, ',')
		}
		line = append(append(line, j.names[n]...), text...)
	}
	_, err := j.w.Write(append(line, '}'))
	return err
}

func (j *jsonRows) end() error {
	_, err := io.WriteString(j.w, "\n]\n")
	return err
}
