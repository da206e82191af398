package jiratest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const creating = "POST /rest/api/2/issue"

func TestLimits(t *testing.T) {
	cases := map[string]struct {
		flavour Flavour
		faults  Faults
		header  map[string]string
		html    bool
	}{
		"too many in a burst":     {Cloud, Faults{Limit: Burst}, map[string]string{"Retry-After": "1", "RateLimit-Reason": "jira-burst-based"}, false},
		"too many to one issue":   {Cloud, Faults{Limit: PerIssue}, map[string]string{"Retry-After": "2", "RateLimit-Reason": "jira-per-issue-on-write"}, false},
		"the hour's points":       {Cloud, Faults{Limit: Quota}, map[string]string{"Retry-After": "1800", "RateLimit-Reason": "jira-quota-tenant-based", "X-RateLimit-Reset": "2026-11-27T12:30Z"}, false},
		"a gateway without words": {Cloud, Faults{Limit: Gateway}, map[string]string{"Retry-After": "", "RateLimit-Reason": ""}, true},
		"a reason nobody knows":   {Cloud, Faults{Limit: Unknown}, map[string]string{"Retry-After": "1", "RateLimit-Reason": "jira-cost-based"}, false},
		"so many seconds":         {Cloud, Faults{Limit: Quota, LimitFor: 60}, map[string]string{"Retry-After": "60", "X-RateLimit-Reset": "2026-11-27T12:01Z"}, false},
		"an empty bucket":         {DataCenter, Faults{}, map[string]string{"Retry-After": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Interval-Seconds": "1", "RateLimit-Reason": ""}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := start(t, c.flavour)
			c.faults.Next, c.faults.Status, c.faults.Operation = 2, http.StatusTooManyRequests, creating
			s.Set(func(f *Faults) { *f = c.faults })
			if g := s.get("/rest/api/2/myself"); g.status != http.StatusOK {
				t.Errorf("another operation: %d", g.status)
			}
			for range 2 {
				g := s.create(nil)
				if g.status != http.StatusTooManyRequests || strings.HasPrefix(g.text, "<html>") != c.html {
					t.Errorf("%d %s", g.status, g.text)
				}
				for header, want := range c.header {
					if have := g.header.Get(header); have != want {
						t.Errorf("%s: %q, not %q", header, have, want)
					}
				}
			}
			if g := s.create(nil); g.status != http.StatusCreated || len(s.Issues()) != 1 {
				t.Errorf("the third: %d, %d issues", g.status, len(s.Issues()))
			}
		})
	}
}

func TestEverySoManiethCallIsLimited(t *testing.T) {
	s := start(t, Cloud)
	s.Set(func(f *Faults) { f.Every, f.Operation = 3, creating })
	limited := 0
	for range 9 {
		if s.create(nil).status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited != 3 || len(s.Issues()) != 6 {
		t.Errorf("%d limited, %d issues", limited, len(s.Issues()))
	}
}

func TestTheTokenBucketSaysWhatRemains(t *testing.T) {
	s := start(t, DataCenter)
	if g := s.get("/rest/api/2/myself"); g.header.Get("X-RateLimit-Remaining") != "" {
		t.Errorf("switched off: %v", g.header)
	}
	for remaining, after := range map[int]string{7: "0", 0: "1"} {
		s.Set(func(f *Faults) { f.TokenBucket, f.BucketRemaining = true, remaining })
		if g := s.get("/rest/api/2/myself"); g.status != http.StatusOK || g.header.Get("X-RateLimit-Remaining") == "" || g.header.Get("Retry-After") != after || g.header.Get("X-RateLimit-FillRate") != "10" {
			t.Errorf("%d remain: %d %v", remaining, g.status, g.header)
		}
	}
}

func TestCallsFailBeforeAndAfterTheirEffect(t *testing.T) {
	cases := map[string]struct {
		faults Faults
		html   bool
		after  string
	}{
		"500":                      {Faults{Status: 500}, true, ""},
		"502":                      {Faults{Status: 502}, true, ""},
		"503":                      {Faults{Status: 503}, true, ""},
		"503 with a time":          {Faults{Status: 503, LimitFor: 5}, true, "5"},
		"504":                      {Faults{Status: 504}, true, ""},
		"400 of the edge of Cloud": {Faults{Status: 400}, true, ""},
		"409":                      {Faults{Status: 409}, false, ""},
		"413":                      {Faults{Status: 413}, false, ""},
	}
	for name, c := range cases {
		for _, effect := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " after the effect", false: " before it"}[effect], func(t *testing.T) {
				s := start(t, Cloud)
				c.faults.Next, c.faults.Effect, c.faults.Operation = 1, effect, creating
				s.Set(func(f *Faults) { *f = c.faults })
				g := s.create(object{"labels": []string{"fu-1"}})
				if g.status != c.faults.Status || strings.HasPrefix(g.text, "<html>") != c.html || g.header.Get("Retry-After") != c.after {
					t.Errorf("%d %v %s", g.status, g.header, g.text)
				}
				if n := len(s.Labelled("fu-1")); (n == 1) != effect {
					t.Errorf("%d issues", n)
				}
				e := s.Journal()[0]
				if (e.Effect == "created") != effect || e.Status != c.faults.Status {
					t.Errorf("the journal says %+v", e)
				}
			})
		}
	}
}

