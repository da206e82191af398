package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/dispatch"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/notice"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/settings"
)

// noticeStore is what the pages read of notices.
type noticeStore interface {
	NoticesOf(ctx context.Context, ids []incident.ID) (map[incident.ID][]notice.Notice, error)
	NoticeHealth(ctx context.Context, now time.Time) (notice.Health, error)
}

// tellBuilders has the developers told of an incident.
func (w *Web) tellBuilders(c echo.Context) error {
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	back := link.Incident(int64(id))
	if answer(c, "back") == "now" {
		back = link.Home
	}
	if err := w.Notices.Press(c.Request().Context(), actorOf(c), id); err != nil {
		return w.refused(c, err, back)
	}
	w.flash(c, layout.OK, id.String()+": the notice is under way.")
	return seeOther(c, back)
}

// noticeAgain tries a notice again.
func (w *Web) noticeAgain(c echo.Context) error {
	id, err := numberIn(c, "notice")
	if err != nil {
		return err
	}
	n, err := w.Notices.Again(c.Request().Context(), actorOf(c), notice.ID(id))
	back := link.Incident(int64(n.Incident))
	if answer(c, "back") == "mail" {
		back = link.Mail
	}
	if err != nil {
		return w.refused(c, err, back)
	}
	w.flash(c, layout.OK, "It is sent again.")
	return seeOther(c, back)
}

// sendingTime bounds a test that somebody waits for: the answer has its own deadline.
const sendingTime = 15 * time.Second

// testTeam sends a test to every address of a team.
func (w *Web) testTeam(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), sendingTime)
	defer cancel()
	t, err := w.Store.Team(ctx, actorOf(c), c.Param("slug"))
	if err != nil {
		return err
	}
	outcomes, err := w.Notices.Test(ctx, actorOf(c), t)
	if err != nil {
		return err
	}
	var wrong []string
	for channel, err := range outcomes {
		if err != nil {
			wrong = append(wrong, settings.ChannelName(channel)+" said “"+strings.TrimSuffix(dispatch.TroubleOf(err).Error(), ".")+"”")
		}
	}
	slices.Sort(wrong)
	switch {
	case len(outcomes) == 0:
		w.flash(c, layout.Bad, "There is nowhere to send a test: the team has no chat, and no mail address that mail could be sent to.")
	case len(wrong) > 0:
		w.flash(c, layout.Bad, "The test did not arrive everywhere: "+strings.Join(wrong, "; ")+".")
	default:
		w.flash(c, layout.OK, "The test was accepted everywhere.")
	}
	return seeOther(c, link.Team(t.Slug))
}

func (w *Web) showMail(c echo.Context) error {
	h, err := w.Store.NoticeHealth(c.Request().Context(), w.Now())
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	p := settings.NewMailPage(w.Mail, h, teams, userOf(c).Email, w.clock(c))
	return render(c, http.StatusOK, settings.MailHealth(w.frame(c, "Mail", link.Mail), p))
}

// testMail sends a test letter to whoever asks.
func (w *Web) testMail(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), sendingTime)
	defer cancel()
	to := userOf(c).Email
	if to == "" {
		w.flash(c, layout.Bad, "Your profile has no mail address.")
		return seeOther(c, link.Mail)
	}
	err := w.Notices.TestLetter(ctx, actorOf(c), to)
	if fault.Of(err) != nil {
		return err
	}
	if err != nil {
		w.flash(c, layout.Bad, "The test letter was not accepted: “"+strings.TrimSuffix(dispatch.TroubleOf(err).Error(), ".")+"”.")
	} else {
		w.flash(c, layout.OK, "The server accepted a test letter to "+to+".")
	}
	return seeOther(c, link.Mail)
}
