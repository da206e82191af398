package jirasync

import (
	"math"
	"regexp"
	"testing"

	"upshot/app/followup"
)

func TestMark(t *testing.T) {
	t.Parallel()
	for again, want := range map[int]string{0: "upshot-x1-fu-12", 1: "upshot-x1-fu-12-2", 2: "upshot-x1-fu-12-3"} {
		if got := Mark("x1", 12, again); got != want {
			t.Errorf("after %d issues: %s, want %s", again, got, want)
		}
	}
}

// TestMarksAreLabelsOfJira: of any follow-up, after any number of issues, a mark is a label that Jira takes, no other follow-up
// and no other round has it, and it tells whose it is.
func TestMarksAreLabelsOfJira(t *testing.T) {
	t.Parallel()
	const code = "k7q2zx"
	label := regexp.MustCompile(`^[a-z0-9-]{1,60}$`)
	seen := map[string]bool{}
	for _, id := range []followup.ID{1, 2, 11, 12, 21, 112, 1e9, math.MaxInt64 - 1, math.MaxInt64} {
		for _, again := range []int{0, 1, 2, 9, 10, 11, 20, 110, 999_999_999} {
			mark := Mark(code, id, again)
			if !label.MatchString(mark) {
				t.Errorf("%s is no label", mark)
			}
			if seen[mark] {
				t.Errorf("%s is there twice", mark)
			}
			seen[mark] = true
			if whose, is := followUpOf(mark, code); !is || whose != id {
				t.Errorf("%s is read as %s, %v", mark, whose, is)
			}
		}
	}
}

func TestWhoseMarkItIs(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string]followup.ID{
		"upshot-x1-fu-12": 12, "upshot-x1-fu-12-3": 12,
		"upshot-x1": 0, "upshot-x1-": 0, "upshot-x1-fu": 0, "upshot-x1-fu-": 0, "upshot-x1-fu-x": 0, "upshot-x1-fu--1": 0, "upshot-x1-inc-12": 0,
		"upshot-y2-fu-12": 0, "upshot-x1-fu-99999999999999999999": 0, "": 0,
	} {
		if got, is := followUpOf(mark, "x1"); got != want || is != (want != 0) {
			t.Errorf("%q: %s, %v", mark, got, is)
		}
	}
}
