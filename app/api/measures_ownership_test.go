package api

import (
	"encoding/json"
	"testing"

	"upshot/app/catalog"
	"upshot/app/metrics"
)

func TestOwnershipCoverageAsPrograms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		measured metrics.OwnershipCoverage
		want     string
	}{
		"nothing": {metrics.OwnershipCoverage{}, `{"services":0,"covered":0,"rate":null,"gaps":[],"missing":[],"retired":0,"at_two_am":{"builds_it":0,"did_not_build_it":0,"nobody_recorded":0},"series":[]}`},
		"a gap": {
			metrics.OwnershipCoverage{
				Share: metrics.Share{Part: 1, Whole: 2}, Retired: 3, AtTwoAM: metrics.NightCount{BuildsIt: 1, DidNotBuild: 1},
				Gaps:   []metrics.Gap{{Service: catalog.Service{Slug: "checkout"}, Missing: []catalog.Missing{catalog.NoRunbook}}},
				Lacks:  []metrics.Lack{{Missing: catalog.NoRunbook, N: 1}},
				Series: []metrics.CoveragePeriod{{Period: metrics.Period{Name: "2026-11"}, Share: metrics.Share{Part: 1, Whole: 4}}},
			},
			`{"services":2,"covered":1,"rate":0.5,"gaps":[{"service":"checkout","missing":["no runbook"]}],"missing":[{"what":"no runbook","services":1}],"retired":3,` +
				`"at_two_am":{"builds_it":1,"did_not_build_it":1,"nobody_recorded":0},"series":[{"period":"2026-11","services":4,"covered":1,"rate":0.25}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(ownershipCoverageAs(tc.measured))
			if err != nil || string(got) != tc.want {
				t.Errorf("%s, %v, want\n%s", got, err, tc.want)
			}
		})
	}
}
