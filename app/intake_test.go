package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/app/listing"
	"upshot/store/storetest"
)

// Events in, whole: over real HTTP into a real database, and drained as a replica does.

// taken is an App that takes deliveries in.
type taken struct {
	*App
	t       testing.TB
	clock   *movable
	handler http.Handler
	secrets map[string]string // by source
}

func startTaken(t testing.TB, address string) *taken {
	t.Helper()
	clock := &movable{at: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	config := Config{Database: address, Addr: "127.0.0.1:0", BaseURL: "https://upshot.example.test", SecretKey: "sixteen characters at least", Log: "error"}
	a, err := New(t.Context(), config, slog.New(slog.DiscardHandler), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	s := &taken{App: a, t: t, clock: clock, handler: a.Handler(), secrets: map[string]string{}}
	s.service("payments", "Payments")
	return s
}

func eachTaken(t *testing.T, test func(s *taken)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) { test(startTaken(t, address)) })
}

func (s *taken) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *taken) service(slug, name string) catalog.Service {
	s.t.Helper()
	v, err := s.words.catalog.AddService(s.t.Context(), syncActor, catalog.Service{Slug: slug, Name: name})
	s.must(err)
	return v
}

func (s *taken) source(kind intake.Kind, m intake.Mapping) intake.Source {
	s.t.Helper()
	src, secret, err := s.words.intake.Add(s.t.Context(), syncActor, intake.Source{Kind: kind, Name: "main", Mapping: m}, "")
	s.must(err)
	s.secrets[src.Called()] = secret
	return src
}

// send sends a body as the sender would, and gives the status.
func (s *taken) send(src intake.Source, body string, change ...func(*http.Request)) int {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/hooks/"+src.Called(), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	secret := s.secrets[src.Called()]
	switch src.Kind {
	case intake.PagerDuty:
		r.Header.Set("X-PagerDuty-Signature", "v1="+signedHex(secret, body))
	case intake.GitHub:
		r.Header.Set("X-Hub-Signature-256", "sha256="+signedHex(secret, body))
		r.Header.Set("X-GitHub-Event", "deployment_status")
	case intake.GitLab:
		r.Header.Set("X-Gitlab-Token", secret)
	default:
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Code
}

func signedHex(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// takes sends a body that is to be taken, and drains.
func (s *taken) takes(src intake.Source, body string) {
	s.t.Helper()
	if status := s.send(src, body); status != http.StatusAccepted {
		s.t.Fatalf("answered %d to %s", status, body)
	}
	s.must(s.words.intake.Drain(s.t.Context()))
}

func (s *taken) incidents() []incident.Incident {
	s.t.Helper()
	page, err := s.store.Incidents(s.t.Context(), syncActor, incident.Filter{Sort: "started_at"}, listing.Request{Limit: 100})
	s.must(err)
	return page.Items
}

func (s *taken) deliveries(src intake.Source) []intake.Delivery {
	s.t.Helper()
	page, err := s.store.Deliveries(s.t.Context(), intake.Filter{Source: src.ID}, listing.Request{Limit: 100})
	s.must(err)
	return page.Items
}

// alerts is what an Alertmanager sends of the group "g"; each alert is "name begin end", in minutes before now, an end of "-" goes on.
func (s *taken) alerts(alerts ...string) string {
	now := s.clock.Now()
	moment := func(minutes string) string {
		var n int
		_, _ = fmt.Sscan(minutes, &n)
		return now.Add(-time.Duration(n) * time.Minute).Format(time.RFC3339)
	}
	status := "resolved"
	var all []string
	for _, a := range alerts {
		f := strings.Fields(a)
		state, end := "firing", "0001-01-01T00:00:00Z"
		if f[2] != "-" {
			state, end = "resolved", moment(f[2])
		} else {
			status = "firing"
		}
		all = append(all, fmt.Sprintf(`{"status":%q,"labels":{"alertname":%q,"service":"payments","severity":"critical"},"annotations":{"summary":"Payments time out"},"startsAt":%q,"endsAt":%q,"fingerprint":%q}`,
			state, f[0], moment(f[1]), end, f[0]))
	}
	return fmt.Sprintf(`{"version":"4","groupKey":%q,"status":%q,"receiver":"r","groupLabels":{"alertname":"X"},"commonLabels":{"service":"payments","severity":"critical"},"commonAnnotations":{"summary":"Payments time out"},"externalURL":"http://am.example.test","alerts":[%s]}`,
		"g", status, strings.Join(all, ","))
}

func (s *taken) course(i incident.Incident) string {
	minute := func(t time.Time) string {
		if t.IsZero() {
			return "…"
		}
		return fmt.Sprint(int(s.clock.Now().Sub(t).Minutes()))
	}
	words := string(i.Status) + " "
	for _, g := range i.Segments {
		words += minute(g.StartedAt) + "-" + minute(g.EndedAt) + ", "
	}
	begin := i.Moments.StartedAt
	if !i.Moments.ReopenedAt.IsZero() {
		begin = i.Moments.ReopenedAt
	}
	return words + minute(begin) + "-" + minute(i.Moments.RestoredAt)
}

func TestAlertsBecomeOneIncidentWhateverTheOrder(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		firing := s.alerts("a 60 -", "b 50 -")
		half := s.alerts("a 60 40", "b 50 -")
		over := s.alerts("a 60 40", "b 50 30")
		src := s.source(intake.Alertmanager, intake.Mapping{})
		s.takes(src, over)
		s.takes(src, firing)
		s.takes(src, half)
		s.takes(src, over)
		all := s.incidents()
		if len(all) != 1 {
			t := s.t
			t.Fatalf("%d incidents", len(all))
		}
		i := all[0]
		if got := s.course(i); got != "resolved 60-30" {
			s.t.Errorf("its course is %s", got)
		}
		if i.Title != "Payments time out" || i.Severity != incident.SEV1 || strings.Join(i.Services, " ") != "payments" || i.Source != "alertmanager/main" || i.GroupKey != "g" {
			s.t.Errorf("it is %+v", i)
		}
		if i.DetectedBy != incident.ByAlert || !i.Moments.DetectedAt.Equal(i.Moments.StartedAt) {
			s.t.Errorf("it was detected by %s at %s", i.DetectedBy, i.Moments.DetectedAt)
		}
		if d := s.deliveries(src); len(d) != 3 || d[2].Times != 2 {
			s.t.Errorf("%d deliveries are kept, the first came %d times", len(d), d[len(d)-1].Times)
		}
	})
}

