package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// A write that is not answered within this time is tried again elsewhere.
	writeTimeout = time.Second
	// Each writer begins a write so often, unless its last one is still unanswered.
	writeInterval = 8 * time.Millisecond
)

// Writers at the members of --endpoints, o.clients of them, one after the other, for o.duration:
// the longest time between two writes that succeeded, as the one latency. Says "writing" on standard
// error when all write, for whoever will end the leader then.
func gap(ctx context.Context, o options) (report, error) {
	connections, err := connect(&o)
	if err != nil {
		return report{}, err
	}
	for _, client := range connections {
		if _, err := client.Put(ctx, "gap", "0"); err != nil {
			return report{}, err
		}
	}
	fmt.Fprintln(os.Stderr, "writing")
	start := time.Now()
	last := start
	var longest time.Duration
	var guard sync.Mutex
	succeeded, failed := 0, 0
	var writers sync.WaitGroup
	for worker := range o.clients {
		writers.Add(1)
		go func() {
			defer writers.Done()
			due := start.Add(writeInterval * time.Duration(worker) / time.Duration(o.clients))
			for round := worker; time.Since(start) < o.duration && ctx.Err() == nil; round++ {
				for !due.After(time.Now()) {
					due = due.Add(writeInterval)
				}
				time.Sleep(time.Until(due))
				bounded, cancel := context.WithTimeout(ctx, writeTimeout)
				_, err := connections[round%len(connections)].Put(bounded, "gap", strconv.Itoa(round))
				cancel()
				guard.Lock()
				now := time.Now()
				if err == nil {
					longest = max(longest, now.Sub(last))
					last = now
					succeeded++
				} else {
					failed++
				}
				guard.Unlock()
			}
		}()
	}
	writers.Wait()
	if time.Since(last) > longest {
		return report{}, fmt.Errorf("no write succeeds any more")
	}
	result := newReport(o, time.Since(start), succeeded, failed)
	result.Latency["gap"] = newLatency([]time.Duration{longest})
	return result, nil
}
