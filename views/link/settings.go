package link

import "net/url"

// The pages of settings and of one's own account.
const (
	Profile     = "/settings/profile"
	OwnPassword = "/settings/profile/password"
)

// What an administrator does with one account, each a POST.
func ChangeRole(id int64) string    { return Person(id) + "/role" }
func DisablePerson(id int64) string { return Person(id) + "/disable" }
func EnablePerson(id int64) string  { return Person(id) + "/enable" }

// NewPasswordLink makes a link with which that person chooses a password.
func NewPasswordLink(id int64) string { return Person(id) + "/link" }

// The steps of the catalog and of deployments, each a POST.
func RetireService(slug string) string   { return Service(slug) + "/retire" }
func UnretireService(slug string) string { return Service(slug) + "/unretire" }
func ArchiveTeam(slug string) string     { return Team(slug) + "/archive" }
func UnarchiveTeam(slug string) string   { return Team(slug) + "/unarchive" }

// DeploymentCause says whether a deployment caused an incident.
func DeploymentCause(id int64) string { return Deployment(id) + "/cause" }

// Jira.

// The pages of Jira and of the rules.
const (
	Jira        = "/settings/jira"
	JiraConnect = "/settings/jira/connect"
	Rules       = "/settings/rules"
)

// JiraSite is one connected site.
func JiraSite(id int64) string { return Jira + "/" + number(id) }

// What is done with a site: a form, or a POST alone.
func JiraLogin(id int64) string       { return JiraSite(id) + "/login" }
func JiraCheck(id int64) string       { return JiraSite(id) + "/check" }
func JiraRead(id int64) string        { return JiraSite(id) + "/read" }
func JiraOn(id int64) string          { return JiraSite(id) + "/on" }
func JiraOff(id int64) string         { return JiraSite(id) + "/off" }
func JiraHook(id int64) string        { return JiraSite(id) + "/webhooks" }
func JiraPlace(id int64) string       { return JiraSite(id) + "/statuses" }
func JiraResolutions(id int64) string { return JiraSite(id) + "/resolutions" }
func JiraMap(id int64) string         { return JiraSite(id) + "/map" }

// JiraMapping is the form of one mapping; JiraUnmap takes it away.
func JiraMapping(site, id int64) string { return JiraMap(site) + "?id=" + number(id) }
func JiraUnmap(id int64) string         { return Jira + "/mappings/" + number(id) + "/delete" }

// JiraWork is the form of which work is a team's, id 0 for a new one; JiraWorkDrop forgets it.
func JiraWork(site, id int64) string {
	if id == 0 {
		return JiraSite(site) + "/work"
	}
	return JiraSite(site) + "/work?id=" + number(id)
}
func JiraWorkDrop(id int64) string { return Jira + "/work/" + number(id) + "/delete" }

// PushAgain and PushDrop deal with a write that gave up.
func PushAgain(id int64) string { return Jira + "/writes/" + number(id) + "/again" }
func PushDrop(id int64) string  { return Jira + "/writes/" + number(id) + "/drop" }

// RuleOf is the form for the rule of a team; 0 is everybody else's.
func RuleOf(team int64) string { return Rules + "?team=" + number(team) }

// DropRule gives a team the rule of all others; DryRun shows what a rule would have done.
func DropRule(team int64) string { return Rules + "/" + number(team) + "/drop" }
func DryRun(team int64) string   { return Rules + "/" + number(team) + "/dry-run" }

// Sources.

// The pages of sources; Environments says which ones are production, a POST.
const (
	Sources      = "/settings/sources"
	NewSource    = "/settings/sources/new"
	Environments = "/settings/environments"
)

// Hook is the address where a source of that kind and name sends.
func Hook(kind, name string) string {
	return "/hooks/" + url.PathEscape(kind) + "/" + url.PathEscape(name)
}

// Source is one source; what is done with it is a form, or a POST alone.
func Source(id int64) string           { return Sources + "/" + number(id) }
func SourceMapping(id int64) string    { return Source(id) + "/mapping" }
func SourceName(id int64) string       { return Source(id) + "/name" }
func SourceSecret(id int64) string     { return Source(id) + "/secret" }
func SourceSecretDrop(id int64) string { return Source(id) + "/secret/drop" }
func SourceOn(id int64) string         { return Source(id) + "/on" }
func SourceOff(id int64) string        { return Source(id) + "/off" }

// Delivery is what a source sent once; DeliveryAgain processes it again.
func Delivery(source, id int64) string      { return Source(source) + "/deliveries/" + number(id) }
func DeliveryAgain(source, id int64) string { return Delivery(source, id) + "/again" }

// Notices.

// Mail tells how mail and notices are doing; MailTest sends a test letter to oneself.
const (
	Mail     = "/settings/mail"
	MailTest = "/settings/mail/test"
)

// NoticeAgain tries a notice again, and TestTeam sends a test to a team: each a POST.
func NoticeAgain(id int64) string { return "/notices/" + number(id) + "/again" }
func TestTeam(slug string) string { return Team(slug) + "/test" }