func TestTheSameAgainIsASegmentOrARecurrence(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{})
		s.takes(src, s.alerts("a 200 190"))
		s.takes(src, s.alerts("a 170 -"))
		if got := s.course(s.incidents()[0]); got != "open 200-190, 170-…" {
			s.t.Errorf("within the flap window it is %s", got)
		}
		s.takes(src, s.alerts("a 170 160"))
		s.takes(src, s.alerts("a 100 -"))
		all := s.incidents()
		if len(all) != 2 {
			s.t.Fatalf("%d incidents", len(all))
		}
		if got := s.course(all[0]) + "; " + s.course(all[1]); got != "resolved 200-190, 170-160; open 100-…" {
			s.t.Errorf("later it is %s", got)
		}
		if all[0].Problem == 0 || all[0].Problem != all[1].Problem || !all[1].Standing.Recurs {
			s.t.Errorf("the second one is no recurrence: %+v", all[1].Standing)
		}
	})
}

func TestWhatAPersonChangedIsLeftToThem(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{})
		s.takes(src, s.alerts("a 60 -"))
		id := s.incidents()[0].ID
		_, err := s.words.incidents.Edit(s.t.Context(), syncActor, id, 0, func(i *incident.Incident) error {
			i.Title, i.Severity = "Cards are declined", incident.SEV2
			return nil
		})
		s.must(err)
		_, err = s.words.incidents.Correct(s.t.Context(), syncActor, id, incident.StartedAt, s.clock.Now().Add(-70*time.Minute), "users felt it before")
		s.must(err)
		s.takes(src, s.alerts("a 60 20"))
		i := s.incidents()[0]
		if got := s.course(i); got != "resolved 70-20" || i.Title != "Cards are declined" || i.Severity != incident.SEV2 {
			s.t.Errorf("it is %s, %q, %s", got, i.Title, i.Severity)
		}
		s.takes(src, s.alerts("a 10 -"))
		if got := s.course(s.incidents()[0]); got != "open 70-20, 10-…" {
			s.t.Errorf("firing again it is %s", got)
		}
	})
}

