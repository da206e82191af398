package jiratest

import (
	"cmp"
	"errors"
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
	match   matcher // nil: all
	order   []order
	named   []string // keys and numbers that it names
	unknown []string // what Jira says of values that are not there, when it looks
	bounded bool
}

// matcher tells whether an issue is meant, from what a search knows of it.
type matcher = func(s *Server, i *Issue) bool

type order struct {
	field      string
	descending bool
}

// said is an error in Jira's words.
func said(format string, values ...any) error { return fmt.Errorf(format, values...) }

const ordersMost = 7

// parseJQL reads the queries that programs of our kind send: conditions on labels, project, key, id, status, priority, created,
// updated, summary, text and the like, with AND, OR, NOT and parentheses, and an order.
func (s *Server) parseJQL(text string) (query, error) {
	words, err := lex(text)
	if err != nil {
		return query{}, err
	}
	p := &parser{s: s, words: words}
	var q query
	if !p.end() && !p.is("order") {
		match, err := p.or()
		if err != nil {
			return q, err
		}
		q.match, q.bounded = match, true
	}
	if p.take("order") {
		if q.order, err = p.order(); err != nil {
			return q, err
		}
	}
	if !p.end() {
		return q, said("Error in the JQL Query: Expecting either 'OR' or 'AND' but got '%s'.", p.peek())
	}
	q.named, q.unknown = p.named, p.unknown
	return q, nil
}

var sortable = []string{"updated", "updateddate", "created", "createddate", "key", "id", "issuekey", "priority", "status", "summary", "duedate", "due", "rank"}

func (p *parser) order() ([]order, error) {
	if !p.take("by") {
		return nil, said("Error in the JQL Query: Expecting 'by' but got '%s'.", p.peek())
	}
	var all []order
	for {
		o := order{field: strings.ToLower(p.next())}
		switch {
		case p.take("desc"):
			o.descending = true
		case p.take("asc"):
		}
		if !slices.Contains(sortable, o.field) {
			return nil, said("Not able to sort using field '%s'.", o.field)
		}
		if all = append(all, o); !p.take(",") {
			break
		}
	}
	if len(all) > ordersMost {
		return nil, said("JQL can be ordered by at most %d fields.", ordersMost)
	}
	return all, nil
}

type word struct {
	text   string
	quoted bool
}

const signs = "=!<>~"

// lex splits a query into words, quoted texts and signs.
func lex(text string) ([]word, error) {
	var all []word
	runes := []rune(text)
	for n := 0; n < len(runes); {
		r := runes[n]
		from := n
		switch {
		case unicode.IsSpace(r):
			n++
		case r == '"' || r == '\'':
			var b strings.Builder
			for n++; n < len(runes) && runes[n] != r; n++ {
				if runes[n] == '\\' && n+1 < len(runes) {
					n++
				}
				b.WriteRune(runes[n])
			}
			if n == len(runes) {
				return nil, said("Error in the JQL Query: The quoted string '%s' has not been completed.", b.String())
			}
			n++
			all = append(all, word{b.String(), true})
		case strings.ContainsRune("(),", r):
			n++
			all = append(all, word{text: string(r)})
		case strings.ContainsRune(signs, r):
			for n < len(runes) && strings.ContainsRune(signs, runes[n]) {
				n++
			}
			all = append(all, word{text: string(runes[from:n])})
		default:
			for n < len(runes) && !unicode.IsSpace(runes[n]) && !strings.ContainsRune(`(),"'`+signs, runes[n]) {
				n++
			}
			all = append(all, word{text: string(runes[from:n])})
		}
	}
	return all, nil
}

