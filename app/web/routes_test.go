package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/views/link"
)

// openAddresses are those that strangers may ask for; sign-in and set-up let them in, and the others tell nothing.
var openAddresses = []string{link.SignIn, link.SignOut, link.Setup, stopLetters, confirmLetters}

// filled is the route's address with something in the place of its parameters.
func (r route) filled() string {
	parts := strings.Split(r.path, "/")
	for i, part := range parts {
		switch {
		case !strings.HasPrefix(part, ":"):
		case i > 0 && parts[i-1] == "incidents":
			parts[i] = "INC-1"
		case i > 0 && parts[i-1] == "problems":
			parts[i] = "PRB-1"
		case i > 0 && parts[i-1] == "followups":
			parts[i] = "FU-1"
		default:
			parts[i] = "1"
		}
	}
	return strings.Join(parts, "/")
}

func (r route) ask(b *browser, header http.Header) *page {
	if r.method == http.MethodPost {
		if header == nil {
			header = http.Header{}
		}
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.ask(r.method, r.filled(), "", header)
}

func TestStrangersAreAskedToSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	for _, r := range s.web.routes() {
		open := slices.Contains(openAddresses, r.path)
		if open != (r.role == stranger) {
			t.Errorf("%s %s asks for the role %q", r.method, r.path, r.role)
		}
		p := r.ask(b, nil)
		if p.header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s comes without the policy", p.asked)
		}
		switch {
		case open:
		case r.method == http.MethodGet:
			p.leadsTo(link.SignInThen(r.filled()))
		default:
			p.leadsTo(link.SignIn)
		}
	}
	for _, address := range []string{"/healthz", "/readyz", link.SignIn} {
		if p := b.get(address).is(http.StatusOK); p.header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s comes without the policy", address)
		}
	}
	b.get("/no/such/page").is(http.StatusNotFound)
	b.get("/static/no-such-file.css").is(http.StatusNotFound)
}

func TestRolesAreAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	browsers := map[account.Role]*browser{account.Viewer: s.person(account.Viewer), account.Editor: s.person(account.Editor)}
	for _, r := range s.web.routes() {
		for role, b := range browsers {
			if r.role != stranger && !role.Includes(r.role) {
				r.ask(b, nil).is(http.StatusForbidden)
			}
		}
	}
}

func TestOtherSitesCannotSendForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.person(account.Admin)
	for _, r := range s.web.routes() {
		if r.method != http.MethodPost {
			continue
		}
		r.ask(b, http.Header{"Sec-Fetch-Site": {"cross-site"}}).is(http.StatusForbidden)
		r.ask(b, http.Header{"Origin": {"https://elsewhere.example"}}).is(http.StatusForbidden)
	}
	b.get(link.Profile).is(http.StatusOK)
}

// strange is what nobody means to type; every field of every form gets it.
var strange = []string{"", "\x00", "\xff\xfe", strings.Repeat("long ", 5_000), "<script>alert(1)</script>", "-1", "99999999999999999999", "0000-00-00T99:99"}

func TestStrangeFormsAndAddressesAreNeverOurTrouble(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.service("1", s.team("1", catalog.Operations).ID, 0)
	s.reported("Something is there to be asked for", "1")
	if _, err := s.web.Deployments.Record(t.Context(), boss, deployment.Deployment{
		Service: "1", Version: "1", Environment: deployment.Production, Outcome: deployment.Failed, FinishedAt: s.clock(), Caused: []incident.ID{1},
	}); err != nil {
		t.Fatal(err)
	}
	b := s.person(account.Admin)
	for _, r := range s.web.routes() {
		if r.path == link.SignOut {
			continue
		}
		for _, value := range strange {
			form := url.Values{}
			for _, field := range fieldNames {
				form.Set(field, value)
			}
			asked := r
			query := ""
			if r.method == http.MethodGet {
				query, form = "?"+form.Encode(), nil
				if len(query) > 10_000 {
					continue
				}
			}
			header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			p := b.ask(asked.method, asked.filled()+query, form.Encode(), header)
			if p.status >= http.StatusInternalServerError && p.status != http.StatusServiceUnavailable {
				t.Errorf("%s %s with %.20q answered %d", r.method, r.path, value, p.status)
			}
			if strings.Contains(p.text, "<script>alert") {
				t.Errorf("%s %s shows a script as it was typed", r.method, r.path)
			}
		}
	}
}

// fieldNames are names that forms use.
var fieldNames = []string{
	"name", "display_name", "email", "zone", "role", "password", "old_password", "token", "next", "expires_at", "version",
	"slug", "summary", "builder", "on_call", "kind", "hours", "holidays", "mails", "service", "environment", "outcome",
	"started_at", "finished_at", "url", "incident", "caused", "from", "to", "q", "team", "cursor", "limit", "retired",
	"title", "detail", "purpose", "state", "due_on", "for", "reason", "look_again_on", "problem", "severity", "sort",
	"evidence_url", "deployment", "text", "cause", "class", "source", "status", "into", "of", "at", "incidents",
	"judgement", "back", "owner", "planned_1", "done_1", "version_1",
	"wanted", "paused_until", "nudges", "only_decisions", "only", "day", "clock", "address", "week",
}