func TestAServiceThatNobodyKnowsIsAskedFor(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{})
		s.takes(src, strings.ReplaceAll(s.alerts("a 60 -"), `"payments"`, `"pay-api"`))
		i := s.incidents()[0]
		if len(i.Services) != 0 {
			s.t.Fatalf("it is of %v", i.Services)
		}
		src, err := s.store.Source(s.t.Context(), src.ID)
		s.must(err)
		if strings.Join(src.Unmapped, " ") != "pay-api" {
			s.t.Errorf("unmapped are %v", src.Unmapped)
		}
		s.must(s.words.intake.Map(s.t.Context(), syncActor, src.ID, intake.Mapping{Services: map[string]string{"pay-api": "payments"}}))
		s.must(s.words.intake.Drain(s.t.Context()))
		if i = s.incidents()[0]; strings.Join(i.Services, " ") != "payments" {
			s.t.Errorf("mapped it is of %v", i.Services)
		}
		src, err = s.store.Source(s.t.Context(), src.ID)
		s.must(err)
		if len(src.Unmapped) != 0 {
			s.t.Errorf("unmapped are still %v", src.Unmapped)
		}
	})
}

func TestWhatIsRefusedIsNotKept(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{})
		body := s.alerts("a 60 -")
		for name, c := range map[string]struct {
			status int
			body   string
			change func(*http.Request)
		}{
			"a wrong secret":      {401, body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer wrong") }},
			"no secret":           {401, body, func(r *http.Request) { r.Header.Del("Authorization") }},
			"no JSON":             {400, `{"alerts":[`, func(*http.Request) {}},
			"nothing":             {400, ``, func(*http.Request) {}},
			"too long":            {413, `"` + strings.Repeat("x", 26<<20) + `"`, func(*http.Request) {}},
			"another name":        {404, body, func(r *http.Request) { r.URL.Path = "/hooks/alertmanager/other" }},
			"an unknown sender":   {404, body, func(r *http.Request) { r.URL.Path = "/hooks/nagios/main" }},
			"a token of nobody's": {401, body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer up_"+strings.Repeat("x", 32)) }},
		} {
			if got := s.send(src, c.body, c.change); got != c.status {
				s.t.Errorf("%s is answered %d, want %d", name, got, c.status)
			}
		}
		if d := s.deliveries(src); len(d) != 0 {
			s.t.Errorf("%d are kept", len(d))
		}
		for name, strange := range map[string]string{"an array": `[]`, "a number": `7`, "null": `null`, "alerts of a wrong type": `{"alerts":7}`, "no alerts": `{"version":"4"}`} {
			if got := s.send(src, strange); got != http.StatusAccepted {
				s.t.Errorf("%s is answered %d", name, got)
			}
		}
		s.must(s.words.intake.Drain(s.t.Context()))
		for _, d := range s.deliveries(src) {
			if d.State != intake.Failed && d.State != intake.Ignored || d.Words == "" {
				s.t.Errorf("delivery %d is %s: %s", d.ID, d.State, d.Words)
			}
		}
		s.must(s.words.intake.Switch(s.t.Context(), syncActor, src.ID, false))
		if got := s.send(src, body); got != http.StatusForbidden {
			s.t.Errorf("switched off it answers %d", got)
		}
	})
}

func TestTwoSecretsAreGoodWhileOneIsChanged(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		for _, kind := range []intake.Kind{intake.Alertmanager, intake.PagerDuty} {
			src := s.source(kind, intake.Mapping{})
			old := s.secrets[src.Called()]
			fresh, err := s.words.intake.NewSecret(s.t.Context(), syncActor, src.ID, "")
			s.must(err)
			body := `{"event":{"id":"1","event_type":"pagey.ping","resource_type":"pagey"}}`
			status := func(secret string) int {
				s.secrets[src.Called()] = secret
				return s.send(src, body)
			}
			if a, b := status(old), status(fresh); a != 202 || b != 202 {
				s.t.Errorf("%s: both secrets are answered %d and %d", kind, a, b)
			}
			s.must(s.words.intake.DropOldSecret(s.t.Context(), syncActor, src.ID))
			if a, b := status(old), status(fresh); a != 401 || b != 202 {
				s.t.Errorf("%s: the old secret is answered %d, the new one %d", kind, a, b)
			}
		}
	})
}

func (s *taken) pagerduty(event, id, kind string, minutes int, more string) string {
	at := s.clock.Now().Add(-time.Duration(minutes) * time.Minute).Format(time.RFC3339)
	return fmt.Sprintf(`{"event":{"id":%q,"event_type":%q,"resource_type":"incident","occurred_at":%q,"data":{"id":%q,"type":"incident","html_url":"https://acme.pagerduty.example/i","title":"Checkout down","service":{"id":"S","summary":"Payments"},"urgency":"high"%s}}}`,
		event, kind, at, id, more)
}

