package teams

import (
	"testing"

	"upshot/app/catalog"
)

func TestHoursInWords(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"":                                     "Monday to Friday 09:00 to 17:00",
		"mon 08:00-12:00 13:00-16:00":          "Monday 08:00 to 12:00 and 13:00 to 16:00",
		"mon-thu 09:00-17:00, sun 10:00-12:00": "Monday to Thursday 09:00 to 17:00, Sunday 10:00 to 12:00",
	} {
		h, err := catalog.ParseHours(typed, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := HoursInWords(h); got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
}

func TestThePortfolioSaysWhatATeamDidNotBuild(t *testing.T) {
	t.Parallel()
	own, inherited, givenAway := catalog.Service{Builder: 1, OnCall: 1}, catalog.Service{Builder: 2, OnCall: 1}, catalog.Service{Builder: 1, OnCall: 2}
	cases := map[string]struct {
		services []catalog.Service
		want     string
	}{
		"nothing":             {nil, "Ops has no services yet"},
		"builds only":         {[]catalog.Service{givenAway}, "Ops builds 1 service and answers for none at 2 a.m."},
		"its own":             {[]catalog.Service{own, own}, "Ops answers for 2 services at 2 a.m. and builds all of them"},
		"some that it didn't": {[]catalog.Service{own, inherited, inherited, givenAway}, "Ops answers for 3 services at 2 a.m. and did not build 2 of 3"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := PortfolioOf(1, tc.services).Finding("Ops"); got != tc.want {
				t.Errorf("it says %q, want %q", got, tc.want)
			}
		})
	}
}
