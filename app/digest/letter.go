package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/app/triage"
)

// Scope is whom a letter is about: a team, or the whole organisation (the zero Scope).
type Scope struct{ Team catalog.TeamID }

// String names it in the database: "organisation", "team:3".
func (s Scope) String() string {
	if s.Team == 0 {
		return "organisation"
	}
	return fmt.Sprintf("team:%d", s.Team)
}

// ParseScope reads what String gives.
func ParseScope(text string) (Scope, error) {
	if text == (Scope{}).String() {
		return Scope{}, nil
	}
	number, isTeam := strings.CutPrefix(text, "team:")
	id, err := strconv.ParseInt(number, 10, 64)
	if !isTeam || err != nil || id <= 0 {
		return Scope{}, fault.New(fault.NotFound, "There is no such letter.")
	}
	return Scope{Team: catalog.TeamID(id)}, nil
}

// Shown is how many rows a section has at most; a link leads to the rest.
const Shown = 5

// Facts are what a letter is made of.
type Facts struct {
	Scope   Scope
	Team    catalog.Team // of the scope; zero: the organisation
	Week    Week
	When    When
	Zone    *time.Location
	Now     time.Time
	BaseURL string // of this Upshot, without a slash at the end
	Preview bool   // it is looked at, and not sent: then it is not late

	Teams   map[catalog.TeamID]string // their names
	Decide  listing.Page[followup.FollowUp]
	Cost    followup.Cost // of all of Decide
	Members map[problem.ID][]problem.Member
	About   map[followup.ID]string // services
	Paid    listing.Page[followup.FollowUp]
	Waiting int // changes that nobody has started
	Proven  listing.Page[followup.FollowUp]
	// Practised is how many of Proven, shown or not, changed a practice.
	Practised int
	Declined  listing.Page[followup.FollowUp]
	Decided   listing.Page[Decided]
	Nudges    []Nudge
	Unread    Unread // reminders beside them
	Unowned   listing.Page[followup.FollowUp]
	Failing   listing.Page[followup.FollowUp] // done, and their failure still happens
	Untold    listing.Page[incident.Incident]
	NoCause   listing.Page[incident.Incident]
	Nobody    listing.Page[triage.Item]
	Measures  Measures
	Sync      []Trouble
}

// Decided is a decision against a practice change, the latest about its incident, and that incident.
type Decided struct {
	Incident incident.Incident
	Decision incident.Decision
}

// Trouble is what is wrong with a source of the letter's facts.
type Trouble struct{ Words, Link, LinkText string }

// Tellable tells whether a letter may speak of an incident. A restricted one is told of in no letter, to nobody; what never counts
// (maintenance, drills, merged reports) is not either. What a letter asks of the store leaves the same out, so that rows and totals
// agree: this is the second lock, on every incident whose title a letter prints.
func Tellable(i incident.Incident) bool { return i.Counts() }

// Tone colours what a row says; the zero Tone is ink.
type Tone string

// The tones.
const (
	Hurt Tone = "hurt" // users were hurt again
	Late Tone = "late"
	Good Tone = "good"
)

// Row is a line of a section. Only what a row has is shown.
type Row struct {
	Title, Link string
	About       string // "FU-18 for PRB-3, Booking"
	Ticket      string // key of the Jira issue, with its address and status
	TicketLink  string
	Status      string
	Value       string
	Tone        Tone
	Marks       int    // recurrences, drawn one by one
	Bar         int    // per cent of the longest wait of the section
	Under       string // words under the bar
}

// Section is a part of a letter.
type Section struct {
	Title, Lede    string
	Rows           []Row
	Note           string // instead of rows, or after them
	More, MoreLink string
	Press          bool // More is what to do now
}

// Letter is a letter, worded. Its looks are the views'.
type Letter struct {
	Scope    Scope
	Week     Week
	Subject  string
	Kicker   string // "Upshot, week 47: 16 to 22 November 2026 · every team"
	Headline string
	Lede     string
	Late     string // how late it comes, where it does
	Figures  []Measure
	Sections []Section
	// Decisions and Closed count what there is to decide, and the loops that were closed.
	Decisions, Closed int
	Why               string
	// Change leads to what one gets; Stop ends the letter for whoever reads it, and holds ForRecipient until it is sent.
	Change, Stop string
}

