package store

import (
	"context"
	"sync/atomic"
)

type countKey struct{}

// CountStatements gives a context whose statements are counted in n: lists may ask a fixed number, however long they are.
func CountStatements(ctx context.Context, n *atomic.Int64) context.Context {
	return context.WithValue(ctx, countKey{}, n)
}

func countStatement(ctx context.Context) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