type parser struct {
	s              *Server
	words          []word
	named, unknown []string
	depth          int
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

const deepest = 100

func (p *parser) one() (matcher, error) {
	if p.depth++; p.depth > deepest {
		return nil, said("Error in the JQL Query: it is nested too deep.")
	}
	defer func() { p.depth-- }()
	if p.take("not") || p.take("!") {
		inner, err := p.one()
		if err != nil {
			return nil, err
		}
		return func(s *Server, i *Issue) bool { return !inner(s, i) }, nil
	}
	if p.take("(") {
		inner, err := p.or()
		if err == nil && !p.take(")") {
			err = said("Error in the JQL Query: Expecting ')' before the end of the query.")
		}
		return inner, err
	}
	if p.end() {
		return nil, said("Error in the JQL Query: Expecting a field name before the end of the query.")
	}
	field, sign := p.next(), strings.ToLower(p.next())
	switch {
	case sign == "not" && p.take("in"):
		sign = "not in"
	case sign == "is" && p.take("not"):
		sign = "is not"
	}
	if !slices.Contains([]string{"=", "!=", "~", "!~", ">=", "<=", ">", "<", "in", "not in", "is", "is not"}, sign) {
		return nil, said("Error in the JQL Query: Expecting operator but got '%s'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.", sign)
	}
	values, err := p.values(sign)
	if err != nil {
		return nil, err
	}
	return p.condition(strings.ToLower(field), field, sign, values)
}

// values are what stands after a sign: one, a list, or the word empty.
func (p *parser) values(sign string) ([]word, error) {
	switch sign {
	case "is", "is not":
		if !p.take("empty") && !p.take("null") {
			return nil, said("Error in the JQL Query: Expecting 'EMPTY' or 'NULL' but got '%s'.", p.peek())
		}
		return nil, nil
	case "in", "not in":
	default:
		w, err := p.value()
		return []word{w}, err
	}
	if !p.take("(") {
		if w, err := p.value(); err == nil && strings.HasSuffix(w.text, "()") && !w.quoted { // a function that is a list
			return []word{w}, nil
		}
		return nil, said("Error in the JQL Query: Expecting '(' after '%s'.", sign)
	}
	var all []word
	for {
		w, err := p.value()
		if err != nil {
			return nil, err
		}
		all = append(all, w)
		if p.take(")") {
			return all, nil
		}
		if !p.take(",") {
			return nil, said("Error in the JQL Query: Expecting ')' or ',' but got '%s'.", p.peek())
		}
	}
}

// value is a word, a quoted text, or a function without anything in its parentheses.
func (p *parser) value() (word, error) {
	if p.end() {
		return word{}, said("Error in the JQL Query: Expecting either a value, list or function before the end of the query.")
	}
	w := p.words[0]
	if !w.quoted && (strings.ContainsAny(w.text, "(),"+signs) || slices.Contains([]string{"and", "or", "not", "order", "in", "is"}, strings.ToLower(w.text))) {
		return w, said("Error in the JQL Query: Expecting either a value, list or function but got '%s'. You must surround '%s' in quotation marks to use it as a value.", w.text, w.text)
	}
	p.words = p.words[1:]
	if !w.quoted && p.take("(") {
		if !p.take(")") {
			return w, said("Error in the JQL Query: Expecting ')' before the end of the query.")
		}
		w.text += "()"
	}
	return w, nil
}

// kinds of fields, by the signs that they know.
var (
	listSigns  = []string{"=", "!=", "in", "not in", "is", "is not"}
	orderSigns = []string{"=", "!=", "in", "not in", ">", ">=", "<", "<=", "is", "is not"}
	textSigns  = []string{"~", "!~", "is", "is not"}
)

// condition is one condition. The values of issues are compared by what each field says they are.
func (p *parser) condition(field, written, sign string, values []word) (matcher, error) {
	var have func(s *Server, i *Issue) []string // ids and names by which a value is known
	known := func(string) bool { return true }
	allowed := listSigns
	switch field {
	case "labels":
		have = func(_ *Server, i *Issue) []string { return i.Labels }
	case "project":
		have = func(s *Server, i *Issue) []string { p := s.projects[i.Project]; return []string{p.Key, p.ID, p.Name} }
		known = func(v string) bool {
			for _, q := range p.s.projects {
				if strings.EqualFold(q.Key, v) || q.ID == v || strings.EqualFold(q.Name, v) {
					return !q.denies("BROWSE_PROJECTS")
				}
			}
			return false
		}
	case "key", "issuekey", "id", "issue":
		if !strings.ContainsAny(sign, "<>~") {
			return p.issues(sign, values), nil
		}
		allowed = orderSigns
	case "status":
		have = func(s *Server, i *Issue) []string { st := s.status(i.Status); return []string{st.ID, st.Name} }
		known = func(v string) bool {
			return slices.ContainsFunc(p.s.statuses, func(st Status) bool { return !st.Deleted && (st.ID == v || strings.EqualFold(st.Name, v)) })
		}
	case "statuscategory":
		have = func(s *Server, i *Issue) []string {
			c := s.status(i.Status).Category
			return []string{c, categoryNames[c], strconv.Itoa(categoryNumbers[c])}
		}
	case "priority":
		allowed = orderSigns
		have = func(s *Server, i *Issue) []string { return idAndName(s.priorities, i.Priority) }
		known = func(v string) bool { return namedAs(p.s.priorities, v) }
	case "resolution":
		have = func(s *Server, i *Issue) []string { return idAndName(s.resolved, i.Resolution) }
		known = func(v string) bool { return namedAs(p.s.resolved, v) || strings.EqualFold(v, "unresolved") }
	case "issuetype", "type":
		have = func(s *Server, i *Issue) []string { t := s.typeOf(i); return []string{t.ID, t.Name} }
	case "assignee", "reporter":
		have = func(s *Server, i *Issue) []string {
			id := i.Assignee
			if field == "reporter" {
				id = i.Reporter
			}
			if id == "" {
				return nil
			}
			return []string{id, s.called(id)}
		}
	case "sprint":
		allowed = orderSigns
		have = func(s *Server, i *Issue) []string {
			var all []string
			for _, id := range i.Sprints {
				all = append(all, strconv.Itoa(id), s.sprintNames([]int{id}))
			}
			return all
		}
	case "parent":
		have = func(s *Server, i *Issue) []string {
			if i.Parent == "" {
				return nil
			}
			return []string{i.Parent, s.byKey[i.Parent]}
		}
	case "summary", "description", "text", "comment":
		if !slices.Contains(textSigns, sign) {
			return nil, said("The operator '%s' is not supported by the '%s' field.", sign, written)
		}
		return textual(field, sign, values), nil
	case "updated", "updateddate", "created", "createddate", "due", "duedate":
		if sign == "~" || sign == "!~" {
			return nil, said("The operator '%s' is not supported by the '%s' field.", sign, written)
		}
		return p.timely(field, written, sign, values)
	default:
		return nil, said("Field '%s' does not exist or you do not have permission to view it.", written)
	}
	if !slices.Contains(allowed, sign) {
		return nil, said("The operator '%s' is not supported by the '%s' field.", sign, written)
	}
	if strings.ContainsAny(sign, "<>") {
		return p.ranked(field, sign, values[0].text), nil
	}
	var all []word
	for _, v := range values {
		if strings.HasSuffix(v.text, "()") && !v.quoted {
			given, err := p.function(v.text)
			if err != nil {
				return nil, err
			}
			all = append(all, given...)
			continue
		}
		if !known(v.text) {
			p.unknown = append(p.unknown, fmt.Sprintf("The value '%s' does not exist for the field '%s'.", v.text, written))
		}
		all = append(all, v)
	}
	return listed(sign, all, have), nil
}

// function gives what a function stands for.
func (p *parser) function(name string) ([]word, error) {
	var all []word
	switch strings.ToLower(name) {
	case "currentuser()":
		all = append(all, word{p.s.id(p.s.users[0]), true})
	case "opensprints()":
		for _, sp := range p.s.sprints {
			if sp.State == "active" {
				all = append(all, word{strconv.Itoa(sp.ID), true})
			}
		}
	default:
		return nil, said("Unable to find JQL function '%s'.", name)
	}
	return all, nil
}

// issues compares with issues that are named by number or by key, of which an earlier one leads to them too.
func (p *parser) issues(sign string, values []word) matcher {
	meant := map[string]bool{}
	for _, v := range values {
		p.named = append(p.named, v.text)
		meant[first(p.s.byKey[strings.ToUpper(v.text)], v.text)] = true
	}
	wanted := sign == "=" || sign == "in"
	return func(_ *Server, i *Issue) bool { return meant[i.ID] == wanted }
}

// listed compares with each of some values; a field without a value is in no list, and not outside of one either.
func listed(sign string, values []word, have func(s *Server, i *Issue) []string) matcher {
	return func(s *Server, i *Issue) bool {
		all := have(s, i)
		empty := len(all) == 0
		is := slices.ContainsFunc(values, func(v word) bool {
			if !v.quoted && (strings.EqualFold(v.text, "empty") || strings.EqualFold(v.text, "unresolved")) {
				return empty
			}
			return slices.ContainsFunc(all, func(h string) bool { return strings.EqualFold(h, v.text) })
		})
		switch sign {
		case "is":
			return empty
		case "is not":
			return !empty
		case "=", "in":
			return is
		}
		return !is && !empty
	}
}

// ranked compares where things stand in their order: numbers of issues, places of priorities, higher ones first.
func (p *parser) ranked(field, sign, value string) matcher {
	place := func(_ *Server, i *Issue) int { n, _ := strconv.Atoi(i.ID); return n }
	limit := 0
	switch field {
	case "priority":
		at := func(s *Server, text string) int {
			return -slices.IndexFunc(s.priorities, func(n Named) bool { return n.ID == text || strings.EqualFold(n.Name, text) })
		}
		place = func(s *Server, i *Issue) int { return at(s, i.Priority) }
		limit = at(p.s, value)
	default:
		limit, _ = strconv.Atoi(value)
		if i := p.s.find(value); i != nil {
			limit, _ = strconv.Atoi(i.ID)
		}
	}
	return func(s *Server, i *Issue) bool { return holds(sign, cmp.Compare(place(s, i), limit)) }
}

// holds tells whether a comparison has the outcome that a sign asks for.
func holds(sign string, compared int) bool {
	switch sign {
	case ">=":
		return compared >= 0
	case ">":
		return compared > 0
	case "<=":
		return compared <= 0
	case "<":
		return compared < 0
	case "!=":
		return compared != 0
	}
	return compared == 0
}

// textual looks for all words, each at the beginning of a word.
func textual(field, sign string, values []word) matcher {
	return func(_ *Server, i *Issue) bool {
		text := ""
		if field == "summary" || field == "text" {
			text += i.Summary + "\n"
		}
		if field == "description" || field == "text" {
			text += i.Description + "\n"
		}
		if field == "comment" || field == "text" {
			for _, c := range i.Comments {
				text += c.Body + "\n"
			}
		}
		switch sign {
		case "is":
			return strings.TrimSpace(text) == ""
		case "is not":
			return strings.TrimSpace(text) != ""
		}
		return hasWords(text, values[0].text) == (sign == "~")
	}
}

func hasWords(text, wanted string) bool {
	split := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	there := strings.FieldsFunc(strings.ToLower(text), split)
	for _, w := range strings.FieldsFunc(strings.ToLower(wanted), split) {
		if !slices.ContainsFunc(there, func(have string) bool { return strings.HasPrefix(have, w) }) {
			return false
		}
	}
	return true
}

// timely compares moments.
func (p *parser) timely(field, written, sign string, values []word) (matcher, error) {
	have := func(i *Issue) time.Time {
		switch field {
		case "updated", "updateddate":
			return i.Updated
		case "created", "createddate":
			return i.Created
		}
		due, err := time.ParseInLocation(time.DateOnly, i.DueOn, p.s.options.Zone)
		if err != nil {
			return time.Time{}
		}
		return due
	}
	var limits []time.Time
	for _, v := range values {
		at, err := p.s.momentIn(v.text)
		if err != nil {
			return nil, said("Date value '%s' for field '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", v.text, written)
		}
		limits = append(limits, at)
	}
	return func(_ *Server, i *Issue) bool {
		at := have(i)
		switch sign {
		case "is":
			return at.IsZero()
		case "is not":
			return !at.IsZero()
		case "in", "not in":
			return slices.ContainsFunc(limits, at.Equal) == (sign == "in")
		}
		return !at.IsZero() && holds(sign, at.Compare(limits[0]))
	}, nil
}

var (
	categoryNames   = map[string]string{"new": "To Do", "indeterminate": "In Progress", "done": "Done", "undefined": "No Category"}
	categoryNumbers = map[string]int{"new": 2, "indeterminate": 4, "done": 3, "undefined": 1}
)

func idAndName(all []Named, id string) []string {
	if id == "" {
		return nil
	}
	return []string{id, nameOf(all, id)}
}

func namedAs(all []Named, v string) bool {
	return slices.ContainsFunc(all, func(n Named) bool { return n.ID == v || strings.EqualFold(n.Name, v) })
}

var (
	period = regexp.MustCompile(`^([+-]?)((?:\d{1,5}[mhdw] ?)+)$`)
	part   = regexp.MustCompile(`(\d+)([mhdw])`)
	units  = map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
)

// momentIn reads a moment of a query: milliseconds since 1970, a period before or after now, or a date in the account's zone.
func (s *Server) momentIn(text string) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(n).UTC(), nil
	}
	now := s.now()
	if m := period.FindStringSubmatch(text); m != nil {
		for _, one := range part.FindAllStringSubmatch(m[2], -1) {
			n, _ := strconv.Atoi(one[1])
			span := time.Duration(n) * units[one[2]]
			if m[1] == "-" {
				span = -span
			}
			now = now.Add(span)
		}
		return now, nil
	}
	switch local := now.In(s.options.Zone); strings.ToLower(text) {
	case "now()":
		return now, nil
	case "startofday()":
		return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location()).UTC(), nil
	}
	for _, shape := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02"} {
		if at, err := time.ParseInLocation(shape, text, s.options.Zone); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("no moment")
}

