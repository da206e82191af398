package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/api"
)

// example fills an address with names that exist nowhere.
var example = strings.NewReplacer("{ref}", "INC-999", "{id}", "999", "{slug}", "nobody", "{file}", "incidents.csv")

func TestEveryAddressAsksForItsRole(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	for _, r := range api.Routes() {
		path := example.Replace(r.Path)
		x.send("", r.Method, path, "").is(http.StatusUnauthorized).wrongAt()
		if r.Role != account.Viewer {
			x.send(account.Viewer, r.Method, path, "").is(http.StatusForbidden).wrongAt()
		}
		if r.Role == account.Admin {
			x.send(account.Editor, r.Method, path, "").is(http.StatusForbidden)
		}
		a := x.send(account.Admin, r.Method, path, "")
		if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status >= 500 {
			t.Errorf("%s %s as admin: %d %s", r.Method, path, a.status, a.text)
		}
		if r.Method != http.MethodGet && r.Role == account.Viewer {
			t.Errorf("%s %s changes something and asks for a viewer", r.Method, r.Path)
		}
	}
	if x.log.Len() > 0 {
		t.Errorf("something failed: %s", x.log)
	}
}

func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	for _, path := range []string{"/openapi.json", "/nothing/of/the/kind", "/incidents/INC-1", "/export/incidents.csv"} {
		a := x.send("", "GET", path, "").is(http.StatusUnauthorized).wrongAt()
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: WWW-Authenticate %q", path, a.header.Get("WWW-Authenticate"))
		}
	}
	for name, token := range map[string]string{
		"empty": "Bearer ", "made up": "Bearer ups_" + strings.Repeat("a", 40), "no token at all": "Bearer x", "another scheme": "Basic YTpi",
	} {
		if a := x.send("", "GET", "/incidents", "", "Authorization", token); a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.get("/nothing").is(http.StatusNotFound).wrongAt()
	x.get("/incidents/INC-4").is(http.StatusNotFound).wrongAt()
	x.get("/incidents/4").is(http.StatusNotFound)
	x.get("/export/secrets.csv").is(http.StatusNotFound)
	x.get("/export/incidents.xml").is(http.StatusNotFound)
	a := x.send(account.Admin, "DELETE", "/incidents/INC-4", "").is(http.StatusMethodNotAllowed).wrongAt()
	if a.header.Get("Allow") != "GET, PATCH" {
		t.Errorf("Allow %q", a.header.Get("Allow"))
	}
}

