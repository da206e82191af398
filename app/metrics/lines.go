package metrics

import "fmt"

// Lines writes the measures for a terminal, a line each, with n.
func (p Progress) Lines() []string {
	lengths := func(name string, s Summary) string {
		if s.N == 0 {
			return name + ": n/a (n = 0)"
		}
		return fmt.Sprintf("%s: median %s, p90 %s, mean %s (n = %d)", name, s.Median, s.P90, whole(s.Mean), s.N)
	}
	share := func(name string, s Share) string {
		rate, known := s.Rate()
		if !known {
			return name + ": n/a (0 of 0)"
		}
		return fmt.Sprintf("%s: %.1f%% (%d of %d)", name, 100*rate, s.Part, s.Whole)
	}
	told := "detection to developers told: n/a (n = 0)"
	if n := p.Told; n.N > 0 {
		least := map[bool]string{true: "at least "}
		told = fmt.Sprintf("detection to developers told: median %s%s, p90 %s%s (n = %d, never told %d)", least[n.MedianAtLeast], n.Median, least[n.P90AtLeast], n.P90, n.N, n.Never)
	}
	return []string{
		lengths("time to repair", p.Repair.Summary),
		lengths("impact duration", p.Impact.Summary),
		share("recurrence rate", p.Recurrence.Flow.Share()),
		share("change fail rate", p.Fail.Share()),
		told,
		lengths("queue time of what was started", p.Queue.Summary),
		lengths("time to permanent fix", p.Permanent.Summary),
		share("fix failure rate", p.FixFailure.Share()),
		share("loop closure", p.Loops.Share()),
		share("closed without cause", p.WithoutCause.Share()),
	}
}
