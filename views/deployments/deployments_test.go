package deployments

import (
	"net/url"
	"strconv"
	"testing"

	"upshot/app/catalog"
	"upshot/views/ui"
)

func TestTheHeadingOfTheDeployments(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		total             int
		estimated, narrow bool
	}{
		"No deployment is recorded yet": {},
		"No deployment fits":            {narrow: true},
		"1 deployment":                  {total: 1},
		"1 deployment fits":             {total: 1, narrow: true},
		"127 deployments fit":           {total: 127, narrow: true},
		"About 120,000 deployments":     {total: 120_000, estimated: true},
	} {
		if got := title(c.total, c.estimated, c.narrow); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestServicesAreOfferedUnlessThereAreTooMany(t *testing.T) {
	t.Parallel()
	var services []catalog.Service
	for n := range mostOffered {
		services = append(services, catalog.Service{Slug: "s" + strconv.Itoa(n), Name: "S"})
	}
	if q := serviceQuestion(services, "s7", "Every service"); q.Control != ui.OneOf || len(q.Options) != mostOffered+1 {
		t.Errorf("%q with %d options", q.Control, len(q.Options))
	}
	if q := serviceQuestion(services, "retired", "Every service"); q.Options[len(q.Options)-1].Value != "retired" {
		t.Error("a retired service that was chosen stays chosen")
	}
	services = append(services, catalog.Service{Slug: "one-more"})
	if q := serviceQuestion(services, "s7", "Every service"); q.Control != ui.OneLine || q.Value != "s7" {
		t.Errorf("%q holds %q", q.Control, q.Value)
	}
}

func TestAListThatIsFilteredIsNarrow(t *testing.T) {
	t.Parallel()
	if NewListPage(ListData{Query: url.Values{}}).Narrow || !NewListPage(ListData{Query: url.Values{"outcome": {"failed"}}}).Narrow {
		t.Error("a filter narrows, and none does not")
	}
}
