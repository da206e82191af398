package link_test

import (
	"testing"

	"upshot/views/link"
)

func TestARefLeadsToItsPage(t *testing.T) {
	t.Parallel()
	if got := link.Ref(" prb-7 "); got != "/problems/PRB-7" {
		t.Errorf("blanks around it: %q", got)
	}
	for ref, want := range map[string]string{
		"INC-42": "/incidents/INC-42", "Fu-1": "/followups/FU-1",
		"INC-0": "", "INC-": "", "INC": "", "INC-007": "", "INC-+7": "", "PAY-1482": "", "INC-99999999999999999999": "", "": "",
	} {
		if got := link.Ref(ref); got != want {
			t.Errorf("%q leads to %q, want %q", ref, got, want)
		}
	}
}
