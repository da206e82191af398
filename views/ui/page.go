package ui

import (
	"maps"
	"net/url"

	"github.com/a-h/templ"

	"upshot/app/listing"
	"upshot/views/link"
)

// Heading begins a page. On pages with figures the title is the finding, in a sentence.
type Heading struct {
	Crumb     string // the list it belongs to, or what stands above the title
	CrumbLink string
	Ref       string // "INC-42", behind the crumb
	Title     string
	Lede      string
	Facts     templ.Component // badges and words under the title, instead of a lede
}

// Pager leads through a list by keys: there are no page numbers, only newer and older.
type Pager struct {
	Shown    int    // rows on this page
	Total    int    // rows in all
	Estimate bool   // the total is an estimate
	Newer    string // addresses; empty at either end
	Older    string
}

func (p Pager) text() string {
	total := Thousands(p.Total)
	if p.Estimate {
		total = "about " + total
	}
	return Thousands(p.Shown) + " of " + total
}

// PagerOf leads through the pages of a list at that address; the query is kept.
func PagerOf[T any](page listing.Page[T], address string, query url.Values) Pager {
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		with := maps.Clone(query)
		if with == nil {
			with = url.Values{}
		}
		with.Set("cursor", cursor)
		return link.WithQuery(address, with)
	}
	return Pager{Shown: len(page.Items), Total: page.Total, Estimate: page.Estimated, Newer: at(page.Prev), Older: at(page.Next)}
}

// Window is one choice among a few that exclude each other, such as 30, 90 or 180 days.
type Window struct {
	Text    string
	Link    string
	Current bool
}

// Tone colours a figure; the zero value is ink.
type Tone string

// The tones of figures, by what they mean.
const (
	Hurt Tone = "hurt" // users were hurt
	Good Tone = "good"
	Late Tone = "late"
)

// BigFigure is one number of several in a row.
type BigFigure struct {
	Value, Caption string
	Tone           Tone
}