func TestThePagersStory(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		team, err := s.words.catalog.AddTeam(s.t.Context(), syncActor, catalog.Team{Name: "Booking", Kind: catalog.Development, Zone: "UTC"})
		s.must(err)
		_, err = s.words.catalog.EditService(s.t.Context(), syncActor, "payments", 0, func(v *catalog.Service) error {
			v.Builder, v.OnCall = team.ID, team.ID
			return nil
		})
		s.must(err)
		src := s.source(intake.PagerDuty, intake.Mapping{PagesOnCall: true})
		s.takes(src, s.pagerduty("4", "P1", "incident.resolved", 20, ""))
		s.takes(src, s.pagerduty("2", "P1", "incident.acknowledged", 55, ""))
		s.takes(src, s.pagerduty("1", "P1", "incident.triggered", 60, ""))
		s.takes(src, s.pagerduty("3", "P1", "incident.priority_updated", 50, `,"priority":{"summary":"P2"}`))
		i := s.incidents()[0]
		if got := s.course(i); got != "resolved 60-20" || i.Moments.AcknowledgedAt.IsZero() || i.Title != "Checkout down" {
			s.t.Errorf("it is %s, acknowledged %s, %q", got, i.Moments.AcknowledgedAt, i.Title)
		}
		if !i.Moments.DeveloperNotifiedAt.Equal(i.Moments.StartedAt) || i.NotifiedBy != incident.ByPage {
			s.t.Errorf("developers were told %s by %q", i.Moments.DeveloperNotifiedAt, i.NotifiedBy)
		}
		s.takes(src, s.pagerduty("5", "P1", "incident.reopened", 10, ""))
		if got := s.course(s.incidents()[0]); got != "open 60-20, 10-…" {
			s.t.Errorf("reopened it is %s", got)
		}
		s.takes(src, s.pagerduty("6", "P2", "incident.triggered", 9, ""))
		s.takes(src, s.pagerduty("7", "P2", "incident.resolved", 8, `,"resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"P1"}}`))
		if all := s.incidents(); len(all) != 1 {
			s.t.Errorf("merged there they are %d here", len(all))
		}
	})
}

func TestDeploymentsArriveOnce(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.GitHub, intake.Mapping{})
		status := func(state string, minutes int) string {
			at := s.clock.Now().Add(-time.Duration(minutes) * time.Minute).Format(time.RFC3339)
			return fmt.Sprintf(`{"action":"created","deployment_status":{"id":%d,"state":%q,"environment":"production","created_at":%q,"updated_at":%q},"deployment":{"id":7,"sha":"f95f852bd8fca8fcc58a9a2d6c842781e32a215e","ref":"v1.2.3","environment":"production","created_at":%q},"repository":{"name":"payments","full_name":"acme/payments"}}`,
				minutes, state, at, at, s.clock.Now().Add(-time.Hour).Format(time.RFC3339))
		}
		deliver := func(body, id string) {
			if got := s.send(src, body, func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", id) }); got != 202 {
				s.t.Fatalf("answered %d", got)
			}
			s.must(s.words.intake.Drain(s.t.Context()))
		}
		deliver(status("success", 30), "3")
		deliver(status("in_progress", 50), "1")
		deliver(status("failure", 40), "2")
		deliver(status("success", 30), "3")
		page, err := s.store.Deployments(s.t.Context(), syncActor, deploymentFilter("payments"), listing.Request{})
		s.must(err)
		if len(page.Items) != 1 {
			s.t.Fatalf("%d deployments", len(page.Items))
		}
		if d := page.Items[0]; !d.Ships() || d.Version != "v1.2.3" || s.clock.Now().Sub(d.FinishedAt) != 30*time.Minute {
			s.t.Errorf("it is %+v", d)
		}
	})
}

