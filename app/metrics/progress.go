package metrics

import "time"

// Record is what the measures are made from.
type Record struct {
	Rows     []Row
	Releases []Release
	Changes  []Change
}

// Progress is the measures that incidents, deployments and follow-ups give. Ownership and cycle time come from elsewhere.
type Progress struct {
	Repair       TimeToRepair
	Impact       ImpactDuration
	Recurrence   Recurrence
	Fail         ChangeFailRate
	Told         DeveloperNotification
	Queue        QueueTime
	Permanent    PermanentFix
	FixFailure   FixFailure
	Loops        LoopClosure
	WithoutCause ClosedWithoutCause
}

// ProgressOf is the plain definition of all of them.
func ProgressOf(r Record, q Query) Progress {
	p := Progress{
		Repair: TimeToRepairOf(r.Rows, q), Impact: ImpactDurationOf(r.Rows, q), Recurrence: RecurrenceOf(r.Rows, q), Fail: ChangeFailRateOf(r.Releases, q),
		Told: DeveloperNotificationOf(r.Rows, q), Loops: LoopClosureOf(r.Rows, q), WithoutCause: ClosedWithoutCauseOf(r.Rows, q),
	}
	p.Queue, p.Permanent, p.FixFailure = ChangesOf(r.Changes, q)
	return p
}

// Later is the same some seconds later: what goes on, and what nobody was told of, is older by as much.
func (p Progress) Later(by time.Duration) Progress {
	if p.Repair.Open.N > 0 {
		p.Repair.Open.OldestAge += by
	}
	if p.Impact.Open.N > 0 {
		p.Impact.Open.OldestAge += by
	}
	if p.Told.Never > 0 {
		p.Told.OldestNever += by
	}
	if p.Told.MedianAtLeast {
		p.Told.Median += by
	}
	if p.Told.P90AtLeast {
		p.Told.P90 += by
	}
	return p
}

// Day is a calendar day in UTC, counted from the first of January 1970.
type Day int

// DayOf is the day of a moment.
func DayOf(at time.Time) Day { return Day(floor(at.Unix(), 24*60*60)) }

// Start is its beginning, midnight in UTC.
func (d Day) Start() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

func floor(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}