func TestAnswersAreLost(t *testing.T) {
	cases := map[string]struct {
		faults Faults
		ends   string
		effect bool
	}{
		"an end before the effect":   {Faults{Next: 1}, "an end", false},
		"an end after the effect":    {Faults{Next: 1, Effect: true}, "an end", true},
		"a reset before the effect":  {Faults{Next: 1, Reset: true}, "a reset", false},
		"a reset after the effect":   {Faults{Next: 1, Effect: true, Reset: true}, "a reset", true},
		"at random, after":           {Faults{LoseOneIn: 1}, "an end", true},
		"at random, before":          {Faults{BreakOneIn: 1}, "an end", false},
		"at random, a reset after":   {Faults{LoseOneIn: 1, Reset: true}, "a reset", true},
		"at random, in the middle":   {Faults{CutOneIn: 1}, "a cut", true},
		"of another operation alone": {Faults{LoseOneIn: 1, Operation: "GET /rest/api/2/myself"}, "an answer", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := start(t, Cloud)
			s.Set(func(f *Faults) {
				*f = c.faults
				if f.Operation == "" {
					f.Operation = creating
				}
			})
			_, err := s.try(http.MethodPost, "/rest/api/2/issue", object{"fields": object{"project": object{"key": "OPS"}, "issuetype": object{"id": "10001"}, "summary": "A fix"}})
			if ends := endedBy(err); ends != c.ends {
				t.Errorf("it ended with %s", ends)
			}
			if n := len(s.Issues()); (n == 1) != c.effect {
				t.Errorf("%d issues", n)
			}
			if e := s.Journal()[0]; e.Lost != (c.ends != "an answer") || (e.Effect == "created") != c.effect {
				t.Errorf("the journal says %+v", e)
			}
		})
	}
}

func TestAboutOneInSoManyAnswersIsLost(t *testing.T) {
	s := start(t, Cloud)
	s.Set(func(f *Faults) { f.LoseOneIn, f.Operation = 4, creating })
	lost := 0
	for range 200 {
		if _, err := s.try(http.MethodPost, "/rest/api/2/issue", object{"fields": object{"project": object{"key": "OPS"}, "issuetype": object{"id": "10001"}, "summary": "A fix"}}); err != nil {
			lost++
		}
	}
	if lost < 30 || lost > 70 || len(s.Issues()) != 200 {
		t.Errorf("%d of 200 lost, %d issues", lost, len(s.Issues()))
	}
}