func TestADeploymentOfAnUnknownServiceWaits(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.GitLab, intake.Mapping{})
		body := `{"object_kind":"deployment","status":"success","status_changed_at":"2026-11-27 08:50:00 +0000","deployment_id":15,"environment":"prod-eu","project":{"name":"pay-api","path_with_namespace":"acme/pay-api"},"short_sha":"279484c0"}`
		s.takes(src, body)
		if d := s.deliveries(src)[0]; d.State != intake.Unmapped || !strings.Contains(d.Words, "pay-api") {
			s.t.Fatalf("it is %s: %s", d.State, d.Words)
		}
		s.must(s.words.intake.Map(s.t.Context(), syncActor, src.ID, intake.Mapping{Service: "payments"}))
		s.must(s.words.intake.Drain(s.t.Context()))
		if d := s.deliveries(src)[0]; d.State != intake.Done || len(d.Became) != 1 {
			s.t.Errorf("mapped it is %s: %s %v", d.State, d.Words, d.Became)
		}
		page, err := s.store.Deployments(s.t.Context(), syncActor, deploymentFilter("payments"), listing.Request{})
		s.must(err)
		if len(page.Items) != 1 || !page.Items[0].Production {
			s.t.Errorf("deployments are %+v", page.Items)
		}
	})
}

func TestASourceIsWhoItSays(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{})
		s.takes(src, s.alerts("a 60 50"))
		page, err := s.store.Events(s.t.Context(), syncActor, audit.Filter{Incident: int64(s.incidents()[0].ID)}, listing.Request{})
		s.must(err)
		for _, e := range page.Items {
			if e.Actor.Kind != account.Source || e.Actor.Name != "alertmanager/main" || e.Origin != "hook" {
				s.t.Errorf("%s was done by %+v from %q", e.Action, e.Actor, e.Origin)
			}
		}
	})
}

func TestWhatPeopleNoteThereIsNotedHereOnce(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.PagerDuty, intake.Mapping{})
		s.takes(src, s.pagerduty("1", "P1", "incident.triggered", 60, ""))
		note := fmt.Sprintf(`{"event":{"id":"2","event_type":"incident.annotated","resource_type":"incident","occurred_at":%q,"data":{"id":"N1","type":"incident_note","content":"The pool is full","incident":{"id":"P1"}}}}`,
			s.clock.Now().Add(-30*time.Minute).Format(time.RFC3339))
		s.takes(src, note)
		s.takes(src, s.pagerduty("3", "P1", "incident.resolved", 20, ""))
		s.must(s.words.intake.Again(s.t.Context(), syncActor, s.deliveries(src)[1].ID))
		s.must(s.words.intake.Drain(s.t.Context()))
		notes, err := s.store.NotesOfIncident(s.t.Context(), syncActor, s.incidents()[0].ID)
		s.must(err)
		if len(notes) != 1 || notes[0].Body != "The pool is full" || notes[0].Author.Name != "pagerduty/main" {
			s.t.Errorf("noted is %+v", notes)
		}
	})
}

func TestTheLabelsThatWereChosenTellTheSameFailure(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{SameBy: []string{"service", "severity"}})
		other := strings.ReplaceAll(s.alerts("b 100 90"), `"groupKey":"g"`, `"groupKey":"another"`)
		s.takes(src, s.alerts("a 300 290"))
		s.takes(src, other)
		all := s.incidents()
		if len(all) != 2 || all[0].Problem == 0 || all[0].Problem != all[1].Problem || all[1].GroupKey != "service=payments, severity=critical" {
			s.t.Errorf("%d incidents, %q", len(all), all[1].GroupKey)
		}
	})
}

func TestAChangeShipsWhenItsDeploymentSucceedsInTheEnd(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.GitLab, intake.Mapping{Service: "payments"})
		status := func(word, at string) string {
			return fmt.Sprintf(`{"object_kind":"deployment","status":%q,"status_changed_at":%q,"deployment_id":15,"environment":"production","project":{"name":"pay","path_with_namespace":"acme/pay"},"short_sha":"279484c0"}`, word, at)
		}
		s.takes(src, status("failed", "2026-11-27 08:40:00 +0000"))
		page, err := s.store.Deployments(s.t.Context(), syncActor, deploymentFilter("payments"), listing.Request{})
		s.must(err)
		f, err := s.words.followUps.Promise(s.t.Context(), syncActor, followup.FollowUp{Title: "Retry", Kind: followup.Code, Purpose: followup.Prevent}, true)
		s.must(err)
		f, err = s.words.followUps.Edit(s.t.Context(), syncActor, f.ID, 0, func(f *followup.FollowUp) error {
			f.Deployment = page.Items[0].ID
			return nil
		})
		s.must(err)
		if !f.Kept.ShippedAt.IsZero() {
			s.t.Errorf("shipped at %s by a deployment that failed", f.Kept.ShippedAt)
		}
		s.takes(src, status("success", "2026-11-27 08:50:00 +0000"))
		f, err = s.store.FollowUp(s.t.Context(), syncActor, f.ID)
		s.must(err)
		if want := time.Date(2026, 11, 27, 8, 50, 0, 0, time.UTC); !f.Kept.ShippedAt.Equal(want) {
			s.t.Errorf("shipped at %s, want %s", f.Kept.ShippedAt, want)
		}
	})
}