// run gives what a query finds, in its order, as a search knows it. The issues to reconcile are known as they are.
func (s *Server) run(q query, reconcile []string) []*Issue {
	var found []*Issue
	for _, i := range s.sorted() {
		known := i
		if !slices.Contains(reconcile, i.ID) {
			if known = s.seen(i); !s.searchable(i) {
				continue
			}
		} else if s.visible(i.ID) == nil {
			continue
		}
		if q.match == nil || q.match(s, known) {
			found = append(found, known)
		}
	}
	slices.SortStableFunc(found, func(a, b *Issue) int {
		for _, o := range q.order {
			c := s.compare(a, b, o.field)
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

func (s *Server) compare(a, b *Issue, field string) int {
	switch field {
	case "updated", "updateddate":
		return a.Updated.Compare(b.Updated)
	case "created", "createddate":
		return a.Created.Compare(b.Created)
	case "id", "key", "issuekey":
		return compareNumbers(a.ID, b.ID)
	case "priority": // the highest last, as in Jira
		place := func(i *Issue) int {
			return slices.IndexFunc(s.priorities, func(n Named) bool { return n.ID == i.Priority })
		}
		return cmp.Compare(place(b), place(a))
	case "status":
		place := func(i *Issue) int {
			return slices.IndexFunc(s.statuses, func(st Status) bool { return st.ID == i.Status })
		}
		return cmp.Compare(place(a), place(b))
	case "summary":
		return strings.Compare(a.Summary, b.Summary)
	case "due", "duedate":
		return strings.Compare(a.DueOn, b.DueOn)
	}
	return 0
}
