package jiratest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// query is a search that was understood.
type query struct {
	match   func(s *Server, i *Issue) bool // nil: all
	order   []order
	named   []string // keys and numbers that it names
	bounded bool
}

type order struct {
	field      string
	descending bool
}

// parseJQL reads the queries that programs of our kind send: conditions on labels, project, key, id, status, priority, created,
// updated, summary and text, with AND, OR, NOT and parentheses, and an order.
func (s *Server) parseJQL(text string) (query, error) {
	p := &parser{s: s, words: lex(text)}
	var q query
	if !p.end() && !p.is("order") {
		match, err := p.or()
		if err != nil {
			return q, err
		}
		q.match, q.bounded = match, true
	}
	if p.take("order") {
		if !p.take("by") {
			return q, fmt.Errorf("Error in the JQL Query: Expecting 'BY' but got '%s'.", p.peek())
		}
		for {
			o := order{field: strings.ToLower(p.next())}
			switch {
			case p.take("desc"):
				o.descending = true
			case p.take("asc"):
			}
			if !slices.Contains([]string{"updated", "created", "key", "id", "issuekey", "priority", "rank"}, o.field) {
				return q, fmt.Errorf("Not able to sort using field '%s'.", o.field)
			}
			q.order = append(q.order, o)
			if !p.take(",") {
				break
			}
		}
	}
	if len(q.order) > 7 {
		return q, fmt.Errorf("JQL can be ordered by at most 7 fields.")
	}
	if !p.end() {
		return q, fmt.Errorf("Error in the JQL Query: Expecting either 'OR' or 'AND' but got '%s'.", p.peek())
	}
	q.named = p.named
	return q, nil
}

type word struct {
	text   string
	quoted bool
}

// lex splits a query into words, quoted texts and signs.
func lex(text string) []word {
	var all []word
	runes := []rune(text)
	for n := 0; n < len(runes); {
		r := runes[n]
		switch {
		case unicode.IsSpace(r):
			n++
		case r == '"' || r == '\'':
			var b strings.Builder
			n++
			for ; n < len(runes) && runes[n] != r; n++ {
				if runes[n] == '\\' && n+1 < len(runes) {
					n++
				}
				b.WriteRune(runes[n])
			}
			n++
			all = append(all, word{b.String(), true})
		case strings.ContainsRune("(),", r):
			all = append(all, word{text: string(r)})
			n++
		case strings.ContainsRune("=!<>~", r):
			at := n
			for n < len(runes) && strings.ContainsRune("=!<>~", runes[n]) {
				n++
			}
			all = append(all, word{text: string(runes[at:n])})
		default:
			at := n
			for n < len(runes) && !unicode.IsSpace(runes[n]) && !strings.ContainsRune(`(),=!<>~"'`, runes[n]) {
				n++
			}
			all = append(all, word{text: string(runes[at:n])})
		}
	}
	return all
}

type parser struct {
	s     *Server
	words []word
	named []string
	depth int
}

func (p *parser) end() bool { return len(p.words) == 0 }

func (p *parser) peek() string {
	if p.end() {
		return ""
	}
	return p.words[0].text
}

func (p *parser) is(text string) bool {
	return !p.end() && !p.words[0].quoted && strings.EqualFold(p.words[0].text, text)
}

func (p *parser) take(text string) bool {
	if !p.is(text) {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *parser) next() string {
	text := p.peek()
	if !p.end() {
		p.words = p.words[1:]
	}
	return text
}

type matcher = func(s *Server, i *Issue) bool

func (p *parser) or() (matcher, error) {
	left, err := p.and()
	for err == nil && p.take("or") {
		var right matcher
		if right, err = p.and(); err == nil {
			was := left
			left = func(s *Server, i *Issue) bool { return was(s, i) || right(s, i) }
		}
	}
	return left, err
}

func (p *parser) and() (matcher, error) {
	left, err := p.one()
	for err == nil && p.take("and") {
		var right matcher
		if right, err = p.one(); err == nil {
			was := left
			left = func(s *Server, i *Issue) bool { return was(s, i) && right(s, i) }
		}
	}
	return left, err
}

func (p *parser) one() (matcher, error) {
	if p.depth++; p.depth > 100 {
		return nil, fmt.Errorf("Error in the JQL Query: it is nested too deep.")
	}
	defer func() { p.depth-- }()
	if p.take("not") {
		inner, err := p.one()
		if err != nil {
			return nil, err
		}
		return func(s *Server, i *Issue) bool { return !inner(s, i) }, nil
	}
	if p.take("(") {
		inner, err := p.or()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("Error in the JQL Query: Expecting ')' before the end of the query.")
		}
		return inner, err
	}
	field := strings.ToLower(p.next())
	sign := strings.ToLower(p.next())
	if sign == "not" && p.take("in") {
		sign = "not in"
	}
	var values []string
	if sign == "in" || sign == "not in" {
		if !p.take("(") {
			return nil, fmt.Errorf("Error in the JQL Query: Expecting '(' but got '%s'.", p.peek())
		}
		for !p.end() && !p.is(")") {
			values = append(values, p.next())
			p.take(",")
		}
		if !p.take(")") {
			return nil, fmt.Errorf("Error in the JQL Query: Expecting ')' before the end of the query.")
		}
	} else {
		if p.end() {
			return nil, fmt.Errorf("Error in the JQL Query: Expecting a value, list or function before the end of the query.")
		}
		values = []string{p.next()}
	}
	return p.condition(field, sign, values)
}

