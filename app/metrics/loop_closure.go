package metrics

// LoopGrace is how long, in days, a significant incident has until its loop must be closed; later it is a setting.
const LoopGrace = 90

// LoopClosure counts significant incidents by what they changed. Those whose grace has not passed are provisional
// and counted apart; each other one is in exactly one of the four.
type LoopClosure struct {
	Verified        int // a practice follow-up is verified
	Decided         int // none is, but a dated, reasoned decision was made against one
	DoneNotVerified int // a practice follow-up is done
	None            int // nothing
	Provisional     int
}

// Due is how many should have closed their loop by now.
func (l LoopClosure) Due() int { return l.Verified + l.Decided + l.DoneNotVerified + l.None }

// Share is verified or decided of those due.
func (l LoopClosure) Share() Share { return Share{Part: l.Verified + l.Decided, Whole: l.Due()} }
