// Package generic reads JSON of a shape of its own, by the JSON pointers (RFC 6901) of a source's mapping:
// https://www.rfc-editor.org/rfc/rfc6901
//
// Whoever can choose what they send needs no mapping: key (or id), title, summary, status, severity, service, started_at, resolved_at, url, labels.
package generic

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

// Maker is anybody.
var Maker = intake.Maker{
	Kind:         intake.Generic,
	Name:         "Generic JSON",
	Delivery:     func(h intake.Headers, _ []byte) string { return h.Get("Idempotency-Key") },
	DeliveryAt:   delivery,
	Read:         read,
	ServiceFrom:  []string{"service"},
	SeverityFrom: []string{"severity"},
	Headers:      []string{"idempotency-key"},
	Example: `{"key": "checkout-latency", "title": "Checkout answers slowly", "status": "firing", "severity": "SEV2", "service": "checkout",
  "started_at": "2026-03-02T09:40:00Z", "url": "https://monitoring.example.com/alerts/7", "labels": {"region": "eu"}}`,
	SetUp: "Send each event as JSON by `POST` to this address, with the secret as bearer token (`Authorization: Bearer …`). Below, say by JSON pointers where your " +
		"body holds what; leave all of them empty to send the fields of the example.",
}

// usual are the pointers when none is given.
var usual = intake.Pointers{
	Key: "/key", Title: "/title", Summary: "/summary", Status: "/status", Severity: "/severity", Service: "/service",
	StartedAt: "/started_at", ResolvedAt: "/resolved_at", URL: "/url", Labels: "/labels",
}

// otherKey is where many have their key, when there is none where it usually is.
const otherKey = "/id"

const ignored = "ignored"

// words are what usual words for a status mean.
var words = map[string]string{
	"firing": "fired", "fired": "fired", "fire": "fired", "open": "fired", "opened": "fired", "new": "fired", "active": "fired", "triggered": "fired", "trigger": "fired",
	"alerting": "fired", "alert": "fired", "alarm": "fired", "down": "fired", "problem": "fired", "critical": "fired", "failing": "fired", "investigating": "fired",
	"identified": "fired", "reopened": "fired", "started": "fired",
	"acknowledged": "acknowledged", "acknowledge": "acknowledged", "acked": "acknowledged", "ack": "acknowledged",
	"mitigated": "mitigated", "monitoring": "mitigated",
	"resolved": "resolved", "resolve": "resolved", "ok": "resolved", "up": "resolved", "closed": "resolved", "close": "resolved", "recovered": "resolved",
	"recovery": "resolved", "normal": "resolved", "fixed": "resolved", "done": "resolved", "completed": "resolved", "inactive": "resolved",
	ignored: ignored,
}

// delivery gives the sender's own name for a delivery.
func delivery(body []byte, p intake.Pointers) string {
	if p.Delivery == "" {
		return ""
	}
	path, err := steps(p.Delivery)
	if err != nil {
		return ""
	}
	return hook.Value(body).At(path...).Text()
}

func read(_ intake.Headers, raw []byte, m intake.Mapping) (intake.Parcel, error) {
	body, err := hook.Parse(raw)
	if err != nil {
		return intake.Parcel{}, err
	}
	p := m.Pointers
	if none(p) {
		p = usual
		p.Statuses, p.Events = m.Pointers.Statuses, m.Pointers.Events
	}
	events := body
	if p.Events != "" {
		path, err := steps(p.Events)
		if err != nil {
			return intake.Parcel{}, err
		}
		if events = body.At(path...); !events.IsList() {
			return intake.Parcel{}, fault.New(fault.Invalid, "Pointer %s leads to no list in this body.", p.Events)
		}
	}
	var parcel intake.Parcel
	if !events.IsList() {
		if err := add(&parcel, body, p); err != nil {
			return intake.Parcel{}, err
		}
	}
	n := 0
	for one := range events.Elements() {
		if n++; n > hook.Most {
			return intake.Parcel{}, fault.New(fault.Invalid, "This body holds more than %d events.", hook.Most)
		}
		if err := add(&parcel, one, p); err != nil {
			return intake.Parcel{}, fault.New(fault.Invalid, "Event %d: %v", n, err)
		}
	}
	if len(parcel.Signals) == 0 {
		parcel.Ignored = "It holds no event that is to be kept: the status says that it is to be ignored, or the list is empty."
	}
	return parcel, nil
}

// none tells whether no pointer into an event is given.
func none(p intake.Pointers) bool {
	return p.Key+p.Group+p.Title+p.Summary+p.URL+p.Status+p.Severity+p.Service+p.StartedAt+p.ResolvedAt+p.Labels == ""
}

// steps takes a pointer apart: /a/b~1c leads to "a", then to "b/c".
func steps(pointer string) ([]string, error) {
	rest, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil, fault.New(fault.Invalid, "The pointer %q must begin with /, such as /alert/id.", hook.Cut(pointer, 200))
	}
	path := strings.Split(rest, "/")
	for n := range path {
		path[n] = strings.ReplaceAll(strings.ReplaceAll(path[n], "~1", "/"), "~0", "~")
	}
	return path, nil
}

