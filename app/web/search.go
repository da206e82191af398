package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/problems"
	"upshot/views/search"
	"upshot/views/ui"
)

// found is how many rows of each list a search shows.
const found = 10

// search leads a reference to its page, and looks for words in incidents, problems and follow-ups.
func (w *Web) search(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	p := search.Page{Query: strings.TrimSpace(answer(c, "q"))}
	if address := link.Ref(p.Query); address != "" {
		return seeOther(c, address)
	}
	frame := w.frame(c, "Search", link.Search)
	frame.Query = p.Query
	if p.Query == "" {
		return render(c, http.StatusOK, search.Show(frame, p))
	}
	few := listing.Request{Limit: found}
	happened, err := w.Store.Incidents(ctx, viewer, incident.Filter{Query: p.Query}, few)
	if err != nil {
		return err
	}
	recurring, err := w.Store.Problems(ctx, viewer, problem.Filter{Query: p.Query}, few)
	if err != nil {
		return err
	}
	promised, err := w.Store.FollowUps(ctx, viewer, followup.Filter{Query: p.Query}, few)
	if err != nil {
		return err
	}
	p.Totals = [3]int{happened.Total, recurring.Total, promised.Total}
	for _, i := range happened.Items {
		p.Incidents = append(p.Incidents, incidents.NewRow(i, w.clock(c)))
	}
	for _, one := range recurring.Items {
		p.Problems = append(p.Problems, problems.NewRow(one, w.clock(c)))
	}
	for _, f := range promised.Items {
		p.FollowUps = append(p.FollowUps, search.FollowUp{
			Ref: f.ID.String(), Link: link.FollowUp(int64(f.ID)), Title: f.Title, About: followups.KindWords(f.Kind) + ", " + string(f.Purpose),
			State: ui.FollowUpState(string(f.State)),
		})
	}
	return render(c, http.StatusOK, search.Show(frame, p))
}
