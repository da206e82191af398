package store

import (
	"context"

	"upshot/app/account"
	"upshot/app/followup"
)

// FollowUpServices gives the service that each follow-up is about, by its slug: its problem's, else that of the first
// incident it answers. Those about none are left out.
func (s *Store) FollowUpServices(ctx context.Context, viewer account.Actor, ids []followup.ID) (map[followup.ID]string, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID   followup.ID
		Slug string
	}
	err := s.db(ctx).Raw(`SELECT f.id, v.slug FROM followups f LEFT JOIN problems p ON p.id = f.problem_id
		JOIN services v ON v.id = COALESCE(p.service_id, (
			SELECT i.service_id FROM followup_incidents fi JOIN incident_services i ON i.incident_id = fi.incident_id
			WHERE fi.followup_id = f.id ORDER BY fi.incident_id, i.service_id LIMIT 1))
		WHERE f.id IN ?`, ids).Scan(&rows).Error
	if err != nil {
		return nil, explain(err, "follow-up")
	}
	services := make(map[followup.ID]string, len(rows))
	for _, r := range rows {
		services[r.ID] = r.Slug
	}
	return services, nil
}