// reader looks up pointers in one event and keeps the first error.
type reader struct {
	event hook.Value
	err   error
}

func (r *reader) at(pointer string) hook.Value {
	if pointer == "" || r.err != nil {
		return nil
	}
	path, err := steps(pointer)
	if err != nil {
		r.err = err
		return nil
	}
	return r.event.At(path...)
}

// text gives a text; a list or an object is a mistake.
func (r *reader) text(pointer string) string {
	v := r.at(pointer)
	if (v.IsList() || v.IsObject()) && r.err == nil {
		r.err = fault.New(fault.Invalid, "Pointer %s leads to no text in this body.", pointer)
	}
	return v.Text()
}

// needed gives a text that must be there.
func (r *reader) needed(what, pointer string) string {
	s := r.text(pointer)
	switch {
	case r.err != nil || s != "":
	case pointer == "":
		r.err = fault.New(fault.Invalid, "Point to the %s of an event: no pointer says where it is.", what)
	default:
		r.err = fault.New(fault.Invalid, "Pointer %s leads to nothing in this body.", pointer)
	}
	return s
}

func (r *reader) moment(pointer string) time.Time {
	s := r.text(pointer)
	at, known := hook.ParseMoment(s)
	if s != "" && !known && r.err == nil {
		r.err = fault.New(fault.Invalid, "Pointer %s leads to %q, which is no moment with an offset, such as 2026-03-02T09:40:00Z, or a number since 1970.", pointer, hook.Cut(s, 100))
	}
	return at
}

// texts gives a text, or those of a list.
func (r *reader) texts(pointer string) []string {
	v := r.at(pointer)
	if !v.IsList() {
		return hook.Distinct(r.text(pointer))
	}
	var all []string
	for one := range v.Elements() {
		if hook.Full(all) {
			break
		}
		all = hook.Including(all, one.Text())
	}
	return all
}

func add(parcel *intake.Parcel, event hook.Value, p intake.Pointers) error {
	r := &reader{event: event}
	if p.Key == usual.Key && r.at(p.Key) == nil && r.at(otherKey) != nil {
		p.Key = otherKey
	}
	status, err := r.status(p)
	if err != nil || status == ignored {
		return err
	}
	s := intake.Signal{
		Key: r.needed("key", p.Key), Group: r.text(p.Group),
		Look: intake.Look{
			Title: hook.Cut(r.needed("title", p.Title), hook.MostTitle), Summary: hook.Cut(r.text(p.Summary), hook.MostSummary),
			URL: hook.Address(hook.Text(r.text(p.URL))), Services: r.texts(p.Service), Severity: hook.Cut(r.text(p.Severity), 200), Labels: r.labels(p.Labels),
		},
	}
	s.Marks = marks(status, r.moment(p.StartedAt), r.moment(p.ResolvedAt))
	if r.err != nil {
		return r.err
	}
	s.At = hook.Latest(s.Marks)
	for _, mark := range s.Marks {
		if mark.At.IsZero() { // it happened now, so this is how it looks now
			s.At = time.Time{}
		}
	}
	parcel.Signals = append(parcel.Signals, s)
	return nil
}

// status gives what the status of an event means; empty: it has none.
func (r *reader) status(p intake.Pointers) (string, error) {
	word := strings.ToLower(r.text(p.Status))
	means := cmp.Or(strings.ToLower(p.Statuses[word]), words[word])
	switch means {
	case "fired", "acknowledged", "mitigated", "resolved", ignored:
		return means, r.err
	case "":
		if word == "" {
			return "", r.err
		}
		return "", fault.New(fault.Invalid, "The status is %q, and the mapping does not say what this means: fired, acknowledged, mitigated, resolved or ignored.", hook.Cut(word, 100))
	}
	return "", fault.New(fault.Invalid, "The mapping says that the status %q means %q; it can mean fired, acknowledged, mitigated, resolved or ignored.", hook.Cut(word, 100), hook.Cut(means, 100))
}

func (r *reader) labels(pointer string) map[string]string {
	v := r.at(pointer)
	if v == nil {
		return nil
	}
	var all hook.Labels
	if err := json.Unmarshal(v, &all); err != nil && r.err == nil {
		r.err = err
	}
	labels := hook.Set{}
	labels.AddAll(all)
	return labels
}

// marks tells what happened when. A status without a moment of its own is as of the receipt.
func marks(status string, started, resolved time.Time) []intake.Mark {
	var all []intake.Mark
	if !started.IsZero() || status == "fired" || (status == "" && resolved.IsZero()) {
		all = append(all, intake.Mark{Kind: intake.Fired, At: started})
	}
	switch {
	case status == "acknowledged":
		all = append(all, intake.Mark{Kind: intake.Acknowledged})
	case status == "mitigated":
		all = append(all, intake.Mark{Kind: intake.Mitigated})
	case status == "resolved", status == "" && !resolved.IsZero():
		all = append(all, intake.Mark{Kind: intake.Resolved, At: resolved})
	}
	return all
}
