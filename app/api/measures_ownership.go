package api

import "upshot/app/metrics"

type ownershipCoverageJSON struct {
	Services int                  `json:"services" doc:"In production: not retired."`
	Covered  int                  `json:"covered" doc:"With a dashboard and a runbook, both owned by the building team, with links that are not dead, each confirmed within 180 days."`
	Rate     *float64             `json:"rate" doc:"null without a service."`
	Gaps     []coverageGapJSON    `json:"gaps" nullable:"false" doc:"Every service that is not covered, by name."`
	Missing  []coverageLackJSON   `json:"missing" nullable:"false" doc:"How many services lack what, most first."`
	Retired  int                  `json:"retired" doc:"Services retired within the period; they count no more."`
	AtTwoAM  nightCountJSON       `json:"at_two_am" doc:"Who is responsible at 2 a.m., by services."`
	Series   []coveragePeriodJSON `json:"series" nullable:"false" doc:"At the end of each period; of the one that runs, now."`
}

type coverageGapJSON struct {
	Service string   `json:"service" doc:"Slug."`
	Missing []string `json:"missing" nullable:"false" example:"[\"runbook not ours\"]"`
}

type coverageLackJSON struct {
	What     string `json:"what" example:"no runbook"`
	Services int    `json:"services"`
}

type nightCountJSON struct {
	BuildsIt    int `json:"builds_it"`
	DidNotBuild int `json:"did_not_build_it"`
	NobodyKnown int `json:"nobody_recorded"`
}

type coveragePeriodJSON struct {
	Period   string   `json:"period" example:"2026-11"`
	Services int      `json:"services"`
	Covered  int      `json:"covered"`
	Rate     *float64 `json:"rate"`
}

func ownershipCoverageAs(o metrics.OwnershipCoverage) ownershipCoverageJSON {
	j := ownershipCoverageJSON{
		Services: o.Whole, Covered: o.Part, Rate: rate(o.Share), Retired: o.Retired,
		Gaps: []coverageGapJSON{}, Missing: []coverageLackJSON{}, Series: []coveragePeriodJSON{},
		AtTwoAM: nightCountJSON{BuildsIt: o.AtTwoAM.BuildsIt, DidNotBuild: o.AtTwoAM.DidNotBuild, NobodyKnown: o.AtTwoAM.NobodyKnown},
	}
	for _, g := range o.Gaps {
		j.Gaps = append(j.Gaps, coverageGapJSON{Service: g.Service.Slug, Missing: missingAs(g.Missing)})
	}
	for _, l := range o.Lacks {
		j.Missing = append(j.Missing, coverageLackJSON{What: string(l.Missing), Services: l.N})
	}
	for _, p := range o.Series {
		j.Series = append(j.Series, coveragePeriodJSON{Period: p.Name, Services: p.Whole, Covered: p.Part, Rate: rate(p.Share)})
	}
	return j
}
