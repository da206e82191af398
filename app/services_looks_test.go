package app

import (
	"testing"

	"upshot/internal/testneed"
	"upshot/views/link"
)

// servicePages are the pages of services whose documents and steps look different, and their forms.
var servicePages = []struct{ name, address string }{
	{"service-covered", link.Service("booking-api")},
	{"service-dead-link", link.Service("ledger")},
	{"service-not-ours", link.Service("rates-cache")},
	{"service-nothing", link.Service("customs-forms")},
	{"service-document-new", link.NewServiceDocument("rates-cache")},
	{"service-document-edit", link.EditServiceDocument("booking-db", 1)},
	{"service-adoption", link.ServiceAdoption("rates-cache")},
}

func TestPagesOfServicesCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	axe := axeUnlessPictures(t)
	testneed.Chromium(t)
	a, err := NewDemo(t.Context(), testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, serve(t, a))
	for _, page := range servicePages {
		b.open(page.address)
		lookAtPage(b, axe, page.name)
	}
}
