package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/integrations/mail/mailtest"
	"upshot/internal/testneed"
	"upshot/store/storetest"
	"upshot/views/link"
)

// Every state a notice can show, on the pages that show it.
func TestThePagesOfNoticesCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	axe := axeUnlessPictures(t)
	testneed.Chromium(t)
	n := startNoticed(t, storetest.File(t))
	addPerson(t, n.App)
	chat := httptest.NewServer(http.NotFoundHandler())
	defer chat.Close()
	b := openBrowser(t, serve(t, n.App))
	b.signIn()

	told := n.happens(func(i *incident.Incident) { i.Moments.DetectedAt = n.clock.Now().Add(-10 * time.Hour) })
	n.run()
	_, err := n.words.catalog.EditTeam(t.Context(), syncActor, "booking", 0, func(team *catalog.Team) (err error) {
		team.Chat, err = n.words.catalog.Chat(team.Chat, catalog.Slack, chat.URL+"/services/T0/B0/secret")
		return err
	})
	n.must(err)
	n.post.Set(func(m *mailtest.Moods) {
		m.Refuse = map[string]*smtp.SMTPError{"booking@example.test": {Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "The address you sent to was not found on this server, or may not be written to by you"}}
	})
	refused := n.happens(nil)
	n.run()
	n.post.Set(func(m *mailtest.Moods) { m.Refuse, m.DropBefore = nil, true })
	waits := n.happens(func(i *incident.Incident) {
		i.Title = "Labels print the sender twice and nobody can say since when it does so"
	})
	n.run()
	n.clock.Add(2 * time.Hour)
	silent := n.happens(func(i *incident.Incident) { i.Services, i.Moments.DetectedAt = nil, n.clock.Now().Add(-90*time.Minute) })
	for _, page := range []struct{ name, address string }{
		{"notice-told", link.Incident(int64(told.ID))},
		{"notice-refused", link.Incident(int64(refused.ID))},
		{"notice-waits", link.Incident(int64(waits.ID))},
		{"notice-silent", link.Incident(int64(silent.ID))},
		{"notice-dashboard", link.Home},
		{"notice-team", link.Team("booking")},
		{"notice-team-edit", link.EditTeam("booking")},
		{"notice-mail", link.Mail},
	} {
		b.open(page.address)
		lookAtPage(b, axe, page.name)
	}
}
