package services

import (
	"testing"

	"upshot/app/catalog"
)

func TestTheFindingCountsWhoAnswersAtNight(t *testing.T) {
	t.Parallel()
	own, foreign, nobody := catalog.Service{Builder: 1, OnCall: 1}, catalog.Service{Builder: 1, OnCall: 2}, catalog.Service{Builder: 3}
	cases := map[string]struct {
		services []catalog.Service
		team     catalog.TeamID
		want     string
	}{
		"none":           {want: "No service is recorded yet"},
		"all by builder": {services: []catalog.Service{own, own}, want: "2 services are answered for at 2 a.m. by the team that builds them"},
		"each answer":    {services: []catalog.Service{own, foreign, nobody}, want: "1 of 3 services are answered for at 2 a.m. by the team that builds them, 1 by another team, 1 by nobody recorded"},
		"of one team":    {services: []catalog.Service{own, foreign, nobody}, team: 2, want: "0 of 1 services are answered for at 2 a.m. by the team that builds them, 1 by another team"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Count(tc.services, tc.team).Finding(); got != tc.want {
				t.Errorf("it says %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheAnswerAtTwoAM(t *testing.T) {
	t.Parallel()
	names := map[catalog.TeamID]string{1: "Payments", 2: "Operations"}
	for want, s := range map[string]catalog.Service{
		"Payments, builds it":          {Builder: 1, OnCall: 1},
		"Operations, did not build it": {Builder: 1, OnCall: 2},
		"nobody recorded":              {Builder: 1},
	} {
		if got := AtTwoAM(s, names); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