// Four deliveries of one incident, in every order, each order as an incident of its own: all end alike.
func TestAStoryInEveryOrderEndsAlike(t *testing.T) {
	t.Parallel()
	s := startTaken(t, storetest.File(t))
	src := s.source(intake.PagerDuty, intake.Mapping{})
	ends := map[string][]int{}
	for n, order := range permutations(4) {
		id := fmt.Sprint("P", n)
		story := []string{
			s.pagerduty(id+"-1", id, "incident.triggered", 60, ""),
			s.pagerduty(id+"-2", id, "incident.acknowledged", 55, ""),
			s.pagerduty(id+"-3", id, "incident.resolved", 40, `,"priority":{"summary":"P1"}`),
			s.pagerduty(id+"-4", id, "incident.reopened", 20, `,"priority":{"summary":"P2"}`),
		}
		for _, at := range append(order, order[0]) { // and the first one again
			s.takes(src, story[at])
		}
		known, err := s.store.Tracks(s.t.Context(), src.ID, []string{id})
		s.must(err)
		if len(known[id].Incidents) != 1 {
			t.Fatalf("in the order %v it became %d incidents", order, len(known[id].Incidents))
		}
		i, err := s.store.Incident(t.Context(), syncActor, known[id].Incidents[0].Incident)
		s.must(err)
		end := fmt.Sprintf("%s, acknowledged %s, %s", s.course(i), i.Moments.AcknowledgedAt.Format(time.TimeOnly), i.Severity)
		ends[end] = append(ends[end], n)
	}
	if len(ends) != 1 {
		t.Errorf("they end in %d ways: %v", len(ends), ends)
	}
}

func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, rest := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(rest), at, n-1))
		}
	}
	return all
}

func TestWithoutADatabaseASenderIsAskedToTryAgain(t *testing.T) {
	t.Parallel()
	s := startTaken(t, storetest.File(t))
	src := s.source(intake.Alertmanager, intake.Mapping{})
	if got := s.send(src, s.alerts("a 60 -")); got != http.StatusAccepted {
		t.Fatalf("answered %d", got)
	}
	s.must(s.store.Close())
	if got := s.send(src, s.alerts("a 50 -")); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got)
	}
}

func TestDeliveriesAreForgottenInTheEnd(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{})
		s.takes(src, s.alerts("a 60 -"))
		if got := s.send(src, s.alerts("a 60 30")); got != http.StatusAccepted { // this one still waits
			s.t.Fatalf("answered %d", got)
		}
		n, err := s.words.intake.Forget(s.t.Context(), s.clock.Now().Add(time.Hour))
		s.must(err)
		if left := s.deliveries(src); n != 1 || len(left) != 1 || left[0].State != intake.Waiting {
			s.t.Errorf("%d are forgotten, left are %+v", n, left)
		}
	})
}

func TestADeliveryIsProcessedAgain(t *testing.T) {
	t.Parallel()
	eachTaken(t, func(s *taken) {
		src := s.source(intake.Alertmanager, intake.Mapping{Skip: []string{"alertname=X"}})
		s.takes(src, s.alerts("a 60 -"))
		d := s.deliveries(src)[0]
		if d.State != intake.Ignored || !strings.Contains(d.Words, "alertname=X") || len(s.incidents()) != 0 {
			s.t.Fatalf("it is %s: %s", d.State, d.Words)
		}
		s.must(s.words.intake.Map(s.t.Context(), syncActor, src.ID, intake.Mapping{}))
		s.must(s.words.intake.Again(s.t.Context(), syncActor, d.ID))
		s.must(s.words.intake.Drain(s.t.Context()))
		if d = s.deliveries(src)[0]; d.State != intake.Done || len(s.incidents()) != 1 {
			s.t.Errorf("again it is %s: %s", d.State, d.Words)
		}
	})
}

func deploymentFilter(service string) deployment.Filter { return deployment.Filter{Service: service} }
