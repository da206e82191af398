package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"upshot/app/account"
)

// route is one address, with the role it asks for.
type route struct {
	method, path string
	role         account.Role
	word         string // the tag in the description
	summary      string
	add          func(a *API, words huma.API, op huma.Operation)
}

// routes lists every address of the API. Nothing here is open to strangers.
func routes() []route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	const viewer, editor, admin = account.Viewer, account.Editor, account.Admin
	return []route{
		{get, "/incidents", viewer, "incidents", "List incidents", handle((*API).listIncidents)},
		{post, "/incidents", editor, "incidents", "Report an incident", handle((*API).reportIncident)},
		{get, "/incidents/{ref}", viewer, "incidents", "Show an incident", handle((*API).showIncident)},
		{patch, "/incidents/{ref}", editor, "incidents", "Change an incident", handle((*API).editIncident)},
		{post, "/incidents/{ref}/close", editor, "incidents", "Close an incident through the gate", handle((*API).closeIncident)},
		{post, "/incidents/{ref}/reopen", editor, "incidents", "Reopen an incident within 30 minutes of its end", handle((*API).reopenIncident)},
		{post, "/incidents/{ref}/merge", editor, "incidents", "Say that it is a second report of another", handle((*API).mergeIncident)},
		{post, "/incidents/{ref}/unmerge", editor, "incidents", "Take a merge back", handle((*API).unmergeIncident)},
		{post, "/incidents/{ref}/apart", editor, "incidents", "Remember that two are not the same failure", handle((*API).setIncidentApart)},
		{post, "/incidents/{ref}/moments", editor, "incidents", "Correct a moment", handle((*API).correctMoment)},
		{post, "/incidents/{ref}/triage", editor, "incidents", "Accept it for a team, hand it over, or judge its cause", handle((*API).triageIncident)},
		{get, "/incidents/{ref}/similar", viewer, "incidents", "Likely earlier incidents, best first", handle((*API).listSimilar)},

		{get, "/incidents/{ref}/notes", viewer, "notes", "List what was learnt about an incident", handle((*API).listIncidentNotes)},
		{post, "/incidents/{ref}/notes", editor, "notes", "Note what was learnt about an incident", handle((*API).noteIncident)},
		{get, "/problems/{ref}/notes", viewer, "notes", "List what was learnt about a problem and its incidents", handle((*API).listProblemNotes)},
		{post, "/problems/{ref}/notes", editor, "notes", "Note what was learnt about a problem", handle((*API).noteProblem)},
		{get, "/notes/{id}", viewer, "notes", "Show a note", handle((*API).showNote)},
		{patch, "/notes/{id}", editor, "notes", "Revise a note", handle((*API).reviseNote)},
		{get, "/notes/{id}/revisions", viewer, "notes", "List what a note said before", handle((*API).listRevisions)},

		{get, "/problems", viewer, "problems", "List problems", handle((*API).listProblems)},
		{post, "/problems", editor, "problems", "Open a problem behind incidents", handle((*API).openProblem)},
		{get, "/problems/{ref}", viewer, "problems", "Show a problem", handle((*API).showProblem)},
		{patch, "/problems/{ref}", editor, "problems", "Change a problem's title or service", handle((*API).editProblem)},
		{post, "/problems/{ref}/merge", editor, "problems", "Say that it is the same failure as another", handle((*API).mergeProblem)},
		{post, "/problems/{ref}/split", editor, "problems", "Take incidents out as another failure", handle((*API).splitProblem)},
		{post, "/problems/{ref}/undo", editor, "problems", "Undo the latest merge or split", handle((*API).undoProblem)},

		{get, "/followups", viewer, "followups", "List follow-ups", handle((*API).listFollowUps)},
		{post, "/followups", editor, "followups", "Promise a change", handle((*API).promiseFollowUp)},
		{get, "/followups/{ref}", viewer, "followups", "Show a follow-up with its ledger", handle((*API).showFollowUp)},
		{patch, "/followups/{ref}", editor, "followups", "Change a follow-up or move it along its life", handle((*API).editFollowUp)},
		{post, "/followups/{ref}/ticket", editor, "followups", "File a Jira issue for a follow-up, or link one that exists", handle((*API).ticketFollowUp)},
		{del, "/followups/{ref}/ticket", editor, "followups", "Take the connection to the Jira issue away", handle((*API).unticketFollowUp)},
		{get, "/sync", viewer, "jira", "How the sync with Jira is doing", handle((*API).showSync)},
		{get, "/queue", viewer, "followups", "What waits, sorted by the cost of waiting", handle((*API).listQueue)},

		{get, "/services", viewer, "catalog", "List services", handle((*API).listServices)},
		{post, "/services", editor, "catalog", "Add a service", handle((*API).addService)},
		{get, "/services/{slug}", viewer, "catalog", "Show a service", handle((*API).showService)},
		{patch, "/services/{slug}", editor, "catalog", "Change or retire a service", handle((*API).editService)},
		{post, "/services/{slug}/documents", editor, "catalog", "Add a dashboard or a runbook", handle((*API).addDocument)},
		{get, "/services/{slug}/documents/{id}", viewer, "catalog", "Show a dashboard or a runbook", handle((*API).showDocument)},
		{patch, "/services/{slug}/documents/{id}", editor, "catalog", "Change or confirm a dashboard or a runbook", handle((*API).editDocument)},
		{del, "/services/{slug}/documents/{id}", editor, "catalog", "Take a dashboard or a runbook away", handle((*API).removeDocument)},
		{get, "/services/{slug}/adoption", viewer, "catalog", "Show the steps by which a team takes a service over", handle((*API).showAdoption)},
		{patch, "/services/{slug}/adoption", editor, "catalog", "Plan steps of adoption, or say when they were taken", handle((*API).planAdoption)},
		{get, "/teams", viewer, "catalog", "List teams", handle((*API).listTeams)},
		{post, "/teams", admin, "catalog", "Add a team", handle((*API).addTeam)},
		{get, "/teams/{slug}", viewer, "catalog", "Show a team", handle((*API).showTeam)},
		{patch, "/teams/{slug}", admin, "catalog", "Change or archive a team", handle((*API).editTeam)},

		{get, "/deployments", viewer, "deployments", "List deployments", handle((*API).listDeployments)},
		{post, "/deployments", editor, "deployments", "Record a deployment", handle((*API).recordDeployment)},
		{get, "/deployments/{id}", viewer, "deployments", "Show a deployment", handle((*API).showDeployment)},
		{patch, "/deployments/{id}", editor, "deployments", "Change a deployment, or which incidents it caused", handle((*API).editDeployment)},

		{get, "/measures", viewer, "measures", "Impact duration and recurrence", handle((*API).measure)},
		{get, "/export/{file}", viewer, "export", "Everything of one kind as CSV or JSON", describeColumns(handle((*API).export))},
		{get, "/openapi.json", viewer, "description", "This description", handle((*API).describe)},
	}
}

