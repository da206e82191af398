package metrics

import "time"

// TimeToRepair is from when somebody or something noticed an occurrence to its restoring, segments summed; an occurrence belongs to the period
// in which it was restored (METRICS 1). The mean is never shown alone.
type TimeToRepair struct {
	Summary
	With, Without Summary // a developer took part, or did not
	Open          Open
	LeftOut       LeftOut
	Bins          []Bin
	Series        []LengthPeriod
}

// TimeToRepairOf measures the rows.
func TimeToRepairOf(rows []Row, q Query) TimeToRepair {
	var t TimeToRepair
	repair := func(r Row) (time.Duration, bool) { return r.Repair, r.Wrong || r.WrongRepair }
	var lengths []at
	t.Open, t.LeftOut, lengths = restored(rows, q, repair)
	t.Summary, t.Series = summaries(lengths, q)
	t.Bins = binned(repairEdges, lengthsOf(lengths))
	var with, without []Row
	for _, r := range rows {
		if r.Developer {
			with = append(with, r)
		} else {
			without = append(without, r)
		}
	}
	_, _, lengths = restored(with, q, repair)
	t.With = Summarise(lengthsOf(lengths))
	_, _, lengths = restored(without, q, repair)
	t.Without = Summarise(lengthsOf(lengths))
	return t
}

func lengthsOf(all []at) []time.Duration {
	lengths := make([]time.Duration, len(all))
	for n, l := range all {
		lengths[n] = l.length
	}
	return lengths
}