func (p *parser) condition(field, sign string, values []string) (matcher, error) {
	equal := sign == "=" || sign == "in"
	if !equal && sign != "!=" && sign != "not in" && sign != "~" && sign != ">=" && sign != "<=" && sign != ">" && sign != "<" {
		return nil, fmt.Errorf("Error in the JQL Query: Expecting operator but got '%s'.", sign)
	}
	listed := func(has func(s *Server, i *Issue, value string) bool) matcher {
		return func(s *Server, i *Issue) bool {
			return slices.ContainsFunc(values, func(v string) bool { return has(s, i, v) }) == equal
		}
	}
	switch field {
	case "labels":
		return listed(func(s *Server, i *Issue, v string) bool { return slices.Contains(s.seen(i).labels, v) }), nil
	case "project":
		return listed(func(s *Server, i *Issue, v string) bool {
			p := s.projects[i.Project]
			return strings.EqualFold(i.Project, v) || p != nil && (p.Name == v || p.ID == v)
		}), nil
	case "key", "issuekey", "id", "issue":
		p.named = append(p.named, values...)
		return listed(func(s *Server, i *Issue, v string) bool {
			return i.ID == v || strings.EqualFold(i.Key, v) || s.byKey[strings.ToUpper(v)] == i.ID
		}), nil
	case "status":
		return listed(func(s *Server, i *Issue, v string) bool {
			st := s.status(s.seen(i).status)
			return st.ID == v || strings.EqualFold(st.Name, v)
		}), nil
	case "statuscategory":
		return listed(func(s *Server, i *Issue, v string) bool {
			c := s.status(s.seen(i).status).Category
			return strings.EqualFold(c, v) || strings.EqualFold(categoryNames[c], v)
		}), nil
	case "priority":
		return listed(func(s *Server, i *Issue, v string) bool {
			return i.Priority == v || strings.EqualFold(nameOf(s.priorities, i.Priority), v)
		}), nil
	case "summary", "text":
		return func(_ *Server, i *Issue) bool {
			text := strings.ToLower(i.Summary)
			if field == "text" {
				text += " " + strings.ToLower(i.Description)
			}
			for _, w := range strings.Fields(strings.ToLower(strings.Trim(values[0], `"`))) {
				if !strings.Contains(text, strings.TrimRight(w, "*")) {
					return false
				}
			}
			return true
		}, nil
	case "updated", "created":
		at, err := p.s.momentIn(values[0])
		if err != nil {
			return nil, fmt.Errorf("Date value '%s' for field '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", values[0], field)
		}
		return func(s *Server, i *Issue) bool {
			have := i.Created
			if field == "updated" {
				have = s.seen(i).updated
			}
			switch sign {
			case ">=":
				return !have.Before(at)
			case ">":
				return have.After(at)
			case "<=":
				return !have.After(at)
			case "<":
				return have.Before(at)
			}
			return have.Equal(at)
		}, nil
	}
	return nil, fmt.Errorf("Field '%s' does not exist or you do not have permission to view it.", field)
}

var categoryNames = map[string]string{"new": "To Do", "indeterminate": "In Progress", "done": "Done"}

var period = regexp.MustCompile(`^-(\d{1,6})([mhdw])$`)

// momentIn reads a moment of a query: milliseconds since 1970, a period before now, or a date in the account's zone.
func (s *Server) momentIn(text string) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(n).UTC(), nil
	}
	if m := period.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
		return s.now().Add(-time.Duration(n) * unit), nil
	}
	for _, shape := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02"} {
		if at, err := time.ParseInLocation(shape, text, s.options.Zone); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("no moment")
}

// seen is what a search knows of an issue: it lags behind writes, which reading by id does not.
func (s *Server) seen(i *Issue) snapshot {
	now := snapshot{present: true, labels: i.Labels, status: i.Status, updated: i.Updated}
	if s.faults.SearchLag <= 0 {
		return now
	}
	if i.shown.present && s.now().Sub(i.shown.at) < s.faults.SearchLag {
		return i.shown
	}
	return now
}

// searchable tells whether a search knows the issue at all yet.
func (s *Server) searchable(i *Issue) bool {
	return !i.Hidden && s.now().Sub(i.Created) >= s.faults.SearchLag
}

// run gives what a query finds, in its order.
func (s *Server) run(q query) []*Issue {
	var found []*Issue
	for _, i := range s.sorted() {
		if s.searchable(i) && (q.match == nil || q.match(s, i)) {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b *Issue) int {
		for _, o := range q.order {
			c := 0
			switch o.field {
			case "updated":
				c = s.seen(a).updated.Compare(s.seen(b).updated)
			case "created":
				c = a.Created.Compare(b.Created)
			case "id", "key", "issuekey":
				c = compareNumbers(a.ID, b.ID)
			case "priority":
				c = strings.Compare(b.Priority, a.Priority)
			}
			if o.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return found
}
