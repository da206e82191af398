package jirasync

import (
	"testing"

	"upshot/app/ticket"
)

func TestWhatAResolutionMeansByItsName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]ticket.Meaning{
		"Done": ticket.MeansDone, "Fixed": ticket.MeansDone, "Resolved": ticket.MeansDone,
		"Won't Do": ticket.MeansWontDo, "Won’t Fix": ticket.MeansWontDo, "Declined": ticket.MeansWontDo, "Canceled": ticket.MeansWontDo,
		"Duplicate": ticket.MeansDuplicate, "Cannot Reproduce": ticket.MeansNoCause, "Operations-resolved": ticket.MeansNoCause,
	} {
		if got := GuessMeaning(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
