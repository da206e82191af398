package followup

import (
	"testing"

	"upshot/app/account"
	"upshot/app/ticket"
)

func TestAdopt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		from, to State
		want     State
		moves    int
		refused  bool
	}{
		"its ticket was started":                     {Queued, InProgress, InProgress, 1, false},
		"its ticket is done, without evidence":       {InProgress, Done, Done, 1, false},
		"its ticket is where it is":                  {Queued, Queued, Queued, 0, false},
		"verified stays so while its ticket is done": {Verified, Done, Verified, 0, false},
		"its ticket was reopened":                    {Verified, Queued, Queued, 1, false},
		"declined here, whatever its ticket says":    {Declined, InProgress, Declined, 0, true},
		"nobody promised it":                         {Proposed, Queued, Proposed, 0, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := moved(ways[c.from]...)
			before := len(f.Moves)
			err := f.Adopt(c.to, day(3)) // before its last move: moves stay in order
			if (err != nil) != c.refused || f.State != c.want || len(f.Moves) != before+c.moves {
				t.Fatalf("got %v, %s after %d moves", err, f.State, len(f.Moves)-before)
			}
			if n := len(f.Moves); c.moves > 0 && f.Moves[n-1].At.Before(f.Moves[n-2].At) {
				t.Errorf("moves are out of order: %v", f.Moves)
			}
		})
	}
}

func TestTicketAllows(t *testing.T) {
	t.Parallel()
	person, system := account.Actor{Kind: account.Person}, account.Actor{Kind: account.Job}
	cases := map[string]struct {
		actor    account.Actor
		from, to State
		owns     bool
		allowed  bool
	}{
		"started by hand":              {person, Queued, InProgress, true, false},
		"finished by hand":             {person, InProgress, Done, true, false},
		"reopened by hand":             {person, Verified, Queued, true, false},
		"started by the sync":          {system, Queued, InProgress, true, true},
		"where Upshot owns the status": {person, Queued, InProgress, false, true},
		"declined by hand":             {person, Queued, Declined, true, true},
		"promised by hand":             {person, Proposed, Queued, true, true},
		"verified by hand":             {person, Done, Verified, true, true},
		"its words were edited":        {person, Queued, Queued, true, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := FollowUp{ID: 12, State: c.to, Ticket: &ticket.Ticket{Key: "OPS-7", OwnsStatus: c.owns}}
			if err := ticketAllows(c.actor, f, c.from); (err == nil) != c.allowed {
				t.Errorf("got %v", err)
			}
			f.Ticket = nil
			if err := ticketAllows(c.actor, f, c.from); err != nil {
				t.Errorf("without a ticket: %v", err)
			}
		})
	}
}