func TestSilence(t *testing.T) {
	for _, before := range []bool{true, false} {
		t.Run(map[bool]string{true: "before the effect", false: "after it"}[before], func(t *testing.T) {
			s := start(t, Cloud)
			s.Set(func(f *Faults) { f.Hang, f.HangBefore, f.Operation = time.Minute, before, creating })
			r, err := http.NewRequest(http.MethodPost, s.url+"/rest/api/2/issue", strings.NewReader(`{"fields":{"project":{"key":"OPS"},"issuetype":{"id":"10001"},"summary":"A fix"}}`))
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth(DefaultUser, DefaultToken)
			r.Header.Set("Content-Type", "application/json")
			impatient := &http.Client{Timeout: 100 * time.Millisecond}
			if a, err := impatient.Do(r); err == nil {
				_ = a.Body.Close()
				t.Fatalf("an answer: %d", a.StatusCode)
			}
			for len(s.Journal()) == 0 { // the double notices that the caller is gone
				time.Sleep(time.Millisecond)
			}
			if n := len(s.Issues()); (n == 0) != before {
				t.Errorf("%d issues", n)
			}
			if e := s.Journal()[0]; !e.Lost {
				t.Errorf("the journal says %+v", e)
			}
			s.Set(func(f *Faults) { f.Hang = time.Millisecond })
			if g := s.create(nil); g.status != http.StatusCreated {
				t.Errorf("who waits has %d", g.status)
			}
		})
	}
}

func TestWhatStandsBeforeJira(t *testing.T) {
	s := start(t, DataCenter)
	s.Set(func(f *Faults) { f.Redirect = s.url + "/login.jsp" })
	g := s.get("/rest/api/2/myself")
	if g.status != http.StatusFound || !strings.HasSuffix(g.header.Get("Location"), "/login.jsp") {
		t.Errorf("%d %v", g.status, g.header)
	}
	g = s.get("/login.jsp")
	if g.status != http.StatusOK || !strings.HasPrefix(g.header.Get("Content-Type"), "text/html") || g.json != nil {
		t.Errorf("%d %v %s", g.status, g.header, g.text)
	}
}

func TestFieldsThatAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Set(func(f *Faults) { f.RefuseField = "priority" })
		if g := s.create(object{"priority": object{"id": "1"}}); g.status != http.StatusBadRequest || g.at("errors", "priority") != offScreen("priority") {
			t.Errorf("%d %s", g.status, g.text)
		}
		if g := s.create(nil); g.status != http.StatusCreated {
			t.Errorf("without it: %d %s", g.status, g.text)
		}
		s.Set(func(f *Faults) { f.RefuseField, f.FieldWords = "customfield_1", "Severity is required." })
		if g := s.create(nil); g.at("errors", "customfield_1") != "Severity is required." {
			t.Errorf("%d %s", g.status, g.text)
		}
		s.Set(func(f *Faults) { f.ListErrors = true })
		if g := s.create(nil); g.status != http.StatusBadRequest || g.size("errors", "customfield_1") != 2 {
			t.Errorf("a list as value: %d %s", g.status, g.text)
		}
		s.Set(func(f *Faults) { *f = Faults{RefuseField: "labels"} })
		if g := s.ask(http.MethodPut, "/rest/api/2/issue/OPS-1", object{"update": object{"labels": []object{{"add": "a"}}}}); g.at("errors", "labels") != offScreen("labels") {
			t.Errorf("in an update: %d %s", g.status, g.text)
		}
		s.Set(func(f *Faults) { *f = Faults{AssigneeWords: "The user '%s' is not active."} })
		left := s.id(s.users[2])
		if g := s.create(object{"assignee": object{"name": left, "accountId": left}}); g.at("errors", "assignee") != "The user '"+left+"' is not active." {
			t.Errorf("%s", g.text)
		}
		s.Set(func(f *Faults) { f.Nulls = true })
		if g := s.get("/rest/api/2/issue/OPS-1?fields=resolution,summary"); !strings.Contains(g.text, `"resolution":null`) {
			t.Errorf("nulls: %s", g.text)
		}
	})
}

