package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"upshot/app/deployment"
	"upshot/app/incident"
)

// DeliveryID identifies a delivery.
type DeliveryID int64

// State is how far a delivery is.
type State string

// The states. Unmapped ones wait for an administrator to say which service a name means; failed ones could not be read.
const (
	Waiting  State = "waiting"
	Done     State = "done"
	Ignored  State = "ignored"
	Failed   State = "failed"
	Unmapped State = "unmapped"
)

// States lists them for filters.
var States = []State{Waiting, Done, Ignored, Failed, Unmapped}

// Delivery is what a sender sent, as it came.
type Delivery struct {
	ID         DeliveryID
	Source     SourceID
	Name       string // tells it from others of its source; empty: nothing does
	ReceivedAt time.Time
	Headers    Headers
	Body       []byte
	Size       int // of the body, in bytes
	Times      int // how often it came; 1: once
	LastAt     time.Time
	State      State
	Became     []Became
	Words      string // what became of it, or why nothing did
	Attempts   int
	NextAt     time.Time // waiting: not before
	DoneAt     time.Time
}

// Became is one thing that a delivery changed.
type Became struct {
	Incident   incident.ID   `json:"incident,omitempty"`
	Deployment deployment.ID `json:"deployment,omitempty"`
	Did        string        `json:"did"` // a verb in the past tense: "opened", "resolved"
}

// mostHeader is how much of a header is kept.
const mostHeader = 1_000

// NewDelivery is what is kept of a request before it is answered. Deliveries of the same name are one: the sender's own name for it, else, where the body
// holds its own moments, its bytes.
func NewDelivery(s Source, m Maker, h Headers, body []byte, now time.Time) Delivery {
	d := Delivery{Source: s.ID, ReceivedAt: now, LastAt: now, NextAt: now, Headers: Headers{}, Body: body, Size: len(body), Times: 1, State: Waiting}
	for _, name := range append([]string{"content-type"}, m.Headers...) {
		if value := h.Get(name); value != "" {
			d.Headers[name] = value[:min(len(value), mostHeader)]
		}
	}
	if m.Delivery != nil {
		d.Name = m.Delivery(h, body)
	}
	if m.DeliveryAt != nil {
		d.Name = cmp.Or(d.Name, m.DeliveryAt(body, s.Mapping.Pointers))
	}
	switch {
	case d.Name != "":
		d.Name = shortened("id:" + clean(d.Name))
	case m.Moments:
		sum := sha256.Sum256(body)
		d.Name = "sha256:" + hex.EncodeToString(sum[:])
	}
	return d
}

// Filter narrows the list of a source's deliveries.
type Filter struct {
	Source SourceID
	State  State // empty: all
}
