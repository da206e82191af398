package jiratest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Limit is a kind of 429.
type Limit string

// The kinds of limits.
const (
	Burst    Limit = "burst"     // of the method and endpoint
	PerIssue Limit = "per_issue" // of writes to one issue
	Quota    Limit = "quota"     // of the whole site
	Gateway  Limit = "gateway"   // without a word of how long
	Unknown  Limit = "unknown"   // a reason nobody knows yet
)

// Faults are the ways in which the server fails, all off in the zero value. Operation narrows those of the second group to one, such
// as "POST /rest/api/2/issue"; empty: all.
type Faults struct {
	Latency   time.Duration // of every call
	SearchLag time.Duration // until a search knows of a write

	Expired  bool // the token is not good any more
	Captcha  bool // Data Center has locked the account
	Redirect string
	// NewStyleMissing makes a query about a key that is not there answer 200 without it, as the new search of Cloud does.
	NewStyleMissing bool
	// ShortPages bounds the issues on a page; EmptyPages puts an empty page with a token first; SameToken repeats the token.
	ShortPages            int
	EmptyPages, SameToken bool
	Nulls                 bool // fields without a value are null, as the real one has them and its documents do not allow
	TextMoments           bool // changelog/bulkfetch gives moments as text
	NoBulk                bool // Cloud without its calls for many
	HistoryMax            int  // Data Center gives that many changes and says there are more
	TokenBucket           bool // Data Center says what remains
	BucketRemaining       int

	Operation string
	Limit     Limit // the kind of 429
	LimitFor  int   // seconds to wait; 0: of the kind
	Every     int   // every so manieth call of the operation is limited; 0: none
	Next      int   // so many of the next calls fail in the way of Status, Before or After
	Status    int   // 500, 502, 503, 504, 400, 409, 413 …
	Effect    bool  // the call has its effect before it fails
	// LoseOneIn loses answers at random: the call has its effect, and the connection ends. BreakOneIn ends it before the effect.
	LoseOneIn, BreakOneIn int
	CutOneIn              int // the answer breaks off in the middle
	Hang                  time.Duration
	RefuseField           string // the field that creating or editing is refused for, as in FieldWords
	FieldWords            string
	ListErrors            bool // errors with a list as value
}

