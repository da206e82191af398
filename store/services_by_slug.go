package store

import (
	"context"

	"gorm.io/gorm"

	"upshot/app/account"
	"upshot/app/catalog"
)

// ServicesBySlug gives the services with these slugs, retired ones too, by name; those that nobody knows are left out.
func (s *Store) ServicesBySlug(ctx context.Context, viewer account.Actor, slugs []string) ([]catalog.Service, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	if len(slugs) == 0 {
		return nil, nil
	}
	rows, err := gorm.G[serviceRow](s.db(ctx)).Where("slug IN ?", slugs).Order("name, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "service")
	}
	return servicesOf(rows), nil
}
