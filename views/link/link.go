// Package link spells every address of the pages once.
package link

import (
	"net/url"
	"strconv"
)

// The places that have one address.
const (
	Home           = "/"
	Queue          = "/queue"
	Inbox          = "/inbox"
	Incidents      = "/incidents"
	ReportIncident = "/incidents/new"
	Problems       = "/problems"
	FollowUps      = "/followups"
	NewFollowUp    = "/followups/new"
	Services       = "/services"
	NewService     = "/services/new"
	Teams          = "/teams"
	NewTeam        = "/teams/new"
	Digest         = "/digest"
	Deployments    = "/deployments"
	NewDeployment  = "/deployments/new"
	Settings       = "/settings"
	People         = "/settings/people"
	Tokens         = "/settings/tokens"
	SignIn         = "/signin"
	SignOut        = "/signout"
	Setup          = "/setup"
	Search         = "/search"
	Progress       = "/progress"
	ProgressRows   = "/progress/rows"
)

// Incidents.

// Incident is the page of incident id.
func Incident(id int64) string { return "/incidents/INC-" + number(id) }

// EditIncident is the form for what it says; its moments have their own.
func EditIncident(id int64) string { return Incident(id) + "/edit" }

// The steps of an incident's life, each a POST.
func AcknowledgeIncident(id int64) string { return Incident(id) + "/acknowledge" }
func MitigateIncident(id int64) string    { return Incident(id) + "/mitigate" }
func RestoreIncident(id int64) string     { return Incident(id) + "/restore" }
func ResolveIncident(id int64) string     { return Incident(id) + "/resolve" }
func CloseIncident(id int64) string       { return Incident(id) + "/close" }
func ReopenIncident(id int64) string      { return Incident(id) + "/reopen" }
func TellDevelopers(id int64) string      { return Incident(id) + "/tell" }
func NotifyDevelopers(id int64) string    { return Incident(id) + "/notify" }

// The steps of triage, each a POST; handing over has a page too.
func AcceptIncident(id int64) string   { return Incident(id) + "/triage/accept" }
func HandOverIncident(id int64) string { return Incident(id) + "/triage/hand-over" }
func JudgeIncident(id int64) string    { return Incident(id) + "/triage/judge" }

// MergeIncident makes it part of another one.
func MergeIncident(id int64) string { return Incident(id) + "/merge" }

// IncidentMoments sets or corrects a moment.
func IncidentMoments(id int64) string { return Incident(id) + "/moments" }

// SimilarIncidents lists the likely earlier ones with the reasons.
func SimilarIncidents(id int64) string { return Incident(id) + "/similar" }

// JoinIncident says that it is the same failure as another incident or problem.
func JoinIncident(id int64) string { return SimilarIncidents(id) + "/join" }

// NotTheSame remembers that it is not.
func NotTheSame(id int64) string { return SimilarIncidents(id) + "/not-same" }

// IncidentNotes takes a new note.
func IncidentNotes(id int64) string { return Incident(id) + "/notes" }

// Problems.

// Problem is the page of problem id.
func Problem(id int64) string { return "/problems/PRB-" + number(id) }

// EditProblem is the form for its title, state and services.
func EditProblem(id int64) string { return Problem(id) + "/edit" }

// ProblemAgain reports that it happened again.
func ProblemAgain(id int64) string { return Problem(id) + "/again" }

// MergeProblem, SplitProblem and UndoProblem regroup its occurrences.
func MergeProblem(id int64) string { return Problem(id) + "/merge" }
func SplitProblem(id int64) string { return Problem(id) + "/split" }
func UndoProblem(id int64) string  { return Problem(id) + "/undo" }

// ProblemNotes takes a new note.
func ProblemNotes(id int64) string { return Problem(id) + "/notes" }

// Notes.

// Note is one note with its revisions.
func Note(id int64) string { return "/notes/" + number(id) }

// EditNote writes a new revision.
func EditNote(id int64) string { return Note(id) + "/edit" }

// Follow-ups.

