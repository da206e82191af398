package demo

import (
	"context"
	"time"

	"upshot/app/catalog"
)

// documents tells when somebody added a dashboard or a runbook. It has the name of its service and its kind.
func (t *teller) documents(service string, kind catalog.DocumentKind, owner, who string, at time.Time) {
	addresses := map[catalog.DocumentKind]string{
		catalog.Dashboard: "https://boards.harbour-line.example/d/", catalog.Runbook: "https://wiki.harbour-line.example/runbooks/",
	}
	titles := map[catalog.DocumentKind]string{catalog.Dashboard: "How " + service + " is doing", catalog.Runbook: "When " + service + " fails"}
	t.then(at, "document "+service, func(ctx context.Context) error {
		d, err := t.Catalog.AddDocument(ctx, t.people[who].Actor, service, catalog.Document{
			Kind: kind, Title: titles[kind], URL: addresses[kind] + service, Owner: t.teams[owner].ID,
		}, t.teams[owner].ID)
		t.papers[service+" "+string(kind)] = d
		return err
	})
}

// confirms says that a document still holds.
func (t *teller) confirms(service string, kind catalog.DocumentKind, by, who string, at time.Time) {
	t.then(at, "confirm "+service, func(ctx context.Context) error {
		d := t.papers[service+" "+string(kind)]
		_, err := t.Catalog.ConfirmDocument(ctx, t.people[who].Actor, service, d.ID, 0, t.teams[by].ID)
		return err
	})
}

// adopts plans the steps of a service and takes some of them. Planned and taken are days before today, in the order of the steps.
func (t *teller) adopts(service, who string, planned, taken []int) {
	set := func(at time.Time, steps ...catalog.Adoption) {
		t.then(at, "adoption of "+service, func(ctx context.Context) error {
			_, err := t.Catalog.PlanAdoption(ctx, t.people[who].Actor, service, steps)
			return err
		})
	}
	var plan []catalog.Adoption
	for n, days := range planned {
		plan = append(plan, catalog.Adoption{Step: catalog.AdoptionSteps[n], PlannedOn: t.date(days)})
	}
	set(t.at(max(planned[0], taken[0])+4, "09:40"), plan...)
	for n, days := range taken {
		step := plan[n]
		step.DoneOn = t.date(days)
		set(t.at(days, "16:30"), step)
	}
}

// ownership is how the teams came to have what it takes to run what they build: operations wrote the first runbooks, and the
// developers took over one service after the other. Some are not there yet.
func (t *teller) ownership() {
	const board, book = catalog.Dashboard, catalog.Runbook
	operated := []string{"booking-db", "edge-proxy", "card-gateway", "tracking-feed", "rates-cache"}
	for n, service := range operated {
		written := t.at(298-n, "14:10")
		t.documents(service, book, "operations", "ines", written)
		if n < 2 {
			t.documents(service, board, "operations", "tom", written.Add(time.Hour))
			t.confirms(service, board, "operations", "tom", t.at(126-n, "15:20"))
		}
		if service != "edge-proxy" { // nobody has looked into that one since
			t.confirms(service, book, "operations", "ines", t.at(125-n, "15:30"))
		}
	}
	t.documents("booking-api", board, "booking", "mara", t.office(120, "10:30"))
	t.documents("booking-api", book, "booking", "mara", t.office(110, "16:00"))
	t.documents("fare-search", board, "booking", "felix", t.office(96, "11:15"))
	t.documents("rates-cache", board, "booking", "mara", t.office(90, "11:00"))
	t.documents("refund-worker", board, "payments", "clara", t.office(75, "13:40"))
	t.documents("refund-worker", book, "payments", "clara", t.office(68, "10:20"))
	t.documents("fare-search", book, "booking", "felix", t.office(60, "09:50"))
	t.documents("ledger", board, "payments", "yusuf", t.office(54, "15:10"))
	t.documents("ledger", book, "payments", "yusuf", t.office(47, "10:40"))
	t.documents("label-printer", board, "tracking", "piet", t.office(41, "14:30"))
	t.documents("label-printer", book, "tracking", "piet", t.office(33, "11:20"))
	t.documents("cabin-allocator", board, "booking", "felix", t.office(20, "16:10"))

	// Confirmations run out by themselves.
	t.then(t.at(116, "03:00"), "keep coverage", func(ctx context.Context) error {
		_, err := t.Catalog.KeepCoverage(ctx)
		return err
	})

	t.adopts("booking-api", "mara", []int{118, 111, 90, 62, 30, 0}, []int{120, 111, 88, 55, 24})
	t.adopts("fare-search", "felix", []int{96, 90, 60, 20}, []int{96, 89, 58})
	t.adopts("rates-cache", "mara", []int{90, 80, 40}, []int{90, 86})
	t.adopts("refund-worker", "clara", []int{75, 70, 67, 28, 14}, []int{75, 70, 67})
	t.adopts("label-printer", "piet", []int{40, 33, 12}, []int{41, 33})

	// What looking at the links has found: the wiki has lost a page.
	t.then(t.at(3, "02:10"), "look at links", t.looks)
	t.then(t.at(3, "03:10"), "look at links again", t.looks)
	t.then(t.ago(0, 90*time.Minute), "look at links lately", t.looks)
}

// looks looks at the links of every document; the ledger's runbook is gone.
func (t *teller) looks(ctx context.Context) error {
	for _, s := range services {
		for _, kind := range catalog.DocumentKinds {
			d, written := t.papers[s.name+" "+string(kind)]
			if !written {
				continue
			}
			said := ""
			if s.name == "ledger" && kind == catalog.Runbook {
				said = "It answers 404 not found."
			}
			if err := t.Links.Found(ctx, d, said); err != nil {
				return err
			}
		}
	}
	return nil
}
