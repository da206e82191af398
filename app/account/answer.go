package account

import (
	"strconv"
	"time"
)

// Answer is what a sender's first request with an Idempotency-Key was answered. The same key and request gets it
// again, so that a program may repeat what it is not sure about.
type Answer struct {
	Actor   string // whose key it is: one sender's keys never meet another's
	Key     string
	Request string // a hash of method, address and body
	Status  int
	Headers string // as JSON
	Body    []byte
	At      time.Time
}

// AnswersKept is how long an answer is given again.
const AnswersKept = 24 * time.Hour

// KeyOwner is the actor as the owner of Idempotency-Keys.
func (a Actor) KeyOwner() string { return string(a.Kind) + ":" + strconv.FormatInt(a.ID, 10) }
