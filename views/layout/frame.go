// Package layout is what surrounds every page: navigation, messages, footer, and the page for trouble.
package layout

import (
	"strings"

	"upshot/views/link"
)

// Frame is what the surroundings of a page need to know.
type Frame struct {
	Title  string // of the browser's tab, without the product's name
	Here   string // the address of the page or of its section, as in package link
	Viewer Viewer // the zero value is a stranger
	Demo   bool   // says on every page that nothing here is real
	Zone   string // what the page's times are in, such as "Europe/Lisbon (UTC+0)"
	Query  string // what was searched for, kept in the search field
	Flash  *Flash // what the last action did
}

// Viewer is who reads the page.
type Viewer struct {
	Name    string
	Role    string
	CanEdit bool // sees the buttons that change something
	IsAdmin bool // sees the settings
}

// Known tells whether somebody is signed in.
func (v Viewer) Known() bool { return v.Name != "" }

// Tone says how a message is meant.
type Tone string

// The tones of messages; the zero value is neutral.
const (
	OK   Tone = "ok"
	Warn Tone = "warn"
	Bad  Tone = "bad"
)

// Flash is one message about what just happened, and what to do next.
type Flash struct {
	Tone     Tone
	Text     string
	Link     string // an address, when there is something to do next
	LinkText string
}

// Trouble is what the page for trouble says: calmly, what happened and what to do.
type Trouble struct {
	Title     string // "There is no such incident."
	Advice    string // what to do now
	RequestID string // for whoever looks into the log
	Link      string // where to go on; empty leads to the start
	LinkText  string
}

type place struct{ name, address string }

// places lists the navigation; the settings are an administrator's.
func places(v Viewer) []place {
	all := []place{
		{"Now", link.Home},
		{"Inbox", link.Inbox},
		{"Queue", link.Queue},
		{"Incidents", link.Incidents},
		{"Problems", link.Problems},
		{"Follow-ups", link.FollowUps},
		{"Services", link.Services},
		{"Teams", link.Teams},
		{"Deployments", link.Deployments},
		{"Progress", link.Progress},
		{"Digest", link.Digest},
	}
	if v.IsAdmin {
		all = append(all, place{"Settings", link.Settings})
	}
	return all
}

// current is the word for aria-current: the page itself, a page below it, or neither.
func (p place) current(here string) string {
	switch {
	case here == p.address:
		return "page"
	case p.address != link.Home && strings.HasPrefix(here, p.address+"/"):
		return "true"
	}
	return ""
}

func (f Frame) title() string {
	if f.Title == "" {
		return "Upshot"
	}
	return f.Title + " · Upshot"
}

// htmxConfig keeps htmx inside the strict Content-Security-Policy, and shows forms that came back with what is wrong.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422|409|503","swap":true},{"code":"[45]..","swap":false,"error":true}]}`

func (t Tone) icon() string {
	switch t {
	case OK:
		return "#i-done"
	case Warn, Bad:
		return "#i-warn"
	}
	return "#i-dot"
}