// operation describes the address for openapi.json.
func (r route) operation() huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, Summary: r.summary, Tags: []string{r.word},
		OperationID:  operationID(r.method, r.path),
		Description:  "Asks for the role " + string(r.role) + ".",
		MaxBodyBytes: maxBody,
	}
	if r.method == http.MethodPost {
		longest := maxKey
		op.Parameters = []*huma.Param{{
			Name: keyHeader, In: "header", Description: "Makes repeating the request safe: the same key and body gives the first answer again.",
			Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
		}}
	}
	if created := map[string]bool{"/incidents": true, "/problems": true, "/followups": true, "/services": true, "/teams": true, "/deployments": true}; r.method == http.MethodPost &&
		(created[r.path] || strings.HasSuffix(r.path, "/notes") || strings.HasSuffix(r.path, "/documents") || strings.HasSuffix(r.path, "/split")) {
		op.DefaultStatus = http.StatusCreated
	}
	return op
}

// operationID is what programs made from the description call the address: get-incidents-ref-similar.
func operationID(method, path string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-").Replace(path)
}

// handle adds a handler under an operation; its trouble becomes a proper answer.
func handle[I, O any](do func(*API, context.Context, *I) (*O, error)) func(*API, huma.API, huma.Operation) {
	return func(a *API, words huma.API, op huma.Operation) {
		huma.Register(words, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := do(a, ctx, in)
			if err != nil {
				return nil, a.trouble(ctx, op.Method, err)
			}
			return out, nil
		})
	}
}

// description is openapi.json itself.
type description struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) describe(context.Context, *struct{}) (*description, error) {
	return &description{ContentType: "application/openapi+json", Body: a.openapi}, nil
}
