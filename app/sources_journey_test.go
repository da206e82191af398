package app

import (
	"net/http"
	"strings"
	"testing"

	"upshot/views/link"
)

// A source is set up: added, tried out on a pasted body, mapped, and watched; what it sends becomes an incident of the service that was said.
func TestTheWayOfASource(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newTestClock()
			b, a := openEmpty(t, now.time)
			addPerson(t, a)
			addCheckout(t, a)
			if !scripts {
				b.withoutScripts()
			}
			theWayOfASource(b, a)
		})
	}
}

func theWayOfASource(b *browser, a *App) {
	b.t.Helper()
	const body = `{"alert":{"id":"A-7","name":"Vouchers are refused","state":"DOWN","team":"shop"},"at":1764230000}`
	b.signIn()
	b.open(link.Sources)
	b.reads("h1", "No source sends incidents yet")
	b.press("main a[href='" + link.NewSource + "']")
	b.choose("#kind", "generic")
	b.fill("#name", "Not a name")
	b.press("main form .btn.primary")
	b.reads("main", "Use lower-case letters, digits and hyphens")
	b.fill("#name", "nagios")
	b.press("main form .btn.primary")
	b.reads("[data-test=shown-once]", "The secret of generic/nagios")
	secret := answer[string](b, "document.querySelector('[data-test=shown-once] input').value")
	address := b.text("[data-test=address]")
	if !strings.HasSuffix(address, "/hooks/generic/nagios") {
		b.t.Fatalf("its address is %q", address)
	}

	// Where what is, tried out on a body.
	b.press("main .head a[href$='/mapping']")
	for field, pointer := range map[string]string{"key": "/alert/id", "title": "/alert/name", "status": "/alert/state", "service": "/alert/team", "started_at": "/at"} {
		b.fill("#"+field, pointer)
	}
	b.fill("#body", body)
	b.press("main form button[name=try]")
	b.reads("[data-test=tried]", "It would become 1 thing", "Vouchers are refused", "unassigned, nobody mapped shop", "Name of the incident: A-7", "Fired")
	b.fill("#services", "shop = no-such-service")
	b.press("main form button[name=try]")
	b.reads("main", "There is no service with the address")
	b.fill("#services", "")
	b.press("main form .btn.primary")
	b.reads("main", "Saved. It counts from the next delivery on")

	// It sends; what nobody knows by that name is asked for.
	send := func(body string) {
		b.t.Helper()
		r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.site+link.Hook("generic", "nagios"), strings.NewReader(body))
		if err != nil {
			b.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			b.t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusAccepted {
			b.t.Fatalf("answered %d", answer.StatusCode)
		}
		if err := a.words.intake.Drain(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	send(body)
	b.open(link.Source(1))
	b.reads("[data-test=deliveries]", "done", "INC-1", "opened")
	b.reads("[data-test=unmapped]", "shop")
	b.choose("#service-0", "checkout")
	b.press("[data-test=unmapped] form button")
	b.reads("main", "It means that service from now on")
	if err := a.words.intake.Drain(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.open(link.Incident(1))
	b.reads("main", "Vouchers are refused", "checkout", "the source generic/nagios")

	// What could not be read says why, as it came, and can be processed again.
	send(`{"alert":{"name":"Nameless"}}`)
	b.open(link.Source(1))
	b.reads("h1", "1 delivery could not be read")
	b.press("[data-test=deliveries] li a.t")
	b.reads("[data-test=became]", "failed", "/alert/id")
	b.reads("[data-test=body]", "Nameless")
	b.press("main .head form button")
	b.reads("main", "It is processed again in a moment", "waiting")
}
