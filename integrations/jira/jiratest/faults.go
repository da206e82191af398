package jiratest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
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

// Faults are the ways in which the server fails, all off in the zero value. Operation narrows those of the last group to one, such
// as "POST /rest/api/2/issue"; empty: all.
type Faults struct {
	Latency   time.Duration // of every call
	SearchLag time.Duration // until a search knows of a write; reading by id always does

	// The login, and what stands before Jira.
	Expired   bool   // the token is not good any more
	Captcha   bool   // Data Center has locked the account
	Anonymous bool   // Data Center takes the caller for nobody: a search finds nothing, with 200
	Redirect  string // every call is led there; /login.jsp of this server is a page with 200

	// How searches and histories come.
	NewStyleMissing bool // a query about a key that is not there answers 200 without it, as the new search of Cloud does
	ShortPages      int  // at most so many issues on a page, whatever is asked
	EmptyPages      bool // the first page is empty, and has a token
	SameToken       bool // the token is the same again and again
	StaleTokens     bool // tokens have expired
	Nulls           bool // fields without a value are null, as the real one has them and its documents do not allow
	TextMoments     bool // changelog/bulkfetch gives moments as text
	NoBulk          bool // Cloud without its calls for many
	LeanBulk        bool // issue/bulkfetch takes 1000 when few fields are named
	HistoryMax      int  // Data Center gives that many changes and says there are more
	TokenBucket     bool // Data Center says what remains
	BucketRemaining int

	// What nobody has verified: each is off in the way that is likelier.
	KeyIsField     bool // fieldIds of changelog/bulkfetch may name Key and Workflow
	UnknownRefused bool // changelog/bulkfetch refuses an id that is not there, instead of leaving it out
	LinksDouble    bool // an identical issue link is made again
	CreatedLinks   bool // a new remote link of Data Center is answered 201, as on Cloud
	LinkNoise      bool // remote links leave an entry in the history
	ArchivedGone   bool // issues of an archived project answer 404, instead of being read-only
	AssigneeWords  string

	// What an edit, a creation or a transition is refused for.
	RefuseField string // this field, with FieldWords; empty words: it is not on the screen
	FieldWords  string
	ListErrors  bool // errors have a list as value
	Raced       int  // so many transitions are refused as if somebody had been quicker

	Operation string
	Limit     Limit // the kind of 429
	LimitFor  int   // seconds to wait; 0: of the kind
	Every     int   // every so manieth call of the operation is limited; 0: none
	Next      int   // so many of the next calls fail in the way of Status; Status 0: the connection ends
	Status    int   // 500, 502, 503, 504, 400, 409, 413, 429 …
	Effect    bool  // the call has its effect before it fails
	// LoseOneIn loses answers at random: the call has its effect, and the connection ends. BreakOneIn ends it before the effect.
	LoseOneIn, BreakOneIn int
	CutOneIn              int           // the answer breaks off in the middle
	Reset                 bool          // connections end with a reset, instead of in order
	Hang                  time.Duration // silence, after the effect
	HangOneIn             int           // of so many calls one hangs; 0: all
	HangBefore            bool          // silence before the effect, which a caller who gives up prevents
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
	if s.oneIn(f.BreakOneIn) {
		return answer{lost: true, reset: f.Reset}, true
	}
	if f.HangBefore && f.Hang > 0 && (f.HangOneIn == 0 || s.oneIn(f.HangOneIn)) {
		return answer{silence: f.Hang}, false
	}
	return answer{}, false
}

func (s *Server) oneIn(n int) bool { return n > 0 && s.random.IntN(n) == 0 }

