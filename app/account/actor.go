// Package account knows who does something: people, tokens, jobs and sources, their roles and how they prove who they are.
package account

// ActorKind says what sort of somebody an actor is. It is never "system".
type ActorKind string

// The kinds of actors.
const (
	Person  ActorKind = "person"
	Machine ActorKind = "token"  // a program with an API token
	Job     ActorKind = "job"    // work that no request waits for
	Source  ActorKind = "source" // an incident source, or an import file
	Command ActorKind = "command"
)

// Actor is who does something (every write has one) or who asks (every read has one).
// The zero Actor is a stranger and may do nothing.
type Actor struct {
	Kind ActorKind
	ID   int64  // of the user or token; 0 for jobs, sources and commands
	Name string // as shown on timelines
	Role Role
}

// Known tells whether this is somebody at all.
func (a Actor) Known() bool { return a.Kind != "" }

// AsJob is the actor of a background job, by the job's name.
func AsJob(name string) Actor { return Actor{Kind: Job, Name: name, Role: Admin} }

// AsCommand is the actor of a command line run, by the command's name.
func AsCommand(name string) Actor { return Actor{Kind: Command, Name: name, Role: Admin} }