// ForRecipient stands in the kept letter for what is a recipient's own: the secret of the link that ends it.
const ForRecipient = "for-this-recipient-alone"

// Shared is the letter for whoever reads it without having been sent it: it leads to what one gets instead of ending somebody's letter.
func (r Run) Shared() Run {
	own := "/letters/stop/" + ForRecipient
	r.HTML, r.Text = strings.ReplaceAll(r.HTML, own, "/digest"), strings.ReplaceAll(r.Text, own, "/digest")
	return r
}

// lateAfter is how much later than due a letter says so.
const lateAfter = time.Hour

// NewLetter writes the letter.
func NewLetter(f Facts) Letter {
	w := writer{Facts: f}
	l := Letter{
		Scope: f.Scope, Week: f.Week, Figures: f.Measures.Top, Closed: f.Practised + f.Decided.Total, Decisions: f.Decide.Total,
		Kicker:   fmt.Sprintf("Upshot, week %d: %s · %s", f.Week.Number, f.Week.Days(), w.whose()),
		Headline: w.headline(), Lede: w.lede(), Change: w.at("/digest"), Stop: w.at("/letters/stop/" + ForRecipient),
		Why: fmt.Sprintf("Sent on %s, %s time, to %s.", f.When, f.Zone, w.readers()),
	}
	for _, n := range f.Nudges {
		if n.Kind == LookAgain {
			l.Decisions++
		}
	}
	l.Decisions += f.Unread.LookAgain
	l.Subject = w.subject(l)
	if due := f.When.Due(f.Week, f.Zone); !f.Preview && f.Now.Sub(due) >= lateAfter {
		l.Late = fmt.Sprintf("This letter comes %s late: it was due on %s.", lasting(f.Now.Sub(due)), due.Format("Monday 2 January, 15:04"))
	}
	for _, s := range []Section{
		w.decide(), w.lookAgain(), w.changed(), w.paid(), w.due(), w.unowned(), w.failing(), w.nobody(), w.untold(), w.noCause(), w.review(), w.measures(), w.data(),
	} {
		if len(s.Rows) > 0 || s.Note != "" {
			l.Sections = append(l.Sections, s)
		}
	}
	return l
}

type writer struct{ Facts }

func (w writer) at(path string) string { return w.BaseURL + path }

func (w writer) whose() string { return cmp.Or(oneLine(w.Team.Name), "every team") }

func (w writer) readers() string {
	if w.Team.ID == 0 {
		return "whoever subscribes"
	}
	return "the members of " + w.whose() + " and whoever subscribes"
}

