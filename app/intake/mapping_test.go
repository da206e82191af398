package intake

import (
	"slices"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	t.Parallel()
	maker := Maker{ServiceFrom: []string{"service", "job"}}
	cases := map[string]struct {
		chosen   []string
		services []string
		labels   map[string]string
		want     []string
	}{
		"a chosen label":                  {[]string{"Team", "Owner"}, []string{"shop"}, map[string]string{"owner": "web", "service": "api"}, []string{"web"}},
		"what the sender says":            {[]string{"owner"}, []string{"shop"}, map[string]string{"service": "api"}, []string{"shop"}},
		"a usual label":                   {nil, nil, map[string]string{"job": "api"}, []string{"api"}},
		"several that were read together": {[]string{"owner"}, []string{"web", "shop"}, map[string]string{"owner": "web"}, []string{"web", "shop"}},
		"nothing":                         {[]string{"owner"}, nil, map[string]string{"owner": " "}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (Mapping{ServiceFrom: c.chosen}).Names(c.services, c.labels, maker); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDeliveryNamedByTheMapping(t *testing.T) {
	t.Parallel()
	header := ""
	maker := Maker{
		Delivery:   func(Headers, []byte) string { return header },
		DeliveryAt: func(_ []byte, p Pointers) string { return p.Delivery },
	}
	source := Source{Mapping: Mapping{Pointers: Pointers{Delivery: "from the body"}}}
	name := func() string { return NewDelivery(source, maker, nil, []byte("{}"), time.Now()).Name }
	if got := name(); got != "id:from the body" {
		t.Errorf("the delivery is named %q", got)
	}
	if header = "from a header"; name() != "id:from a header" {
		t.Errorf("the delivery is named %q; its header comes first", name())
	}
}
