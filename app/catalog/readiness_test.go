package catalog

import (
	"slices"
	"testing"
	"time"

	"upshot/app/fault"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	us   TeamID = 1
	them TeamID = 2
)

// doc is a document of ours that somebody confirmed so many days before noon.
func doc(kind DocumentKind, owner TeamID, confirmed int) Document {
	return Document{Service: 7, Kind: kind, Owner: owner, ConfirmedAt: noon.AddDate(0, 0, -confirmed)}
}

func dead(d Document) Document {
	d.Link.Dead = true
	return d
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	good, book := doc(Dashboard, us, 3), doc(Runbook, us, 179)
	other := doc(Runbook, us, 3)
	other.Service = 8
	never := doc(Runbook, us, 0)
	never.ConfirmedAt = time.Time{}
	for name, tc := range map[string]struct {
		builder   TeamID
		documents []Document
		want      []Missing
	}{
		"both good":                              {us, []Document{good, book}, nil},
		"nothing at all":                         {us, nil, []Missing{NoDashboard, NoRunbook}},
		"no runbook":                             {us, []Document{good}, []Missing{NoRunbook}},
		"a runbook of another service":           {us, []Document{good, other}, []Missing{NoRunbook}},
		"the runbook is the operators'":          {us, []Document{good, doc(Runbook, them, 3)}, []Missing{RunbookNotOurs}},
		"the runbook's link is dead":             {us, []Document{good, dead(book)}, []Missing{RunbookDead}},
		"confirmed 180 days ago to the minute":   {us, []Document{good, doc(Runbook, us, 180)}, []Missing{RunbookNotConfirmed}},
		"never confirmed":                        {us, []Document{good, never}, []Missing{RunbookNotConfirmed}},
		"everything is wrong with the dashboard": {us, []Document{dead(doc(Dashboard, them, 400)), book}, []Missing{DashboardNotOurs, DashboardDead, DashboardNotConfirmed}},
		"one good one is enough":                 {us, []Document{good, dead(doc(Runbook, them, 400)), book}, nil},
		"the one that lacks least speaks":        {us, []Document{good, dead(doc(Runbook, them, 400)), dead(book)}, []Missing{RunbookDead}},
		"nobody builds it":                       {0, []Document{good, book}, []Missing{NoBuilder}},
		"nobody builds it, and a dead link":      {0, []Document{dead(good)}, []Missing{NoBuilder, DashboardDead, NoRunbook}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ReadinessOf(Service{ID: 7, Builder: tc.builder}, tc.documents, noon)
			if !slices.Equal(got.Missing, tc.want) || got.Covered != (tc.want == nil) {
				t.Errorf("%+v, want %v", got, tc.want)
			}
			if !slices.IsSortedFunc(got.Missing, func(a, b Missing) int { return slices.Index(EveryMissing, a) - slices.Index(EveryMissing, b) }) {
				t.Errorf("%v is not in order", got.Missing)
			}
		})
	}
}

func TestALinkIsDeadAfterTwoFailedLooksAnHourApart(t *testing.T) {
	t.Parallel()
	type look struct {
		after   time.Duration // since noon
		trouble string
	}
	const gone = "It answers 404."
	for name, tc := range map[string]struct {
		looks  []look
		dead   bool
		failed time.Duration // first failed look since noon; -1: none
		next   time.Duration
	}{
		"never looked at":                     {nil, false, -1, 0},
		"alive":                               {[]look{{0, ""}}, false, -1, LookEvery},
		"failed once":                         {[]look{{0, gone}}, false, 0, LookAgain},
		"failed twice at once":                {[]look{{0, gone}, {time.Minute, gone}}, false, 0, time.Minute + LookAgain},
		"failed twice":                        {[]look{{0, gone}, {time.Hour, gone}}, true, 0, time.Hour + LookEvery},
		"failed, alive, failed":               {[]look{{0, gone}, {time.Hour, ""}, {2 * time.Hour, gone}}, false, 2 * time.Hour, 3 * time.Hour},
		"dead, still dead a day later":        {[]look{{0, gone}, {time.Hour, gone}, {25 * time.Hour, gone}}, true, 0, 49 * time.Hour},
		"dead and back":                       {[]look{{0, gone}, {time.Hour, gone}, {25 * time.Hour, ""}}, false, -1, 49 * time.Hour},
		"failed three times within two hours": {[]look{{0, gone}, {time.Minute, gone}, {61 * time.Minute, gone}}, true, 0, 61*time.Minute + LookEvery},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := Link{NextAt: noon}
			for _, look := range tc.looks {
				l = l.Looked(noon.Add(look.after), look.trouble)
			}
			if l.Dead != tc.dead || !l.NextAt.Equal(noon.Add(tc.next)) {
				t.Errorf("%+v", l)
			}
			if tc.failed < 0 != l.FailedAt.IsZero() || tc.failed >= 0 && !l.FailedAt.Equal(noon.Add(tc.failed)) {
				t.Errorf("failed since %s", l.FailedAt)
			}
		})
	}
}

