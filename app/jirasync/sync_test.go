package jirasync

import (
	"testing"
)

func TestMark(t *testing.T) {
	t.Parallel()
	for again, want := range map[int]string{0: "upshot-x1-fu-12", 1: "upshot-x1-fu-12-2", 2: "upshot-x1-fu-12-3"} {
		if got := Mark("x1", 12, again); got != want {
			t.Errorf("after %d issues: %s, want %s", again, got, want)
		}
	}
}
