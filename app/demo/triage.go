package demo

import (
	"context"
	"time"
)

// accepts says that a team answers for an incident, with what it takes the cause for; empty: nothing yet.
func (t *teller) accepts(name, team string, at time.Time, who, judgement string) {
	t.then(at, "accept "+name, func(ctx context.Context) error {
		return t.Triage.Accept(ctx, t.people[who].Actor, t.incidents[name], t.teams[team].ID, judgement)
	})
}

// handsOver passes an incident from one team to another.
func (t *teller) handsOver(name, from, to string, at time.Time, who, reason string) {
	t.then(at, "hand over "+name, func(ctx context.Context) error {
		return t.Triage.HandOver(ctx, t.people[who].Actor, t.incidents[name], t.teams[from].ID, t.teams[to].ID, reason)
	})
}

// triaged is who answered for what: mostly within a morning, and once nobody at all, because the leak that both sides
// know is passed to and fro.
func (t *teller) triaged() {
	t.accepts("leak 1", "booking", t.at(44, "10:10"), "mara", "configuration")
	t.accepts("leak 2", "booking", t.at(33, "09:30"), "felix", "configuration")
	t.accepts("api 1", "booking", t.at(26, "15:40"), "mara", "code")
	t.accepts("leak 3", "booking", t.at(24, "09:20"), "felix", "configuration")
	t.accepts("price 1", "booking", t.at(22, "10:40"), "mara", "data")
	t.accepts("leak 4", "booking", t.at(14, "09:35"), "mara", "")
	t.accepts("price 2", "booking", t.at(10, "11:05"), "felix", "code")
	t.accepts("stall 8", "payments", t.at(7, "09:15"), "yusuf", "dependency")
	t.accepts("islands", "tracking", t.at(5, "09:30"), "piet", "dependency")

	t.then(t.at(3, "09:35"), "judge leak 5", func(ctx context.Context) error {
		return t.Triage.Judge(ctx, t.people["mara"].Actor, t.incidents["leak 5"], "configuration")
	})
	t.handsOver("leak 5", "booking", "operations", t.at(3, "09:40"), "mara", "The fix waits for its sprint. Until then more memory is yours to give.")
	t.handsOver("leak 5", "operations", "booking", t.at(2, "14:20"), "ines", "Six gigabytes or twelve only move the night it happens. The code is Booking’s.")
}
