package app

import (
	"testing"
	"time"

	"upshot/views/link"
)

// Somebody asks what is behind a figure, opens an incident, and comes back to the rows and to the figure.
func TestFromAFigureToAnIncidentAndBack(t *testing.T) {
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
			b.signIn()
			b.open(link.Progress)
			b.reads("h1", "Nothing happened in this time")
			ref := b.report("Checkout is slow", "SEV2")
			now.pass(time.Hour)
			b.open(link.Progress)
			b.reads("[data-test=recurrence]", "0 of 1 occurrences")
			b.reads("[data-test=developer-notification]", "1 never")
			b.press("[data-test=developer-notification] .out a")
			b.reads("h1", "Detection to developers told")
			row := "[data-test=rows] [data-incident=" + ref + "]"
			b.reads(row, "Checkout is slow", "never told")
			b.press(row + " a")
			b.reads("h1", "Checkout is slow")
			b.back()
			b.reads(row, ref)
			b.open(link.ProgressRows + "?of=developer_notification") // a page that was kept loads nothing when it is left
			b.press(".crumb a")
			b.reads("[data-test=developer-notification]", "1 never")
		})
	}
}
