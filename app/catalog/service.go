package catalog

import (
	"strings"
	"time"

	"upshot/app/fault"
)

// ServiceID identifies a service; addresses use the slug.
type ServiceID int64

// Service is what users rely on. Builder and OnCall may be unknown: nobody recorded.
type Service struct {
	ID         ServiceID
	Slug, Name string
	Summary    string
	Builder    TeamID // who builds it; 0 unknown
	OnCall     TeamID // who answers at 2 a.m.; 0 unknown
	CreatedAt  time.Time
	RetiredAt  time.Time
	Version    int64
}

// Check says what is wrong with the service.
func (s Service) Check() error {
	var c fault.Check
	c.That(strings.TrimSpace(s.Name) != "", "name", "A service needs a name.")
	c.That(len(s.Name) <= 200, "name", "At most 200 characters.")
	checkSlug(&c, s.Slug)
	return c.Err()
}

// Answer is the reply to "who is responsible at 2 a.m.?".
type Answer string

// The three answers.
const (
	BuildsIt    Answer = "builds it"
	DidNotBuild Answer = "did not build it"
	NobodyKnown Answer = "nobody recorded"
)

// AtTwoAM tells whether whoever answers at night built the service.
func (s Service) AtTwoAM() Answer {
	switch s.OnCall {
	case 0:
		return NobodyKnown
	case s.Builder:
		return BuildsIt
	}
	return DidNotBuild
}

// Filter narrows the list of services.
type Filter struct {
	Team    string // slug of the building team or of the one that answers at night
	Retired bool   // show retired ones too
	Query   string // part of the name or slug
}