// Set changes the faults.
func (s *Server) Set(change func(*Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
}

// before tells whether a call fails before it is looked at.
func (s *Server) before(r *http.Request, op string) (answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.faults
	if f.Redirect != "" {
		return answer{status: http.StatusFound, header: http.Header{"Location": {f.Redirect}}, page: "<html>moved</html>"}, true
	}
	if a, denied := s.denied(r, op); denied {
		return a, true
	}
	if f.Operation != "" && f.Operation != op {
		return answer{}, false
	}
	if f.Every > 0 {
		if s.counted++; s.counted%f.Every == 0 {
			return s.limited(f), true
		}
	}
	if f.Next > 0 && !f.Effect {
		f.Next--
		return s.failing(f), true
	}
	if f.BreakOneIn > 0 && s.random.IntN(f.BreakOneIn) == 0 {
		return answer{lost: true}, true
	}
	return answer{}, false
}

// after tells what becomes of a good answer.
func (s *Server) after(op string, e *Entry, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.faults
	if f.TokenBucket && !s.cloud() {
		if a.header == nil {
			a.header = http.Header{}
		}
		a.header.Set("X-RateLimit-Limit", "50")
		a.header.Set("X-RateLimit-Remaining", strconv.Itoa(f.BucketRemaining))
		a.header.Set("X-RateLimit-Interval-Seconds", "1")
		a.header.Set("X-RateLimit-FillRate", "10")
	}
	if f.Operation != "" && f.Operation != op {
		return
	}
	switch {
	case f.Next > 0 && f.Effect:
		f.Next--
		was := *a
		*a = s.failing(f)
		if f.Status == 0 {
			*a = was
			a.lost = true
		}
	case f.LoseOneIn > 0 && s.random.IntN(f.LoseOneIn) == 0:
		a.lost = true
	case f.CutOneIn > 0 && s.random.IntN(f.CutOneIn) == 0:
		a.cutShort = true
	}
	e.Lost = a.lost || a.cutShort
	a.hang = f.Hang
}

func (s *Server) failing(f *Faults) answer {
	switch f.Status {
	case 0:
		return answer{lost: true}
	case http.StatusBadRequest:
		return answer{status: f.Status, page: "<html><body><h1>HTTP Status 400 – Bad Request</h1></body></html>"}
	case http.StatusTooManyRequests:
		return s.limited(f)
	case http.StatusConflict:
		return refused(f.Status, "The issue was changed by somebody else meanwhile.", nil)
	case http.StatusRequestEntityTooLarge:
		return refused(f.Status, "The number of comments exceeds the limit of this issue.", nil)
	}
	a := answer{status: f.Status, page: fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>", f.Status, http.StatusText(f.Status)), header: http.Header{}}
	if f.Status == http.StatusServiceUnavailable && f.LimitFor > 0 {
		a.header.Set("Retry-After", strconv.Itoa(f.LimitFor))
	}
	return a
}

func (s *Server) limited(f *Faults) answer {
	a := refused(http.StatusTooManyRequests, "Rate limit exceeded.", nil)
	a.header = http.Header{}
	seconds := func(usual int) string {
		if f.LimitFor > 0 {
			usual = f.LimitFor
		}
		return strconv.Itoa(usual)
	}
	switch f.Limit {
	case PerIssue:
		a.header.Set("Retry-After", seconds(2))
		a.header.Set("RateLimit-Reason", "jira-per-issue-on-write")
	case Quota:
		a.header.Set("Retry-After", seconds(1800))
		wait, _ := strconv.Atoi(seconds(1800))
		a.header.Set("X-RateLimit-Reset", s.now().Add(time.Duration(wait)*time.Second).Format("2006-01-02T15:04Z"))
		a.header.Set("RateLimit-Reason", "jira-quota-tenant-based")
	case Gateway:
		return answer{status: http.StatusTooManyRequests, page: "<html>Too many requests</html>"}
	case Unknown:
		a.header.Set("Retry-After", seconds(1))
		a.header.Set("RateLimit-Reason", "jira-cost-based")
	default:
		a.header.Set("Retry-After", seconds(1))
		a.header.Set("RateLimit-Reason", "jira-burst-based")
	}
	return a
}

// denied answers a login that is not good. An expired token of Cloud gives a search that finds nothing.
func (s *Server) denied(r *http.Request, op string) (answer, bool) {
	good := false
	if user, password, basic := r.BasicAuth(); basic {
		good = user == s.options.User && password == s.options.Token
	} else if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bearer {
		good = token == s.options.Token && !s.cloud()
	}
	if good && !s.faults.Expired && !s.faults.Captcha {
		s.failed = 0
		return answer{}, false
	}
	if strings.HasSuffix(op, "/serverInfo") { // open to everybody
		return answer{}, false
	}
	s.failed++
	if !s.cloud() && (s.faults.Captcha || s.failed > 5) {
		return answer{
			status: http.StatusForbidden, page: "<html><body>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</body></html>",
			header: http.Header{"X-Authentication-Denied-Reason": {"CAPTCHA_CHALLENGE; login-url=http://jira.example.test/login.jsp"}, "X-Seraph-Loginreason": {"AUTHENTICATION_DENIED"}},
		}, true
	}
	if s.cloud() && strings.Contains(op, "/search") {
		a := ok(map[string]any{"isLast": true, "issues": []any{}})
		a.header = http.Header{"X-Seraph-Loginreason": {"AUTHENTICATED_FAILED"}}
		return a, true
	}
	a := answer{status: http.StatusUnauthorized, page: "Client must be authenticated to access this resource."}
	a.header = http.Header{"Content-Type": {"text/plain;charset=UTF-8"}, "X-Seraph-Loginreason": {"AUTHENTICATED_FAILED"}}
	return a, true
}

// send writes the answer, or ends the connection, and closes the journal's entry.
func (s *Server) send(w http.ResponseWriter, a answer, e *Entry) {
	e.Status = a.status
	if a.lost {
		e.Status, e.Lost = 0, true
	}
	s.mu.Lock()
	s.journal = append(s.journal, *e)
	s.mu.Unlock()
	if a.hang > 0 {
		time.Sleep(a.hang)
	}
	if a.lost {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	var content []byte
	switch {
	case a.page != "":
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "text/html;charset=UTF-8")
		}
		content = []byte(a.page)
	case a.body != nil:
		h.Set("Content-Type", "application/json;charset=UTF-8")
		content, _ = json.Marshal(a.body)
	}
	if a.cutShort && len(content) > 2 {
		h.Set("Content-Length", strconv.Itoa(len(content)))
		w.WriteHeader(a.status)
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(content)
}

// serveControl shows the faults and the journal, and changes faults: POST /__double?SearchLag=30s&LoseOneIn=5. Every field of Faults
// is a parameter by its name.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		_ = r.ParseForm()
		var wrong error
		s.Set(func(f *Faults) {
			changed := *f
			if wrong = setByName(&changed, r.Form); wrong == nil {
				*f = changed
			}
		})
		if wrong != nil {
			http.Error(w, wrong.Error(), http.StatusUnprocessableEntity)
			return
		}
		if r.Form.Has("forget") {
			s.ForgetCalls()
		}
	}
	s.mu.Lock()
	shown := map[string]any{"faults": s.faults, "journal": s.journal, "issues": len(s.issues), "most_at_once": s.mostAtOnce}
	content, err := json.MarshalIndent(shown, "", " ")
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(content)
}

func setByName(f *Faults, values url.Values) error {
	fields := reflect.ValueOf(f).Elem()
	for name, all := range values {
		field := fields.FieldByName(name)
		if name == "forget" {
			continue
		}
		if !field.IsValid() {
			return fmt.Errorf("there is no fault %q", name)
		}
		var err error
		switch value := all[len(all)-1]; field.Interface().(type) {
		case bool:
			var b bool
			b, err = strconv.ParseBool(value)
			field.SetBool(b)
		case time.Duration:
			var d time.Duration
			d, err = time.ParseDuration(value)
			field.SetInt(int64(d))
		case int:
			var n int
			n, err = strconv.Atoi(value)
			field.SetInt(int64(n))
		default:
			field.SetString(value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
