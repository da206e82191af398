package ui

// Wanted is which way a measure should go.
type Wanted int

// The ways.
const (
	Falling Wanted = iota
	Rising
)

// Direction compares the first three finished periods that have figures with the last three: in words, and whether that is wanted. It is empty where
// there are fewer than six, since then nothing can be said.
func Direction(points []Point, wanted Wanted) (text, tone string) {
	var known []float64
	for _, p := range points {
		if !p.Missing && !p.Provisional {
			known = append(known, p.Value)
		}
	}
	if len(known) < 6 {
		return "", ""
	}
	first, last := mean(known[:3]), mean(known[len(known)-3:])
	const unlike = .1
	falls, rises := last < first*(1-unlike), last > first*(1+unlike)
	switch {
	case falls && wanted == Falling:
		return "↓ falling, as wanted", "good"
	case rises && wanted == Rising:
		return "↑ rising, as wanted", "good"
	case rises:
		return "↑ rising, not wanted", "late"
	case falls:
		return "↓ falling, not wanted", "late"
	}
	return "→ no clear change", "mute"
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