func TestBadInputIsTheSendersTrouble(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	long := strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		at                 []string
	}{
		"no JSON":                   {"POST", "/incidents", `{"title":`, 400, []string{"body"}},
		"no body":                   {"POST", "/incidents", ``, 400, nil},
		"a list":                    {"POST", "/incidents", `[]`, 422, []string{"body"}},
		"null":                      {"POST", "/incidents", `null`, 422, nil},
		"nothing said":              {"POST", "/incidents", `{}`, 422, []string{"body"}},
		"two documents":             {"POST", "/incidents", `{}{}`, 400, nil},
		"too long":                  {"POST", "/incidents", `{"title":"` + long + `"}`, 413, nil},
		"NUL":                       {"POST", "/incidents", `{"title":"a\u0000b","started_at":"2026-09-14T10:00:00Z"}`, 400, nil},
		"an unknown member":         {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","sevirity":"SEV1"}`, 422, []string{"body.sevirity"}},
		"no moment":                 {"POST", "/incidents", `{"title":"a","started_at":"yesterday"}`, 422, []string{"body.started_at"}},
		"a moment without a zone":   {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00"}`, 422, []string{"body.started_at"}},
		"the future":                {"POST", "/incidents", `{"title":"a","started_at":"2036-09-14T10:00:00Z"}`, 422, []string{"body.started_at"}},
		"long ago":                  {"POST", "/incidents", `{"title":"a","started_at":"0001-01-01T00:00:00Z"}`, 422, []string{"body.started_at"}},
		"a severity of its own":     {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","severity":"critical"}`, 422, []string{"body.severity"}},
		"a service that is nowhere": {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","services":["nowhere"]}`, 422, nil},
		"a problem that is nowhere": {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","problem":"PRB-9"}`, 404, nil},
		"no reference":              {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","problem":"9"}`, 422, []string{"body.problem"}},
		"endless hands-on time":     {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","hands_on_seconds":9e18}`, 422, []string{"body.hands_on_seconds"}},
		"half a second":             {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","hands_on_seconds":1.5}`, 422, []string{"body.hands_on_seconds"}},
		"a script as address":       {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","url":"javascript:x"}`, 422, []string{"body.url"}},
		"closed by a field":         {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","status":"closed"}`, 422, []string{"body.status"}},
		"open and resolved":         {"POST", "/incidents", `{"title":"a","started_at":"2026-09-14T10:00:00Z","resolved_at":"2026-09-14T11:00:00Z","status":"open"}`, 422, []string{"body.status"}},
		"limit 0":                   {"GET", "/incidents?limit=0", "", 422, []string{"query.limit"}},
		"limit 501":                 {"GET", "/incidents?limit=501", "", 422, []string{"query.limit"}},
		"limit of words":            {"GET", "/incidents?limit=all", "", 422, []string{"query.limit"}},
		"an unknown filter":         {"GET", "/incidents?sevirity=SEV1", "", 422, []string{"query.sevirity"}},
		"an unknown sorting":        {"GET", "/incidents?sort=title", "", 422, []string{"query.sort"}},
		"a broken cursor":           {"GET", "/incidents?cursor=%21%21", "", 422, nil},
		"a broken day":              {"GET", "/incidents?from=2026-02-31", "", 422, []string{"query.from"}},
		"a query that is no text":   {"GET", "/incidents?q=%ff", "", 400, nil},
		"NUL in a query":            {"GET", "/incidents?q=%00", "", 400, nil},
		"NUL in an address":         {"GET", "/services/a%00b", "", 400, nil},
		"half an escape":            {"GET", "/incidents?q=%zz", "", 400, nil},
		"a huge number":             {"GET", "/incidents/INC-99999999999999999999", "", 404, nil},
		"a negative number":         {"GET", "/deployments/-1", "", 422, []string{"path.id"}},
		"a number of words":         {"GET", "/notes/one", "", 422, []string{"path.id"}},
		"a window of weeks":         {"GET", "/measures?window=2w", "", 422, []string{"query.window"}},
		"a period backwards":        {"GET", "/measures?from=2026-02-01&to=2026-01-01", "", 422, []string{"query.to"}},
		"a team without a kind":     {"POST", "/teams", `{"name":"x"}`, 422, nil},
		"a team on no clock":        {"POST", "/teams", `{"name":"x","kind":"development","zone":"Mars/Olympus"}`, 422, []string{"body.zone"}},
		"25 o'clock":                {"POST", "/teams", `{"name":"x","kind":"development","working_hours":[{"day":"monday","from":"25:00","to":"26:00"}]}`, 422, nil},
		"a service without letters": {"POST", "/services", `{"name":"…"}`, 422, []string{"body.slug"}},
		"a builder that is nowhere": {"POST", "/services", `{"name":"x","builder":"nobody"}`, 422, []string{"body.builder"}},
		"a deployment of nothing":   {"POST", "/deployments", `{"service":"nothing","environment":"production","version":"1","finished_at":"2026-09-14T10:00:00Z"}`, 422, nil},
		"a change of no kind":       {"POST", "/followups", `{"title":"a","kind":"magic"}`, 422, []string{"body.kind"}},
		"a change for nobody":       {"POST", "/followups", `{"title":"a","kind":"code","team":"nobody"}`, 422, []string{"body.team"}},
		"a change at no day":        {"POST", "/followups", `{"title":"a","kind":"code","due_on":"soon"}`, 422, []string{"body.due_on"}},
		"a change for no incident":  {"POST", "/followups", `{"title":"a","kind":"code","incidents":["INC-9"]}`, 404, nil},
		"a change in no version":    {"POST", "/followups", `{"title":"a","kind":"code","deployment":77}`, 422, []string{"body.deployment"}},
		"split into nothing":        {"POST", "/problems/PRB-1/split", `{"title":"a","incidents":[]}`, 422, []string{"body.incidents"}},
		"merge into nothing":        {"POST", "/problems/PRB-1/merge", `{"into":"PRB"}`, 422, []string{"body.into"}},
	} {
		a := x.send(account.Admin, c.method, c.path, c.body)
		if a.status != c.status {
			t.Errorf("%s: %d, want %d: %.400s", name, a.status, c.status, a.text)
			continue
		}
		a.asked = name
		a.wrongAt(c.at...)
	}
	if x.log.Len() > 0 {
		t.Errorf("none of this is ours: %s", x.log)
	}
	x.get("/incidents").is(200).has("total", 0)
}

func TestNothingIsDoneTwiceForOneKey(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	const body = `{"title":"Checkout is slow","started_at":"2026-09-14T10:00:00Z"}`
	report := func(key, body string) answer {
		return x.send(account.Editor, "POST", "/incidents", body, "Idempotency-Key", key)
	}
	first := report("one", body).is(http.StatusCreated)
	x.clock.pass(time.Minute)
	again := report("one", body).is(http.StatusCreated)
	if again.text != first.text || again.header.Get("Location") != first.header.Get("Location") || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("the first answer again, got %s after %s", again.text, first.text)
	}
	if first.header.Get("Location") != "/api/v1/incidents/INC-1" || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("headers: %v, %v", first.header, again.header)
	}
	report("one", strings.Replace(body, "slow", "fast", 1)).is(422).wrongAt("header.Idempotency-Key")
	x.send(account.Editor, "POST", "/services", `{"name":"x"}`, "Idempotency-Key", "one").is(422)
	x.send(account.Admin, "POST", "/incidents", body, "Idempotency-Key", "one").is(http.StatusCreated).has("ref", "INC-2")

	report("two", `{"title":"","started_at":"2026-09-14T10:00:00Z"}`).is(422)
	report("two", body).is(http.StatusCreated) // what was refused changed nothing and leaves its key free
	report("no\tkey", body).is(400)
	report(strings.Repeat("k", 256), body).is(400)
	report("long", strings.Repeat("x", 2<<20)).is(413)
	x.get("/incidents").has("total", 3)

	var all sync.WaitGroup
	answers := make([]answer, 8)
	for n := range answers {
		all.Go(func() { answers[n] = report("at once", body) })
	}
	all.Wait()
	for _, a := range answers {
		if a.status != http.StatusCreated || a.text != answers[0].text {
			t.Errorf("at once: %d %s", a.status, a.text)
		}
	}
	x.get("/incidents").has("total", 4)
}

func TestChangesFitWhatWasSeen(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.post("/incidents", `{"title":"Checkout is slow","started_at":"2026-09-14T10:00:00Z"}`).is(201)
	const path = "/incidents/INC-1"
	seen := x.get(path).is(200).header.Get("ETag")
	if seen == "" {
		t.Fatal("a GET gives an ETag")
	}
	ask := func(tag string) answer { return x.send(account.Viewer, "GET", path, "", "If-None-Match", tag) }
	if a := ask(seen).is(304); a.text != "" || a.header.Get("ETag") != seen {
		t.Errorf("304 has no body and the same ETag: %q %v", a.text, a.header)
	}
	ask("W/" + seen).is(304)
	ask(`"other", ` + seen).is(304)
	ask(`"other"`).is(200)

	change := func(tag, body string) answer {
		return x.send(account.Editor, "PATCH", path, body, "If-Match", tag)
	}
	now := change(seen, `{"severity":"SEV2"}`).is(200).has("severity", "SEV2").header.Get("ETag")
	change(seen, `{"severity":"SEV1"}`).is(412).wrongAt()
	change(`"1"`, `{"severity":"SEV1"}`).is(412)
	change("*", `{"severity":"SEV3"}`).is(200)
	change(now, `{"severity":"SEV1"}`).is(412)
	x.patch(path, `{"severity":null}`).is(200).has("severity", nil)
	ask(seen).is(200)
}

func TestListsArePaged(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	for range 5 {
		x.clock.pass(time.Minute)
		x.post("/incidents", `{"title":"Again","started_at":"`+x.clock.Now().Format(time.RFC3339)+`"}`).is(201)
	}
	var seen []string
	next := ""
	for pages := 0; ; pages++ {
		a := x.get("/incidents?limit=2&cursor="+next).is(200).has("total", 5)
		for _, item := range a.at("items").([]any) {
			seen = append(seen, item.(map[string]any)["ref"].(string))
		}
		if next = a.at("next").(string); next == "" {
			break
		}
		if pages > 5 {
			t.Fatal("the list does not end")
		}
	}
	if got := strings.Join(seen, " "); got != "INC-5 INC-4 INC-3 INC-2 INC-1" {
		t.Errorf("seen %s", got)
	}
	x.get("/incidents?sort=started_at&limit=1").has("items.0.ref", "INC-1")
	x.get("/incidents?from=2026-09-14T12:03:00Z&to=2026-09-14T12:05:00Z").has("total", 2)
}

// FuzzQueries sends any query to the lists: it never is our trouble.
func FuzzQueries(f *testing.F) {
	f.Add("limit=1&cursor=abc")
	f.Add("cursor=eyJrIjpbMV0sImkiOjF9")
	f.Add("cursor=%00&from=2026-01-01&sort=-impact")
	f.Add("q='\"%25_\\&severity=unknown&problem=PRB-1")
	f.Add("from=9999-12-31T23:59:59Z&to=0000-01-01&team=%F0%9F%98%80")
	opened := newSite(f)
	f.Fuzz(func(t *testing.T, query string) {
		x := *opened
		x.t = t
		for _, path := range []string{"/incidents", "/problems", "/followups", "/queue", "/services", "/deployments", "/measures"} {
			for _, c := range query {
				if c <= ' ' || c == '#' || c > '~' { // not an address at all
					return
				}
			}
			if a := x.send(account.Viewer, "GET", path+"?"+query, ""); a.status >= 500 {
				t.Errorf("%s?%s: %d %s\n%s", path, query, a.status, a.text, x.log)
			}
		}
	})
}