func TestWhatADocumentMustSay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Document)
		wrong  string
	}{
		"all said":            {func(*Document) {}, ""},
		"within the company":  {func(d *Document) { d.URL = "http://grafana.internal:3000/d/1" }, ""},
		"no kind":             {func(d *Document) { d.Kind = "" }, "kind"},
		"a kind of its own":   {func(d *Document) { d.Kind = "wiki" }, "kind"},
		"no title":            {func(d *Document) { d.Title = " " }, "title"},
		"no address":          {func(d *Document) { d.URL = "" }, "url"},
		"a script":            {func(d *Document) { d.URL = "javascript:alert(1)" }, "url"},
		"a file":              {func(d *Document) { d.URL = "file:///etc/passwd" }, "url"},
		"no host":             {func(d *Document) { d.URL = "https:///x" }, "url"},
		"a password in it":    {func(d *Document) { d.URL = "https://me:secret@wiki.example/x" }, "url"},
		"nobody keeps it":     {func(d *Document) { d.Owner = 0 }, "owner"},
		"as if it were a URL": {func(d *Document) { d.URL = "wiki.example/x" }, "url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Document{Kind: Runbook, Title: "Runbook", URL: "https://wiki.example/runbook", Owner: us}
			tc.change(&d)
			err := d.Check()
			if tc.wrong == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := fault.Of(err); f == nil || f.Fields[0].Name != tc.wrong {
				t.Errorf("%v, want it at %s", err, tc.wrong)
			}
		})
	}
}

func TestCoverageAtAnyPastMoment(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	covered := Coverage{At: day(10), Readiness: Readiness{Covered: true}}
	lost := Coverage{At: day(20), Readiness: Readiness{Missing: []Missing{RunbookDead}}}
	retired := Coverage{At: day(30), Retired: true, Readiness: lost.Readiness}
	recorded := Service{ID: 7, Builder: us, CreatedAt: day(0)}
	for name, tc := range map[string]struct {
		service Service
		kept    []Coverage
		at      time.Time
		none    bool
		want    Coverage
	}{
		"before it was recorded":                   {service: recorded, at: day(-1), none: true},
		"recorded, nothing kept":                   {service: recorded, at: day(5), want: Coverage{Readiness: Readiness{Missing: []Missing{NoDashboard, NoRunbook}}}},
		"before the first change":                  {service: recorded, kept: []Coverage{covered}, at: day(9), want: Coverage{Readiness: Readiness{Missing: []Missing{NoDashboard, NoRunbook}}}},
		"at the moment of a change":                {service: recorded, kept: []Coverage{covered, lost}, at: day(10), want: covered},
		"between two changes":                      {service: recorded, kept: []Coverage{covered, lost}, at: day(19), want: covered},
		"after the last":                           {service: recorded, kept: []Coverage{covered, lost, retired}, at: day(40), want: retired},
		"retired before anything was kept":         {service: Service{ID: 7, Builder: us, CreatedAt: day(0), RetiredAt: day(3)}, at: day(4), want: Coverage{Retired: true, Readiness: Readiness{Missing: []Missing{NoDashboard, NoRunbook}}}},
		"retired before anything was kept, before": {service: Service{ID: 7, Builder: us, CreatedAt: day(0), RetiredAt: day(3)}, at: day(2), want: Coverage{Readiness: Readiness{Missing: []Missing{NoDashboard, NoRunbook}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := CoverageAt(CoverageHistory(tc.service, tc.kept), tc.at)
			if ok == tc.none || !got.Same(tc.want) {
				t.Errorf("%+v, %v; want %+v", got, ok, tc.want)
			}
		})
	}
}

func TestStepsAreTakenAtTheLatestToday(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		step  Adoption
		wrong string
	}{
		"nothing":                  {Adoption{Step: ReadAccess}, ""},
		"planned for next year":    {Adoption{Step: ReadAccess, PlannedOn: "2027-02-01"}, ""},
		"taken today":              {Adoption{Step: ReadAccess, DoneOn: "2026-11-27"}, ""},
		"taken where it is later":  {Adoption{Step: ReadAccess, DoneOn: "2026-11-28"}, ""},
		"taken next week":          {Adoption{Step: ReadAccess, DoneOn: "2026-12-04"}, "done_2"},
		"planned for no day":       {Adoption{Step: ReadAccess, PlannedOn: "soon"}, "planned_2"},
		"taken on no day":          {Adoption{Step: IncidentsChange, DoneOn: "2026-02-30"}, "done_6"},
		"a step that there is not": {Adoption{Step: 7}, "steps"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkAdoption([]Adoption{tc.step}, noon)
			if f := fault.Of(err); (tc.wrong == "") != (err == nil) || f != nil && f.Fields[0].Name != tc.wrong {
				t.Errorf("%v, want it at %q", err, tc.wrong)
			}
		})
	}
}
