package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/jirasync"
	"upshot/views/followups"
	"upshot/views/link"
)

// route is one address, with the role it asks for. Nothing but sign-in, set-up, health and static files is
// open to strangers, and those are named here or in Use.
type route struct {
	method, path string
	role         account.Role // stranger: anybody
	handle       echo.HandlerFunc
}

const stranger account.Role = ""

// The links in mails, which need no sign-in.
const (
	stopLetters    = "/letters/stop/:token"
	confirmLetters = "/letters/confirm/:token"
)

// routes lists every address of the pages.
func (w *Web) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer, editor, admin = account.Viewer, account.Editor, account.Admin
	const anIncident, aProblem, aNote, aTicket = "/incidents/:ref", "/problems/:ref", "/notes/:id", "/followups/:ref/ticket"
	const aScope = "/digest/:scope"
	const aSite, aSource, aService = "/settings/jira/:id", "/settings/sources/:id", "/services/:slug"
	return []route{
		{get, link.SignIn, stranger, w.askSignIn},
		{post, link.SignIn, stranger, w.signIn},
		{post, link.SignOut, stranger, w.signOut},
		{get, link.Setup, stranger, w.askSetUp},
		{post, link.Setup, stranger, w.setUp},

		{get, link.Settings, viewer, w.leadToSettings},
		{get, link.People, admin, w.listPeople},
		{post, link.People, admin, w.addPerson},
		{get, "/settings/people/:id", admin, w.showPerson},
		{post, "/settings/people/:id", admin, w.editPerson},
		{post, "/settings/people/:id/role", admin, w.changeRole},
		{post, "/settings/people/:id/disable", admin, w.disablePerson},
		{post, "/settings/people/:id/enable", admin, w.enablePerson},
		{post, "/settings/people/:id/link", admin, w.makePasswordLink},
		{get, link.Tokens, viewer, w.listTokens},
		{post, link.Tokens, viewer, w.addToken},
		{post, "/settings/tokens/:id/revoke", viewer, w.revokeToken},
		{get, link.Profile, viewer, w.showProfile},
		{post, link.Profile, viewer, w.changeProfile},
		{post, link.OwnPassword, viewer, w.changePassword},

		{get, link.Sources, viewer, w.listSources},
		{post, link.Sources, admin, w.addSource},
		{get, link.NewSource, admin, w.askSource},
		{get, aSource, viewer, w.showSource},
		{get, aSource + "/mapping", admin, w.askSourceMapping},
		{post, aSource + "/mapping", admin, w.mapSource},
		{post, aSource + "/name", admin, w.nameSource},
		{post, aSource + "/secret", admin, w.newSourceSecret},
		{post, aSource + "/secret/drop", admin, w.stepSource(w.Intake.DropOldSecret, "The newest secret alone is good now.")},
		{post, aSource + "/on", admin, w.stepSource(w.switchSource(true), "It is on.")},
		{post, aSource + "/off", admin, w.stepSource(w.switchSource(false), "It is off. Whatever it sends is refused.")},
		{get, aSource + "/deliveries/:delivery", editor, w.showDelivery},
		{post, aSource + "/deliveries/:delivery/again", editor, w.deliverAgain},
		{post, link.Environments, admin, w.placeEnvironment},

		{get, link.Jira, viewer, w.showJira},
		{get, link.JiraConnect, admin, w.askConnectJira},
		{post, link.JiraConnect, admin, w.connectJira},
		{get, aSite, viewer, w.showJiraSite},
		{get, aSite + "/login", admin, w.askJiraLogin},
		{post, aSite + "/login", admin, w.changeJiraLogin},
		{post, aSite + "/check", admin, w.checkJira},
		{post, aSite + "/read", editor, w.readJira},
		{post, aSite + "/on", admin, w.switchJira(true)},
		{post, aSite + "/off", admin, w.switchJira(false)},
		{post, aSite + "/webhooks", admin, w.makeHookSecret},
		{post, aSite + "/statuses", admin, w.placeStatus},
		{get, aSite + "/resolutions", admin, w.askResolutions},
		{post, aSite + "/resolutions", admin, w.setMeanings},
		{get, aSite + "/map", admin, w.askMapping},
		{post, aSite + "/map", admin, w.saveMapping},
		{post, "/settings/jira/mappings/:id/delete", admin, w.deleteMapping},
		{get, aSite + "/work", admin, w.askWork},
		{post, aSite + "/work", admin, w.saveWork},
		{post, "/settings/jira/work/:id/delete", admin, w.dropWork},
		{post, "/settings/jira/writes/:id/again", editor, w.deadLetter((*jirasync.Sync).PushAgain, "It is sent again.")},
		{post, "/settings/jira/writes/:id/drop", editor, w.deadLetter((*jirasync.Sync).DropPush, "It is given up.")},
		{get, link.Rules, viewer, w.listRules},
		{post, link.Rules, admin, w.saveRule},
		{post, "/settings/rules/:id/drop", admin, w.dropRule},
		{get, "/settings/rules/:id/dry-run", viewer, w.showDryRun},

		{get, link.Mail, admin, w.showMail},
		{post, link.MailTest, admin, w.testMail},
		{post, "/notices/:id/again", editor, w.noticeAgain},

		{get, link.Home, viewer, w.showDashboard},
		{get, link.Queue, viewer, w.showQueue},
		{get, link.Inbox, viewer, w.showInbox},
		{get, link.Progress, viewer, w.showProgress},
		{get, link.Progress + ".csv", viewer, w.exportProgress},
		{get, link.ProgressRows, viewer, w.listProgressRows},

		{get, link.Digest, viewer, w.showDigest},
		{get, aScope, viewer, w.showDigestOf},
		{post, aScope + "/subscribe", viewer, w.subscribe},
		{post, aScope + "/when", admin, w.changeLetters},
		{post, aScope + "/addresses", admin, w.askAddress},
		{post, aScope + "/addresses/:id/drop", admin, w.dropAddress},
		{get, aScope + "/:week", viewer, w.showLetter},
		{get, aScope + "/:week/letter", viewer, w.letterAlone},
		{get, aScope + "/:week/text", viewer, w.letterText},
		{post, aScope + "/:week/me", viewer, w.sendMeLetter},
		{post, link.OwnLetters, viewer, w.takeLetters},
		{post, link.TrustAddress, editor, w.trustAddress},
		{post, "/letters/mails/:id/again", editor, w.letterAgain},
		{get, stopLetters, stranger, w.askStop},
		{post, stopLetters, stranger, w.stopLetters},
		{get, confirmLetters, stranger, w.askConfirm},
		{post, confirmLetters, stranger, w.confirmLetters},

		{get, link.FollowUps, viewer, w.listFollowUps},
		{post, link.FollowUps, editor, w.promiseFollowUp},
		{get, link.NewFollowUp, editor, w.newFollowUp},
		{get, "/followups/:ref", viewer, w.showFollowUp},
		{get, "/followups/:ref/edit", editor, w.followUpToEdit},
		{post, "/followups/:ref/edit", editor, w.editFollowUp},
		{post, "/followups/:ref/queue", editor, w.stepFollowUp(followups.Queue)},
		{post, "/followups/:ref/start", editor, w.stepFollowUp(followups.Start)},
		{post, "/followups/:ref/done", editor, w.stepFollowUp(followups.Finish)},
		{post, "/followups/:ref/send-back", editor, w.stepFollowUp(followups.SendBack)},
		{post, "/followups/:ref/reopen", editor, w.stepFollowUp(followups.Reopen)},
		{post, "/followups/:ref/verify", editor, w.stepFollowUp(followups.Verify)},
		{post, "/followups/:ref/decline", editor, w.stepFollowUp(followups.Decline)},
		{post, "/followups/:ref/duplicate", editor, w.stepFollowUp(followups.Duplicate)},
		{post, "/followups/:ref/propose", editor, w.stepFollowUp(followups.Propose)},
		{post, "/followups/:ref/moments", editor, w.stepFollowUp(followups.Moments)},
		{post, "/followups/:ref/deployment", editor, w.stepFollowUp(followups.Deploy)},
		{post, "/followups/:ref/evidence", editor, w.addEvidence},
		{post, aTicket, editor, w.ticketFollowUp},
		{post, aTicket + "/again", editor, w.ticketStep((*jirasync.Sync).TryAgain, "It is asked for again.")},
		{post, aTicket + "/discard", editor, w.ticketStep((*jirasync.Sync).Discard, "The ticket is given up.")},
		{post, aTicket + "/unlink", editor, w.ticketStep((*jirasync.Sync).Unlink, "Unlinked. The issue stays in Jira, without the mark of this follow-up.")},
		{post, aTicket + "/conflict", editor, w.resolveConflict},
		{post, aTicket + "/wishes", editor, w.wishTicket},

		{get, link.Search, viewer, w.search},
		{get, link.Incidents, viewer, w.listIncidents},
		{get, link.ReportIncident, editor, w.askReport},
		{post, link.ReportIncident, editor, w.reportIncident},
		{post, link.Incidents, editor, w.reportIncident},
		{get, anIncident, viewer, w.showIncident},
		{get, anIncident + "/edit", editor, w.ask(editing)},
		{post, anIncident + "/edit", editor, w.take(editing, w.editIncident)},
		{post, anIncident + "/acknowledge", editor, w.pressed("acknowledged", acknowledge)},
		{post, anIncident + "/mitigate", editor, w.pressed("mitigated", mitigate)},
		{post, anIncident + "/restore", editor, w.pressed("restored", restore)},
		{get, anIncident + "/resolve", editor, w.ask(resolving)},
		{post, anIncident + "/resolve", editor, w.take(resolving, w.resolveIncident)},
		{get, anIncident + "/close", editor, w.ask(closing)},
		{post, anIncident + "/close", editor, w.take(closing, w.closeIncident)},
		{get, anIncident + "/reopen", editor, w.askReopen},
		{post, anIncident + "/reopen", editor, w.pressed("reopened", reopen)},
		{get, anIncident + "/tell", editor, w.ask(telling)},
		{post, anIncident + "/tell", editor, w.take(telling, w.tellDevelopers)},
		{post, anIncident + "/notify", editor, w.tellBuilders},
		{get, anIncident + "/moments", editor, w.ask(correcting)},
		{post, anIncident + "/moments", editor, w.take(correcting, w.correctMoment)},
		{get, anIncident + "/merge", editor, w.ask(merging)},
		{post, anIncident + "/merge", editor, w.take(merging, w.mergeIncident)},
		{post, anIncident + "/unmerge", editor, w.unmergeIncident},
		{post, anIncident + "/similar/join", editor, w.joinIncident},
		{post, anIncident + "/similar/not-same", editor, w.setIncidentsApart},
		{post, anIncident + "/triage/accept", editor, w.triaged(w.acceptIncident)},
		{post, anIncident + "/triage/judge", editor, w.triaged(w.judgeIncident)},
		{get, anIncident + "/triage/hand-over", editor, w.askHandOver},
		{post, anIncident + "/triage/hand-over", editor, w.handOverIncident},
		{post, anIncident + "/cause", editor, w.setIncidentCause},
		{get, anIncident + "/notes", editor, w.askNote(false)},
		{post, anIncident + "/notes", editor, w.addNote(false)},

		{get, link.Problems, viewer, w.listProblems},
		{get, link.NewProblem, editor, w.askNewProblem},
		{post, link.NewProblem, editor, w.openProblem},
		{get, aProblem, viewer, w.showProblem},
		{get, aProblem + "/edit", editor, w.askProblem(editingProblem)},
		{post, aProblem + "/edit", editor, w.takeProblem(editingProblem, w.editProblem)},
		{get, aProblem + "/again", editor, w.askProblem(again)},
		{post, aProblem + "/again", editor, w.takeProblem(again, w.reportAgain)},
		{get, aProblem + "/merge", editor, w.askProblem(mergingProblem)},
		{post, aProblem + "/merge", editor, w.takeProblem(mergingProblem, w.mergeProblem)},
		{get, aProblem + "/split", editor, w.askSplit},
		{post, aProblem + "/split", editor, w.splitProblem},
		{post, aProblem + "/undo", editor, w.undoRegrouping},
		{get, aProblem + "/notes", editor, w.askNote(true)},
		{post, aProblem + "/notes", editor, w.addNote(true)},

		{get, aNote, viewer, w.showNote},
		{get, aNote + "/edit", editor, w.askRevision},
		{post, aNote + "/edit", editor, w.reviseNote},

		{get, link.Services, viewer, w.listServices},
		{post, link.Services, editor, w.addService},
		{get, link.NewService, editor, w.newService},
		{get, "/services/:slug", viewer, w.showService},
		{get, "/services/:slug/edit", editor, w.askEditService},
		{post, "/services/:slug/edit", editor, w.editService},
		{post, "/services/:slug/retire", editor, w.retireService},
		{post, "/services/:slug/unretire", editor, w.unretireService},
		{post, aService + "/documents", editor, w.addDocument},
		{get, aService + "/documents/new", editor, w.newDocument},
		{get, aService + "/documents/:id/edit", editor, w.askEditDocument},
		{post, aService + "/documents/:id/edit", editor, w.editDocument},
		{post, aService + "/documents/:id/confirm", editor, w.confirmDocument},
		{post, aService + "/documents/:id/remove", editor, w.removeDocument},
		{get, aService + "/adoption", editor, w.askAdoption},
		{post, aService + "/adoption", editor, w.planAdoption},

		{get, link.Teams, viewer, w.listTeams},
		{post, link.Teams, admin, w.addTeam},
		{get, link.NewTeam, admin, w.newTeam},
		{get, "/teams/:slug", viewer, w.showTeam},
		{get, "/teams/:slug/edit", admin, w.askEditTeam},
		{post, "/teams/:slug/edit", admin, w.editTeam},
		{post, "/teams/:slug/archive", admin, w.archiveTeam},
		{post, "/teams/:slug/unarchive", admin, w.unarchiveTeam},
		{post, "/teams/:slug/test", admin, w.testTeam},

		{get, link.Deployments, viewer, w.listDeployments},
		{post, link.Deployments, editor, w.recordDeployment},
		{get, link.NewDeployment, editor, w.newDeployment},
		{get, "/deployments/:id", viewer, w.showDeployment},
		{get, "/deployments/:id/edit", editor, w.askEditDeployment},
		{post, "/deployments/:id/edit", editor, w.editDeployment},
		{post, "/deployments/:id/cause", editor, w.setDeploymentCause},
	}
}

// asks lets the handler answer only those who have the role.
func asks(role account.Role, handle echo.HandlerFunc) echo.HandlerFunc {
	if role == stranger {
		return handle
	}
	return func(c echo.Context) error {
		if err := actorOf(c).May(role); err != nil {
			return err
		}
		return handle(c)
	}
}
