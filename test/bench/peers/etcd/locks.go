package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/client/v3/concurrency"
)

const leaseSeconds = 60

// Each client, in a session of its own, takes a lock and gives it back: one of its own, or with
// o.locks one of those that all share. "lock" is of both calls together, "hand_over" from the call
// that gives a lock back to the return of the call that waited for it.
func lock(ctx context.Context, o options) (report, error) {
	connections, err := connect(&o)
	if err != nil {
		return report{}, err
	}
	names := o.locks
	if names == 0 {
		names = o.clients
	}
	mutexes := make([]*concurrency.Mutex, o.clients)
	for i := range mutexes {
		session, err := concurrency.NewSession(connections[i%len(connections)], concurrency.WithTTL(leaseSeconds))
		if err != nil {
			return report{}, err
		}
		mutexes[i] = concurrency.NewMutex(session, fmt.Sprintf("lock/%06d", i%names))
	}
	releases := newReleases(names)
	result := closedLoop(ctx, o, "lock", func(ctx context.Context, client int) error {
		name := client % names
		asked := time.Now()
		if err := mutexes[client].Lock(ctx); err != nil {
			return err
		}
		releases.taken(name, asked)
		releases.given(name)
		return mutexes[client].Unlock(ctx)
	})
	if handOvers := releases.samples; len(handOvers) > 0 {
		result.Latency["hand_over"] = newLatency(handOvers)
	}
	return result, nil
}

// When each lock was given back last.
type releases struct {
	guard   sync.Mutex
	at      []time.Time
	samples []time.Duration
}

func newReleases(names int) *releases { return &releases{at: make([]time.Time, names)} }

func (r *releases) given(name int) {
	r.guard.Lock()
	defer r.guard.Unlock()
	r.at[name] = time.Now()
}

// Whoever asked before the lock was given back has waited for it.
func (r *releases) taken(name int, asked time.Time) {
	r.guard.Lock()
	defer r.guard.Unlock()
	if asked.Before(r.at[name]) {
		r.samples = append(r.samples, time.Since(r.at[name]))
	}
}