func TestTheJournalCounts(t *testing.T) {
	s := start(t, Cloud)
	s.Set(func(f *Faults) { f.Latency = 50 * time.Millisecond })
	began := time.Now()
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() { s.create(object{"labels": []string{"same"}}) })
	}
	wait.Wait()
	if time.Since(began) < 50*time.Millisecond || s.MostAtOnce() != 3 {
		t.Errorf("after %s, %d at once", time.Since(began), s.MostAtOnce())
	}
	s.get("/rest/api/2/issue/OPS-1/comment?maxResults=1")
	s.get("/rest/api/2/issue/10002/comment")
	if calls := s.Calls(); calls[creating] != 3 || calls["GET /rest/api/2/issue/{id}/comment"] != 2 || s.Total() != 5 {
		t.Errorf("%v", calls)
	}
	if n := len(s.Labelled("same")); n != 3 {
		t.Errorf("%d carry the label", n)
	}
	s.ForgetCalls()
	if s.Total() != 0 || s.MostAtOnce() != 0 {
		t.Errorf("forgotten, and still %d", s.Total())
	}
}

func TestTheServerIsTold(t *testing.T) {
	s := start(t, Cloud)
	tell := func(path, kind, body string) got {
		r, err := http.NewRequest(http.MethodPost, s.url+"/__double"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Body.Close() }()
		g := got{status: a.StatusCode}
		_ = json.NewDecoder(a.Body).Decode(&g.json)
		return g
	}
	form := "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		path, kind, body string
		want             Faults
		status           int
	}{
		"a form":             {"", form, "SearchLag=30s&LoseOneIn=5&Expired=true&Limit=quota", Faults{SearchLag: 30 * time.Second, LoseOneIn: 5, Expired: true, Limit: Quota}, 200},
		"the address":        {"/faults?Every=3", form, "", Faults{Every: 3}, 200},
		"JSON":               {"", "application/json", `{"SearchLag": 30000000000, "Hang": "2s", "Next": 2, "Effect": true, "Operation": "PUT /rest/api/2/issue/{id}"}`, Faults{SearchLag: 30 * time.Second, Hang: 2 * time.Second, Next: 2, Effect: true, Operation: "PUT /rest/api/2/issue/{id}"}, 200},
		"no such fault":      {"", form, "Next=1&Moon=1", Faults{}, 422},
		"no number":          {"", form, "Every=often", Faults{}, 422},
		"half of JSON":       {"", "application/json", `{`, Faults{}, 422},
		"nothing to tell at": {"/moon", form, "", Faults{}, 422},
	} {
		t.Run(name, func(t *testing.T) {
			s.Set(func(f *Faults) { *f = Faults{} })
			if g := tell(c.path, c.kind, c.body); g.status != c.status {
				t.Errorf("%d", g.status)
			}
			s.Set(func(f *Faults) {
				if *f != c.want {
					t.Errorf("%+v", *f)
				}
			})
		})
	}
	tell("/well", form, "")
	s.create(nil)
	if g := s.get("/__double"); g.size("journal") != 1 || g.at("issues") != 1.0 || g.at("faults", "Every") != 0.0 {
		t.Errorf("%s", g.text)
	}
	tell("/forget", form, "")
	if s.Total() != 0 {
		t.Error("the journal is not forgotten")
	}
	hooked := make(chan string, 9)
	address := receiver(t, func(_ http.ResponseWriter, r *http.Request) { hooked <- r.Header.Get("X-Hub-Signature") })
	tell("/hook", form, url.Values{"url": {address}, "secret": {"s"}, "Held": {"true"}}.Encode())
	s.Say("OPS-1", "Hm")
	if len(hooked) != 0 {
		t.Error("a webhook that is held went out")
	}
	tell("/release", form, "order=reversed")
	if len(hooked) != 1 || !strings.HasPrefix(<-hooked, "sha256=") {
		t.Error("it was not released")
	}
}