// filtered is a list of pages narrowed to the scope.
func (w writer) filtered(path string) string {
	if w.Team.Slug == "" {
		return w.at(path)
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return w.at(path + separator + "team=" + w.Team.Slug)
}

func (w writer) subject(l Letter) string {
	said := "nothing to decide"
	if l.Decisions > 0 {
		said = plural(l.Decisions, "decision", "decisions")
	}
	if l.Closed > 0 {
		said += ", " + plural(l.Closed, "loop", "loops") + " closed"
	}
	return fmt.Sprintf("Upshot week %d: %s (%s)", w.Week.Number, said, w.whose())
}

func (w writer) headline() string {
	proven, needed := w.Proven.Total, w.Decide.Total
	fixes := func(n int) string { return sentence(inWords(n)) + pick(n, " fix", " fixes") }
	switch {
	case proven > 0 && needed > 0:
		return fmt.Sprintf("%s proven. %s needed again while %s.", fixes(proven), sentence(inWords(needed))+pick(needed, " was", " were"), pick(needed, "it waits", "they wait"))
	case proven > 0:
		return fixes(proven) + " proven. Nothing waits that came back."
	case needed > 0:
		return fmt.Sprintf("%s needed again while %s.", fixes(needed)+pick(needed, " was", " were"), pick(needed, "it waits", "they wait"))
	case w.Measures.Incidents == 0:
		return "A quiet week: no incident, and nothing waits that came back."
	}
	return fmt.Sprintf("%s, and nothing waits that came back.", sentence(inWords(w.Measures.Incidents))+pick(w.Measures.Incidents, " incident", " incidents"))
}

func pick(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (w writer) lede() string {
	said := "No incident this week."
	if n := w.Measures.Incidents; n > 0 {
		seen := inWords(w.Measures.SeenBefore)
		if w.Measures.SeenBefore == 0 {
			seen = "none"
		}
		said = fmt.Sprintf("%s, %s of them seen before.", plural(n, "incident", "incidents"), seen)
	}
	if w.Cost.Impact > 0 {
		said += " The waits cost " + cost(w.Cost.Impact) + " of impact so far."
	}
	if w.Waiting > 0 {
		said += " " + sentence(plural(w.Waiting, "change waits", "changes wait")) + " to be started."
	}
	return said
}

// ledger is what is known of a wait now: what is kept is as of the last change.
func (w writer) ledger(f followup.FollowUp) followup.Ledger {
	if f.Problem == 0 {
		return followup.LedgerOf(f, nil, w.Now)
	}
	return followup.LedgerOf(f, problem.History(w.Members[f.Problem], problem.FlapWindow, problem.RecurrenceWindow, w.Now), w.Now)
}

// about says what a change is for, and whose it is.
func (w writer) about(f followup.FollowUp) string {
	of := f.ID.String()
	if f.Problem != 0 {
		of += " for " + f.Problem.String()
	}
	return joined(", ", of, cmp.Or(oneLine(w.Teams[f.Team]), "nobody’s"), w.About[f.ID])
}

func (w writer) change(f followup.FollowUp) Row {
	r := Row{Title: oneLine(f.Title), Link: w.at("/followups/" + f.ID.String()), About: w.about(f)}
	if t := f.Ticket; t != nil {
		r.Ticket, r.TicketLink, r.Status = t.Key, t.URL, oneLine(t.Status.Name)
	}
	return r
}

func (w writer) decide() Section {
	s := Section{
		Title: "Decide this week", Lede: "Dearest wait first. Start it, or write down why not.", Press: true,
		More: "Open the queue", MoreLink: w.filtered("/queue"),
	}
	if w.Waiting > 0 {
		s.More = fmt.Sprintf("See all %d in the queue", w.Waiting)
		if w.Waiting == 1 {
			s.More = "See it in the queue"
		}
	}
	if w.Decide.Total == 0 {
		s.Lede, s.Press = "", false
		s.Note = "Nothing to decide: no fix was needed again while it waited."
		return s
	}
	var longest time.Duration
	ledgers := make([]followup.Ledger, len(w.Decide.Items))
	for n, f := range w.Decide.Items {
		ledgers[n] = w.ledger(f)
		longest = max(longest, ledgers[n].Waiting)
	}
	for n, f := range w.Decide.Items[:min(Shown, len(w.Decide.Items))] {
		l, r := ledgers[n], w.change(f)
		r.Value, r.Marks = cost(l.Cost()), l.RecurrencesWhileWaiting
		if longest > 0 {
			r.Bar = max(1, int(100*l.Waiting/longest))
		}
		r.Under = waited(l)
		if l.Bumps > 0 {
			r.Under += " · " + plural(l.Bumps, "sprint bump", "sprint bumps")
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}

// waited is what the Jira comment says, and the hands-on time that is in the cost too.
func waited(l followup.Ledger) string {
	said := followup.StatusLine(l)
	if l.HandsOnWhileWaiting >= time.Minute {
		said += " · " + lasting(l.HandsOnWhileWaiting) + " hands-on"
	}
	return said
}

// rows are at most Shown of them, with the way to the rest.
func (s *Section) rows(total int, all []Row) {
	s.Rows = all[:min(Shown, len(all))]
	if rest := max(total, len(all)) - len(s.Rows); rest <= 0 {
		s.More, s.MoreLink = "", ""
	} else if s.More == "" {
		s.More = fmt.Sprintf("See the other %d", rest)
		if rest == 1 {
			s.More = "See the other one"
		}
	}
}

// nudged are the reminders of some kinds, beside which there are so many more.
func (w writer) nudged(s Section, unread int, kinds ...NudgeKind) Section {
	var rows []Row
	for _, n := range w.Nudges {
		if !slices.Contains(kinds, n.Kind) {
			continue
		}
		r := Row{Title: oneLine(n.Title), Link: w.at(pathOf(n.Ref)), About: joined(", ", n.Ref, oneLine(w.Teams[n.Team])), Value: n.Words, Tone: Late}
		if n.Kind == DueSoon {
			r.Tone = ""
		}
		if n.Note != "" {
			r.About += ": " + short(n.Note)
		}
		rows = append(rows, r)
	}
	s.rows(len(rows)+unread, rows)
	return s
}

// pathOf is the page of INC-42, PRB-7 or FU-12.
func pathOf(ref string) string {
	switch {
	case strings.HasPrefix(ref, "INC-"):
		return "/incidents/" + ref
	case strings.HasPrefix(ref, "PRB-"):
		return "/problems/" + ref
	}
	return "/followups/" + ref
}

func (w writer) lookAgain() Section {
	return w.nudged(Section{Title: "Decided against; look again", Lede: "The day that was set for it has come.", MoreLink: w.filtered("/followups?state=declined")}, w.Unread.LookAgain, LookAgain)
}

func (w writer) due() Section {
	return w.nudged(Section{Title: "Due and overdue", MoreLink: w.filtered("/followups?sort=due_on")}, w.Unread.Due, Overdue, Evidence, Due, DueSoon)
}

func (w writer) review() Section {
	return w.nudged(Section{Title: "Due for a review", Lede: "Once is chance, twice a problem; the third time somebody says why.", MoreLink: w.at("/problems?sort=-occurrences")}, w.Unread.Reviews, Review)
}

// changed is about work, never about people.
func (w writer) changed() Section {
	s := Section{Title: "What incidents changed", MoreLink: w.filtered("/followups?sort=-updated_at")}
	var rows []Row
	for _, f := range w.Proven.Items {
		r := w.change(f)
		quiet := f.Kept.VerifiedAt.Sub(f.Kept.ShippedAt)
		if !f.Kept.ShippedAt.IsZero() && quiet >= day {
			r.About += fmt.Sprintf(": %d d without recurrence", int(quiet/day))
		}
		if c := f.Kept.Cost(); c > 0 {
			r.About += ", after a wait that cost " + cost(c)
		}
		r.Value, r.Tone = "✓ verified", Good
		rows = append(rows, r)
	}
	for _, d := range w.Decided.Items {
		if Tellable(d.Incident) {
			r := w.incident(d.Incident)
			r.About += ": " + short(d.Decision.Reason)
			r.Value = "decided against"
			rows = append(rows, r)
		}
	}
	for _, f := range w.Declined.Items {
		r := w.change(f)
		r.About += ": " + short(f.Declined.Reason)
		r.Value = "declined"
		rows = append(rows, r)
	}
	s.rows(w.Proven.Total+w.Decided.Total+w.Declined.Total, rows)
	if len(rows) == 0 {
		s.Note = "No change was proven this week, and none was decided against."
	}
	return s
}

// paid shows what a wait cost to those who own the change, until it is verified.
func (w writer) paid() Section {
	s := Section{Title: "Waited too long; not proven yet", Lede: "What the wait cost stays here until the change is verified.", MoreLink: w.filtered("/queue")}
	var rows []Row
	for _, f := range w.Paid.Items {
		l, r := w.ledger(f), w.change(f)
		r.Value, r.Marks = cost(l.Cost()), l.RecurrencesWhileWaiting
		r.Under = waited(l)
		rows = append(rows, r)
	}
	s.rows(w.Paid.Total, rows)
	return s
}

func (w writer) unowned() Section {
	s := Section{Title: "Promised, and nobody’s", MoreLink: w.at("/followups")}
	var rows []Row
	for _, f := range w.Unowned.Items {
		r := w.change(f)
		r.Value, r.Tone = "without a team", Late
		rows = append(rows, r)
	}
	s.rows(w.Unowned.Total, rows)
	return s
}

func (w writer) failing() Section {
	s := Section{Title: "Done, but still happening", MoreLink: w.filtered("/followups?state=done")}
	var rows []Row
	for _, f := range w.Failing.Items {
		r := w.change(f)
		r.Value, r.Tone = "back after the fix", Hurt
		if n := f.Kept.RecurrencesAfter; n > 0 {
			r.Value, r.Marks = "after the fix", n
		}
		rows = append(rows, r)
	}
	s.rows(w.Failing.Total, rows)
	return s
}

func (w writer) incident(i incident.Incident) Row {
	return Row{
		Title: oneLine(i.Title), Link: w.at("/incidents/" + i.ID.String()),
		About: joined(", ", i.ID.String(), string(i.Severity), strings.Join(i.Services, ", ")),
	}
}

func (w writer) untold() Section {
	s := Section{Title: "Nobody told the developers", MoreLink: w.filtered("/incidents")}
	var rows []Row
	for _, i := range w.Untold.Items {
		if Tellable(i) {
			r := w.incident(i)
			r.Value, r.Tone = lasting(w.Now.Sub(i.Detected())), Late
			rows = append(rows, r)
		}
	}
	s.rows(w.Untold.Total, rows)
	return s
}

func (w writer) noCause() Section {
	s := Section{Title: "Closed without a cause", MoreLink: w.filtered("/incidents?status=closed")}
	var rows []Row
	for _, i := range w.NoCause.Items {
		if Tellable(i) {
			r := w.incident(i)
			r.Value = endings[i.EndedBy]
			rows = append(rows, r)
		}
	}
	s.rows(w.NoCause.Total, rows)
	return s
}

var endings = map[incident.Ending]string{
	incident.Restart: "restart only", incident.Rollback: "rolled back", incident.Configuration: "configuration", incident.Code: "code",
	incident.Scaling: "scaled", incident.Workaround: "workaround only", incident.NoAction: "went away",
}

func (w writer) nobody() Section {
	s := Section{Title: "No team answers for it", Lede: "It stands in the letters of all teams that it concerns or was passed between.", MoreLink: w.at("/inbox?team=all")}
	var rows []Row
	for _, item := range w.Nobody.Items {
		if !Tellable(item.Incident) {
			continue
		}
		standing := triage.Accountability(triage.Began(item.Incident), item.Triage.HandOffs, item.Triage.Accepted, item.Incident.Class, nil, w.Now)
		r := w.incident(item.Incident)
		r.Value, r.Tone = fmt.Sprintf("%d h", int(w.Now.Sub(standing.Since).Hours())), Late
		if standing.Passed > 0 {
			r.Value += fmt.Sprintf(", passed %d×", standing.Passed)
		}
		rows = append(rows, r)
	}
	s.rows(w.Nobody.Total, rows)
	return s
}

func (w writer) measures() Section {
	s := Section{Title: "The measures", Lede: fmt.Sprintf("Of week %d against the week before, unless the name says another time.", w.Week.Number)}
	for _, m := range w.Measures.All {
		r := Row{Title: sentence(m.Name), Value: m.Value, About: joined("; ", m.Compared(), m.Note)}
		if m.N > 0 {
			r.Title += fmt.Sprintf(", n = %d", m.N)
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}

// Compared says how it moved, with an arrow where it did.
func (m Measure) Compared() string {
	if m.Move == "" {
		return m.Change
	}
	arrow := "→"
	if m.Move != Same {
		arrow = "↑"
		if (m.Move == Better) == (m.Wanted == Less) {
			arrow = "↓"
		}
	}
	return arrow + " " + m.Change
}

func (w writer) data() Section {
	s := Section{Title: "How the data is"}
	var said []string
	for _, t := range w.Sync {
		s.Rows = append(s.Rows, Row{Title: t.Words, Link: t.Link, About: t.LinkText, Tone: Late})
	}
	if len(w.Sync) == 0 {
		said = append(said, "Nothing is known to be missing.")
	}
	if left := leftOut(w.Measures.LeftOut); left != "" {
		said = append(said, "Left out: "+left+".")
	}
	s.Note = strings.Join(said, " ")
	return s
}

func leftOut(l metrics.LeftOut) string {
	return joined(", ", counted(l.Maintenance, "maintenance"), counted(l.Drill, pick(l.Drill, "drill", "drills")), counted(l.Merged, "merged into another"),
		counted(l.Unrecognisable, "of which nobody can know whether they recur"))
}

// short keeps a reason within a line or two.
func short(text string) string {
	kept := []rune(oneLine(text))
	if len(kept) > 140 {
		return strings.TrimSpace(string(kept[:140])) + "…"
	}
	return string(kept)
}
