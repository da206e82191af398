package jirasync

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/ticket"
)

// ScopeID identifies a Scope.
type ScopeID int64

// Scope says which work is a team's: the issues of a board, or of a query.
type Scope struct {
	ID        ScopeID
	Site      ticket.SiteID
	Team      catalog.TeamID
	Board     string // its number in Jira; empty: the query was typed
	BoardName string
	JQL       string // a condition, without an order; of the board's filter when there is a board
	// Labels and Types mark issues that an incident made, beside those that carry a follow-up. Capitals make no difference.
	Labels, Types []string

	CursorAt   time.Time // everything that changed before is kept; zero: never read
	ReadAt     time.Time // last read that came to the present
	ComparedAt time.Time // last time all numbers were compared with Jira's
	Trouble    Told      // of the last read; empty: none
	Revision   int64
}

// FromIncident tells whether an issue with these labels, of this type, counts as made by an incident. One with the label of our
// follow-ups does: ours is that label.
func (s Scope) FromIncident(labels []string, issueType, ours string) bool {
	for _, l := range labels {
		if l == ours || slices.ContainsFunc(s.Labels, func(marks string) bool { return strings.EqualFold(marks, l) }) {
			return true
		}
	}
	return slices.ContainsFunc(s.Types, func(marks string) bool { return strings.EqualFold(marks, issueType) })
}

// Says is the scope in words.
func (s Scope) Says() string {
	if s.Board == "" {
		return s.JQL
	}
	return "board " + s.Board + ", " + s.BoardName
}

// WorkRow is one issue of a scope, reduced to what the measures need.
type WorkRow struct {
	IssueID, Key, Type   string
	Labels               []string
	CreatedAt, UpdatedAt time.Time // in Jira
	ticket.Work
}

var numbersOnly = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// Condition is a query without its order. Text in quotes is no order.
func Condition(jql string) string {
	bare := []byte(jql)
	quote := byte(0)
	for n := 0; n < len(bare); n++ {
		c := bare[n]
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == '\\' && n+1 < len(bare):
			bare[n], bare[n+1] = '.', '.'
			n++
		case quote != 0:
			if c == quote {
				quote = 0
			}
			bare[n] = '.'
		}
	}
	if at := ordered.FindSubmatchIndex(bare); at != nil {
		jql = jql[:at[2]]
	}
	return strings.TrimSpace(jql)
}

var ordered = regexp.MustCompile(`(?i)(?:^|[\s)])(order)\s+by\s`)

// SetScope says which work is a team's, after Jira understood it. The figures of a scope whose query changes begin anew.
func (c *Connections) SetScope(ctx context.Context, actor account.Actor, s Scope) (Scope, error) {
	if err := actor.May(account.Admin); err != nil {
		return s, err
	}
	s.Board, s.JQL = strings.TrimSpace(s.Board), strings.TrimSpace(s.JQL)
	var check fault.Check
	check.That(s.Team != 0, "team", "Choose the team whose work it is.")
	check.That(s.Board != "" || s.JQL != "", "jql", "Write the number of a board, or a query.")
	check.That(s.Board == "" || numbersOnly.MatchString(s.Board), "board", "A board’s number is in its address: …/boards/12 or rapidView=12.")
	for _, l := range s.Labels {
		check.That(!strings.ContainsAny(l, " \t\n\"") && len(l) <= 255, "labels", "A label of Jira has no spaces: %q has.", l)
	}
	if err := check.Err(); err != nil {
		return s, err
	}
	site, err := c.Store.JiraSite(ctx, s.Site)
	if err != nil {
		return s, err
	}
	jira, err := c.Client(site)
	if err != nil {
		return s, err
	}
	if s, err = resolved(ctx, jira, s); err != nil {
		return s, err
	}
	field := "jql"
	if s.Board != "" {
		field = "board"
	}
	if err := jira.Understands(ctx, s.JQL); err != nil {
		return s, refusedBeside(err, field)
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		if s, err = c.Store.SaveScope(ctx, s); err != nil {
			if fault.Is(err, fault.Conflict) {
				return beside("team", "This team’s work on this Jira is set already: change that.")
			}
			return err
		}
		if err := c.Store.Enqueue(ctx, SyncArgs{}); err != nil {
			return err
		}
		return c.tell(ctx, actor, "set which work is a team’s", s.Says(), nil, map[string]any{"team": int64(s.Team), "board": s.Board, "jql": s.JQL})
	})
	return s, err
}

// resolved is the scope with the query of its board's filter.
func resolved(ctx context.Context, jira Jira, s Scope) (Scope, error) {
	if s.Board == "" {
		s.BoardName, s.JQL = "", Condition(s.JQL)
		if opensAll(s.JQL) {
			return s, nil
		}
		return s, beside("jql", "A parenthesis closes that was never opened.")
	}
	b, err := jira.Board(ctx, s.Board)
	if err != nil {
		return s, refusedBeside(err, "board")
	}
	s.BoardName, s.JQL = b.Name, Condition(b.JQL)
	if s.JQL == "" {
		return s, beside("board", "The filter of this board has no condition: it shows every issue of the site.")
	}
	return s, nil
}

// opensAll tells whether every parenthesis that closes was opened before, quoted ones aside.
func opensAll(jql string) bool {
	depth, quote := 0, rune(0)
	escaped := false
	for _, c := range jql {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && c == '\\':
			escaped = true
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return true
}

// refusedBeside puts Jira's own words beside a field.
func refusedBeside(err error, field string) error {
	var t *Trouble
	if errors.As(err, &t) && (t.Kind == Absent || t.Kind == Refused || t.Kind == Forbidden) {
		return beside(field, fmt.Sprintf("Jira says: “%s”.", strings.TrimSuffix(t.Words(), ".")))
	}
	return told(err)
}

// DropScope forgets which work is a team's, and what was read of it.
func (c *Connections) DropScope(ctx context.Context, actor account.Actor, id ScopeID) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.Store.DeleteScope(ctx, id); err != nil {
			return err
		}
		return c.tell(ctx, actor, "forgot which work is a team’s", fmt.Sprint(int64(id)), nil, nil)
	})
}
