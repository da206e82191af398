package account

import "context"

// actorKey is where the context keeps who does this.
type actorKey struct{}

// WithActor says in ctx who does what the context is for. Pages put the signed-in
// person there, and the JSON API the owner of the token; the words themselves are handed
// the actor and never look here.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom is the actor WithActor put into ctx; the zero Actor, who may do nothing, when
// there is none.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}
