package jirasync

import (
	"testing"

	"upshot/app/ticket"
)

func TestWhatAResolutionMeansByItsName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]ticket.Meaning{
		"Done": ticket.MeansDone, "Fixed": ticket.MeansDone, "Resolved": ticket.MeansDone, "Completed": ticket.MeansDone, "": ticket.MeansDone,
		"Won't Do": ticket.MeansWontDo, "Won’t Fix": ticket.MeansWontDo, "WONT FIX": ticket.MeansWontDo, "Declined": ticket.MeansWontDo,
		"Canceled": ticket.MeansWontDo, "Cancelled": ticket.MeansWontDo, "Not a bug": ticket.MeansWontDo, "Withdrawn": ticket.MeansWontDo,
		"Not an issue": ticket.MeansWontDo, "Works as designed": ticket.MeansWontDo, "Out of scope": ticket.MeansWontDo, "Known Error": ticket.MeansWontDo,
		"Duplicate": ticket.MeansDuplicate, "Duplicated": ticket.MeansDuplicate, "Duplicate, won't do": ticket.MeansDuplicate,
		"Cannot Reproduce": ticket.MeansNoCause, "Can’t reproduce": ticket.MeansNoCause, "Unable to reproduce": ticket.MeansNoCause,
		"Not reproducible": ticket.MeansNoCause, "Incomplete": ticket.MeansNoCause, "Unexplained": ticket.MeansNoCause, "No cause found": ticket.MeansNoCause,
		"Operations-resolved": ticket.MeansNoCause, "operations resolved": ticket.MeansNoCause, "Resolved by operations": ticket.MeansNoCause,
	} {
		if got := GuessMeaning(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestMeaningsOfASite(t *testing.T) {
	t.Parallel()
	all := withMeanings([]ticket.Named{{ID: "1", Name: "Done"}, {ID: "2", Name: "Won't Do"}})
	all[0].Meaning = ticket.MeansNoCause // as an administrator said
	for id, want := range map[string]ticket.Meaning{"1": ticket.MeansNoCause, "2": ticket.MeansWontDo, "3": "", "": ""} {
		if got := meaningOf(all, id); got != want {
			t.Errorf("resolution %q: %q, want %q", id, got, want)
		}
	}
}
