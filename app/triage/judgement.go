package triage

import "slices"

// unknown is the class that says nothing.
const unknown = "unknown"

// Final is what the cause turned out to be, and by what: the class of the confirmed cause, else of the contributing
// factor noted last, else what a person judged after the first judgement. Empty: nobody knows yet.
func (t Triage) Final() (class, by string) {
	for _, known := range []struct{ class, by string }{
		{t.Noted.Cause, "confirmed cause"}, {t.Noted.Factor, "contributing factor"}, {t.Later.Class, "later judgement"},
	} {
		if known.class != "" && known.class != unknown {
			return known.class, known.by
		}
	}
	return "", ""
}

// Outcome is the first judgement of one incident, and what the cause turned out to be; an empty Final is not known yet.
type Outcome struct{ First, Final string }

// Confusion counts how often which first judgement turned out to be what.
type Confusion struct {
	N       int      // with a first judgement and a final value
	Right   int      // of these, the first judgement was the final value
	Open    int      // with a first judgement, whose cause nobody knows yet
	Classes []string // the final values that occur, in the order of Judgements
	Rows    []Row
}

// Row is one first judgement.
type Row struct {
	First  string
	Counts []int // by Classes
}

// Confuse counts outcomes.
func Confuse(outcomes []Outcome) Confusion {
	var c Confusion
	counts := map[Outcome]int{}
	firsts, finals := map[string]bool{}, map[string]bool{}
	for _, o := range outcomes {
		switch {
		case o.First == "":
			continue
		case o.Final == "":
			c.Open++
			continue
		case o.First == o.Final:
			c.Right++
		}
		c.N++
		counts[o]++
		firsts[o.First], finals[o.Final] = true, true
	}
	c.Classes = slices.DeleteFunc(slices.Clone(Judgements), func(class string) bool { return !finals[class] })
	for _, first := range Judgements {
		if !firsts[first] {
			continue
		}
		row := Row{First: first}
		for _, final := range c.Classes {
			row.Counts = append(row.Counts, counts[Outcome{first, final}])
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}
