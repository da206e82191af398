package jirasync

import (
	"reflect"
	"slices"
	"testing"

	"upshot/app/followup"
	"upshot/app/ticket"
)

func TestWhatTheRuleAsksForIsNobodyElsesChange(t *testing.T) {
	t.Parallel()
	raised := followup.Escalation{RaiseTo: ticket.Named{ID: "2", Name: "High"}, Propose: followup.ProposeLabel}
	l := Link{
		Wishes: Wishes{Priority: "3", Labels: []string{"pool"}},
		Bases:  map[Field]Base{FieldPriority: {"3", "3"}, FieldLabels: {"pool", "pool"}},
	}
	l.expect(raised, "next-sprint")
	if l.Wishes.Priority != "2" || !slices.Equal(l.Wishes.Labels, []string{"next-sprint", "pool"}) {
		t.Fatalf("wishes: %+v", l.Wishes)
	}
	for _, owner := range []Owner{JiraOwns, UpshotOwns} {
		for field, values := range map[Field][2]string{FieldPriority: {"3", "2"}, FieldLabels: {"pool", "next-sprint pool"}} {
			if got := Merge(owner, l.Bases[field], values[1], values[0]); got != Nothing {
				t.Errorf("%s of %s before Jira has it: %s", field, owner, got)
			}
			if got := Merge(owner, l.Bases[field], values[1], values[1]); got != Agreed {
				t.Errorf("%s of %s when Jira has it: %s", field, owner, got)
			}
		}
	}
	var none Link
	if none.expect(raised, "next-sprint"); !reflect.DeepEqual(none.Wishes, Wishes{}) || len(none.Bases) != 0 {
		t.Errorf("nobody wished for anything: %+v", none)
	}
}
