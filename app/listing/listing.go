// Package listing is how every list is asked for and answered: a page at a time, by key.
package listing

// The limits of a list.
const (
	DefaultLimit = 50
	MaxLimit     = 500
	// CountedUpTo is how far totals are counted; above it a total is an estimate.
	CountedUpTo = 10_000
)

// Request asks for one page. The zero value asks for the first page of default size.
type Request struct {
	Limit  int    // 0 is DefaultLimit; more than MaxLimit is MaxLimit
	Cursor string // what the page before gave as Next, or Prev for going back; empty for the first
}

// Size is the limit, within its bounds.
func (r Request) Size() int {
	switch {
	case r.Limit <= 0:
		return DefaultLimit
	case r.Limit > MaxLimit:
		return MaxLimit
	}
	return r.Limit
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the page after, empty on the last
	Prev  string // cursor of the page before, empty on the first
	Total int
	// Estimated is true when Total is above CountedUpTo and therefore not exact.
	Estimated bool
}
