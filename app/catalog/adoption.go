package catalog

import (
	"context"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
)

// AdoptionStep is one of the steps by which a team takes over what it runs, in their order.
type AdoptionStep int

// The steps.
const (
	SeeProduction AdoptionStep = iota + 1
	ReadAccess
	ProductionWeek
	JointResponse
	OnCallTransferred
	IncidentsChange
)

// AdoptionSteps lists them in order.
var AdoptionSteps = []AdoptionStep{SeeProduction, ReadAccess, ProductionWeek, JointResponse, OnCallTransferred, IncidentsChange}

var stepNames = map[AdoptionStep][2]string{
	SeeProduction:     {"Production can be seen", "Logs, metrics and health say how the service is doing."},
	ReadAccess:        {"Developers may read", "The team opens logs and metrics without asking anybody."},
	ProductionWeek:    {"Production week", "One developer a week is the first contact."},
	JointResponse:     {"Joint response", "Developers and operations work on significant incidents together."},
	OnCallTransferred: {"On-call is transferred", "The team that builds it answers at 2 a.m."},
	IncidentsChange:   {"Every incident changes something", "Each significant incident ends in a changed practice."},
}

// Name is what the step is called.
func (s AdoptionStep) Name() string { return stepNames[s][0] }

// Means says in a sentence when the step is taken.
func (s AdoptionStep) Means() string { return stepNames[s][1] }

// Adoption is when a service is to take a step, and when it took it. Both are days such as 2026-11-30, or empty.
type Adoption struct {
	Step      AdoptionStep
	PlannedOn string
	DoneOn    string
	Version   int64 // 0: nothing was ever entered
}

// AdoptionStore keeps the steps of services.
type AdoptionStore interface {
	// UpdateAdoption reads all steps of the service with that slug, in order, lets change decide, and writes those that differ.
	UpdateAdoption(ctx context.Context, slug string, change func([]Adoption) error) (service ServiceID, before, after []Adoption, err error)
}

// AdoptionMark is how many services took a step on a day: a mark on the time axis of a trend.
type AdoptionMark struct {
	Step     AdoptionStep
	On       string // a day such as 2026-11-30
	Services int
}

// wholeWorld is how far ahead of UTC a day has begun somewhere.
const wholeWorld = 14 * time.Hour

// PlanAdoption sets the days of the steps named; the others stay. A step's Version is the one the sender saw, or 0 for whichever
// stands. That a step is taken cannot be said before its day.
func (e *Editing) PlanAdoption(ctx context.Context, actor account.Actor, slug string, steps []Adoption) ([]Adoption, error) {
	if err := actor.May(account.Editor); err != nil {
		return nil, err
	}
	if err := checkAdoption(steps, e.Now()); err != nil {
		return nil, err
	}
	var after []Adoption
	err := e.inTx(ctx, "plan adoption", func(ctx context.Context) error {
		service, before, now, err := e.Store.UpdateAdoption(ctx, slug, func(all []Adoption) error {
			for _, s := range steps {
				current := &all[slices.Index(AdoptionSteps, s.Step)]
				if s.Version != 0 && s.Version != current.Version {
					return fault.New(fault.Conflict, "Somebody changed these steps meanwhile. Look at them again, then repeat your change.")
				}
				current.PlannedOn, current.DoneOn = s.PlannedOn, s.DoneOn
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = now
		for n := range after {
			if err := e.append(ctx, actor, audit.Service, int64(service), "adoption planned", before[n].Fields(), after[n].Fields()); err != nil {
				return err
			}
		}
		return nil
	})
	return after, err
}

func checkAdoption(steps []Adoption, now time.Time) error {
	var c fault.Check
	latest := now.UTC().Add(wholeWorld).Format(time.DateOnly)
	for _, s := range steps {
		c.That(slices.Contains(AdoptionSteps, s.Step), "steps", "There are the steps 1 to %d.", len(AdoptionSteps))
		planned, done := s.FieldNames()
		c.That(isDay(s.PlannedOn), planned, "Write a day such as 2026-11-30.")
		c.That(isDay(s.DoneOn), done, "Write a day such as 2026-11-30.")
		c.That(!isDay(s.DoneOn) || s.DoneOn <= latest, done, "That day has not come yet. Plan the step for it instead.")
	}
	return c.Err()
}

// isDay tells whether it is a day, or empty.
func isDay(day string) bool {
	_, err := time.Parse(time.DateOnly, day)
	return day == "" || err == nil
}

// FieldNames are what the two days are called in forms: planned_3 and done_3.
func (a Adoption) FieldNames() (planned, done string) {
	n := string(rune('0' + a.Step))
	return "planned_" + n, "done_" + n
}

// Fields are the step's fields by names that tell the steps apart, for the record of changes.
func (a Adoption) Fields() map[string]any {
	planned, done := a.FieldNames()
	return map[string]any{planned: a.PlannedOn, done: a.DoneOn}
}
