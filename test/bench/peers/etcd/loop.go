package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Each client does its work again and again, the next one when the last one is done, until the time
// is over or o.total is done. The latency is under `name`.
func closedLoop(ctx context.Context, o options, name string,
	work func(ctx context.Context, client int) error) report {
	start := time.Now()
	end := start.Add(o.duration)
	var begun atomic.Int64
	samples := make([][]time.Duration, o.clients)
	errors := make([]int, o.clients)
	var clients sync.WaitGroup
	for client := range o.clients {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for ctx.Err() == nil {
				before := time.Now()
				if !before.Before(end) || (o.total > 0 && begun.Add(1) > int64(o.total)) {
					return
				}
				err := work(ctx, client)
				after := time.Now()
				if err != nil {
					errors[client]++
				} else if !after.After(end) {
					samples[client] = append(samples[client], after.Sub(before))
				}
			}
		}()
	}
	clients.Wait()
	elapsed := min(time.Since(start), o.duration)
	var all []time.Duration
	failed := 0
	for client := range o.clients {
		all = append(all, samples[client]...)
		failed += errors[client]
	}
	result := newReport(o, elapsed, len(all), failed)
	result.Latency[name] = newLatency(all)
	return result
}
