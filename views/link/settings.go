package link

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
