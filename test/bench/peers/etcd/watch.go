package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// With these a value begins: they number the change.
const writeDigits = 12

// Watchers of one key, on o.connections, and one writer: the latency is from the call that changes
// the key until the last of them knows, and the next call is made then.
func watch(ctx context.Context, o options) (report, error) {
	const name = "watched"
	o.clients = o.watchers
	connections, err := connect(&o)
	if err != nil {
		return report{}, err
	}
	seen := make(chan int, o.watchers)
	ready := make(chan error, o.watchers)
	for i := range o.watchers {
		client := connections[i%len(connections)]
		go follow(client.Watch(ctx, name, clientv3.WithCreatedNotify()), ready, seen)
	}
	for range o.watchers {
		if err := <-ready; err != nil {
			return report{}, err
		}
	}
	rest := strings.Repeat("x", max(0, o.valueSize-writeDigits))
	var samples []time.Duration
	start := time.Now()
	for round := 1; round == 1 || time.Since(start) < o.duration; round++ {
		value := fmt.Sprintf("%0*d", writeDigits, round) + rest
		before := time.Now()
		if _, err := connections[round%len(connections)].Put(ctx, name, value); err != nil {
			return report{}, err
		}
		for range o.watchers {
			select {
			case got := <-seen:
				if got != round {
					return report{}, fmt.Errorf("a watcher saw change %d instead of %d", got, round)
				}
			case <-ctx.Done():
				return report{}, ctx.Err()
			}
		}
		samples = append(samples, time.Since(before))
	}
	result := newReport(o, time.Since(start), len(samples), 0)
	result.Latency["delivery"] = newLatency(samples)
	return result, nil
}

func follow(changes clientv3.WatchChan, ready chan<- error, seen chan<- int) {
	for change := range changes {
		if change.Created {
			ready <- change.Err()
			continue
		}
		for _, event := range change.Events {
			number, _ := strconv.Atoi(string(event.Kv.Value[:writeDigits]))
			seen <- number
		}
	}
}