// Ticket files a Jira issue for a follow-up, or links one; the others deal with that connection.
func Ticket(id int64) string         { return FollowUp(id) + "/ticket" }
func TicketAgain(id int64) string    { return Ticket(id) + "/again" }
func TicketDiscard(id int64) string  { return Ticket(id) + "/discard" }
func TicketUnlink(id int64) string   { return Ticket(id) + "/unlink" }
func TicketConflict(id int64) string { return Ticket(id) + "/conflict" }
func TicketWishes(id int64) string   { return Ticket(id) + "/wishes" }
func TicketEvidence(id int64) string { return FollowUp(id) + "/evidence" }

// FollowUp is the page of follow-up id.
func FollowUp(id int64) string { return "/followups/FU-" + number(id) }

// EditFollowUp is the form for what it promises.
func EditFollowUp(id int64) string { return FollowUp(id) + "/edit" }

// NewFollowUpFor promises a change for one incident or problem, named by its ref.
func NewFollowUpFor(ref string) string { return With(NewFollowUp, "for", ref) }

// StepFollowUp takes a step of a follow-up's life, such as "queue": a POST.
func StepFollowUp(id int64, step string) string { return FollowUp(id) + "/" + step }

// The catalog and what was deployed.

// Service is the page of the service with that slug.
func Service(slug string) string { return Services + "/" + url.PathEscape(slug) }

// EditService is the form for it.
func EditService(slug string) string { return Service(slug) + "/edit" }

// ServiceDocuments takes a dashboard or a runbook of the service: a POST.
func ServiceDocuments(slug string) string { return Service(slug) + "/documents" }

// NewServiceDocument is the form for one.
func NewServiceDocument(slug string) string { return ServiceDocuments(slug) + "/new" }

// EditServiceDocument is the form to change one.
func EditServiceDocument(slug string, id int64) string { return serviceDocument(slug, id) + "/edit" }

// ConfirmServiceDocument says that it holds: a POST.
func ConfirmServiceDocument(slug string, id int64) string {
	return serviceDocument(slug, id) + "/confirm"
}

// RemoveServiceDocument takes it away: a POST.
func RemoveServiceDocument(slug string, id int64) string {
	return serviceDocument(slug, id) + "/remove"
}

func serviceDocument(slug string, id int64) string { return ServiceDocuments(slug) + "/" + number(id) }

// ServiceAdoption is the form for the steps by which a team takes the service over.
func ServiceAdoption(slug string) string { return Service(slug) + "/adoption" }

// Team is the page of the team with that slug.
func Team(slug string) string { return Teams + "/" + url.PathEscape(slug) }

// EditTeam is the form for it.
func EditTeam(slug string) string { return Team(slug) + "/edit" }

// Deployment is the page of one deployment.
func Deployment(id int64) string { return Deployments + "/" + number(id) }

// EditDeployment is the form for it.
func EditDeployment(id int64) string { return Deployment(id) + "/edit" }

// People and tokens.

// Person is where an administrator changes one account.
func Person(id int64) string { return People + "/" + number(id) }

// RevokeToken ends an API token.
func RevokeToken(id int64) string { return Tokens + "/" + number(id) + "/revoke" }

// SetupWith is the one-time set-up link.
func SetupWith(token string) string { return With(Setup, "token", token) }

// SignInThen leads back to a page after signing in.
func SignInThen(next string) string { return With(SignIn, "next", next) }

// Export is a whole table in a format, "csv" or "json".
func Export(table, format string) string {
	return "/api/v1/export/" + url.PathEscape(table) + "." + url.PathEscape(format)
}

// With adds a query of names and values in turn; empty values are left out.
func With(address string, namesAndValues ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			query.Add(namesAndValues[i], namesAndValues[i+1])
		}
	}
	return WithQuery(address, query)
}

// WithQuery adds a whole query, in a fixed order.
func WithQuery(address string, query url.Values) string {
	if len(query) == 0 {
		return address
	}
	return address + "?" + query.Encode()
}

func number(id int64) string { return strconv.FormatInt(id, 10) }