// after tells what becomes of a good answer.
func (s *Server) after(op string, e *Entry, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.faults
	if a.header == nil {
		a.header = http.Header{}
	}
	if !s.cloud() {
		a.header.Set("X-AUSERNAME", s.users[0].Name)
	}
	if f.TokenBucket && !s.cloud() {
		s.bucket(a.header)
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
	case s.oneIn(f.LoseOneIn):
		a.lost = true
	case s.oneIn(f.CutOneIn):
		a.cutShort = true
	}
	e.Lost = a.lost || a.cutShort
	a.reset = f.Reset
	if !f.HangBefore && (f.HangOneIn == 0 || s.oneIn(f.HangOneIn)) {
		a.hang = f.Hang
	}
}

// bucket are the headers by which Data Center tells what remains; nothing remaining, they say how long to wait.
func (s *Server) bucket(h http.Header) {
	h.Set("X-RateLimit-Limit", "50")
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.faults.BucketRemaining))
	h.Set("X-RateLimit-Interval-Seconds", "1")
	h.Set("X-RateLimit-FillRate", "10")
	h.Set("Retry-After", "0")
	if s.faults.BucketRemaining == 0 {
		h.Set("Retry-After", "1")
	}
}

func (s *Server) failing(f *Faults) answer {
	switch f.Status {
	case 0:
		return answer{lost: true, reset: f.Reset}
	case http.StatusBadRequest:
		return answer{status: f.Status, page: "<html><body><h1>HTTP Status 400 – Bad Request</h1></body></html>"}
	case http.StatusTooManyRequests:
		return s.limited(f)
	case http.StatusConflict:
		return refused(f.Status, "The issue was changed by somebody else meanwhile.", nil)
	case http.StatusRequestEntityTooLarge:
		return refused(f.Status, "The issue has reached its limit: no more comments, links or remote links can be added to it.", nil)
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
	if !s.cloud() && f.Limit == "" { // the bucket is empty
		s.bucket(a.header)
		a.header.Set("X-RateLimit-Remaining", "0")
		a.header.Set("Retry-After", strconv.Itoa(max(1, f.LimitFor)))
		return a
	}
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

// loginsMost is after how many failed logins Data Center asks for a CAPTCHA.
const loginsMost = 5

// denied answers a login that is not good. An expired token of Cloud gives a search that finds nothing.
func (s *Server) denied(r *http.Request, op string) (answer, bool) {
	good := false
	if user, password, basic := r.BasicAuth(); basic {
		good = user == s.options.User && password == s.options.Token
	} else if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bearer {
		good = token == s.options.Token && !s.cloud()
	}
	if good && !s.faults.Expired && !s.faults.Captcha && !s.faults.Anonymous {
		s.failed = 0
		return answer{}, false
	}
	if strings.HasSuffix(op, "/serverInfo") { // open to everybody
		return answer{}, false
	}
	if s.faults.Anonymous && !s.cloud() && strings.HasSuffix(op, "/search") {
		a := ok(object{"startAt": 0, "maxResults": 50, "total": 0, "issues": []any{}})
		a.header = http.Header{"X-Ausername": {"anonymous"}}
		return a, true
	}
	s.failed++
	if !s.cloud() && (s.faults.Captcha || s.failed > loginsMost) {
		return answer{
			status: http.StatusForbidden, page: "<html><body>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</body></html>",
			header: http.Header{"X-Authentication-Denied-Reason": {"CAPTCHA_CHALLENGE; login-url=http://jira.example.test/login.jsp"}, "X-Seraph-Loginreason": {"AUTHENTICATION_DENIED"}},
		}, true
	}
	if s.cloud() && strings.HasSuffix(op, "/search/jql") {
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
	if a.lost {
		hangUp(w, a.reset)
		return
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
		_ = http.NewResponseController(w).Flush() // or the first half would not go out either
		hangUp(w, false)
		return
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(content)
}

// hangUp ends the connection; with a reset the caller is told so by the network.
func hangUp(w http.ResponseWriter, reset bool) {
	if hijacker, can := w.(http.Hijacker); can && reset {
		if conn, _, err := hijacker.Hijack(); err == nil {
			if tcp, is := conn.(*net.TCPConn); is {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
