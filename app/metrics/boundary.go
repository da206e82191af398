package metrics

// Boundary is how often incidents are passed from team to team, and how long no team answers for them (METRICS 10).
type Boundary struct {
	Incidents     int // occurrences detected in the period
	HandOffs      int // of these
	Unaccountable Summary
}

// PerIncident is hand-offs per incident. It is false of nothing.
func (b Boundary) PerIncident() (float64, bool) {
	if b.Incidents == 0 {
		return 0, false
	}
	return float64(b.HandOffs) / float64(b.Incidents), true
}
