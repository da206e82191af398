// Package audit is the one append-only record of what happened to what, by whom. Timelines and the audit log are views of it.
package audit

import (
	"context"
	"encoding/json"
	"time"

	"upshot/app/account"
)

// SubjectKind is the word a change is about.
type SubjectKind string

// The subjects.
const (
	Incident   SubjectKind = "incident"
	Problem    SubjectKind = "problem"
	Note       SubjectKind = "note"
	FollowUp   SubjectKind = "followup"
	Deployment SubjectKind = "deployment"
	Service    SubjectKind = "service"
	Team       SubjectKind = "team"
	User       SubjectKind = "user"
	Token      SubjectKind = "token"
	Settings   SubjectKind = "settings"
)

// Event is one change. It is written in the same transaction as the change itself and never altered.
type Event struct {
	ID        int64
	At        time.Time
	Actor     account.Actor
	Subject   SubjectKind
	SubjectID int64
	// Action is a verb in the past tense as timelines print it: "reported", "moment corrected", "queued".
	Action string
	// Incident, Problem and FollowUp name on whose timelines the event also appears; 0 is none.
	Incident, Problem, FollowUp int64
	// Before and After hold the changed fields alone, by their API names; nil when there is nothing to tell.
	Before, After json.RawMessage
	// Reason is what the person gave, for corrections and decisions.
	Reason string
	// RequestID ties the event to the log; Origin is where it came from: page, api, job, command or import.
	RequestID, Origin string
}

// Log appends events; store does, inside the open transaction.
type Log interface {
	Append(ctx context.Context, e Event) error
}

// Fields turns the changed fields into what Before and After hold.
func Fields(changed map[string]any) json.RawMessage {
	if len(changed) == 0 {
		return nil
	}
	b, err := json.Marshal(changed)
	if err != nil { // only our own plain values come here
		panic(err)
	}
	return b
}

type originKey struct{}

type origin struct{ requestID, from string }

// WithOrigin returns a context whose events carry that request id and origin.
func WithOrigin(ctx context.Context, requestID, from string) context.Context {
	return context.WithValue(ctx, originKey{}, origin{requestID, from})
}

// OriginOf gives what WithOrigin put in, or two empty strings.
func OriginOf(ctx context.Context) (requestID, from string) {
	o, _ := ctx.Value(originKey{}).(origin)
	return o.requestID, o.from
}

// Diff gives the fields that changed, as Before and After want them; both nil when nothing did.
// Values are compared by their JSON.
func Diff(before, after map[string]any) (json.RawMessage, json.RawMessage) {
	was, is := map[string]any{}, map[string]any{}
	for name, value := range after {
		a, b := Fields(map[string]any{name: before[name]}), Fields(map[string]any{name: value})
		if string(a) != string(b) {
			was[name], is[name] = before[name], value
		}
	}
	return Fields(was), Fields(is)
}

// Moment is how moments stand in Before and After: RFC 3339 in UTC, or nil when unknown.
func Moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Filter chooses events; exactly the non-zero fields narrow.
type Filter struct {
	Incident, Problem, FollowUp int64       // whose timeline
	Subject                     SubjectKind // with SubjectID: about one thing
	SubjectID                   int64
}
