package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
)

// The n-th key, of o.keySize bytes.
func key(o options, n int) string {
	return fmt.Sprintf("bench/%0*d", o.keySize-len("bench/"), n)
}

func put(ctx context.Context, o options) (report, error) {
	connections, err := connect(&o)
	if err != nil {
		return report{}, err
	}
	value := strings.Repeat("x", o.valueSize)
	return closedLoop(ctx, o, "put", func(ctx context.Context, client int) error {
		_, err := connections[client%len(connections)].Put(ctx, key(o, rand.IntN(o.keys)), value)
		return err
	}), nil
}

// Of keys that are there: they are written first, if the first one is not.
func get(ctx context.Context, o options) (report, error) {
	connections, err := connect(&o)
	if err != nil {
		return report{}, err
	}
	if err := fill(ctx, o, connections); err != nil {
		return report{}, err
	}
	var how []clientv3.OpOption
	if o.stale {
		how = append(how, clientv3.WithSerializable())
	}
	return closedLoop(ctx, o, "get", func(ctx context.Context, client int) error {
		answer, err := connections[client%len(connections)].Get(ctx, key(o, rand.IntN(o.keys)), how...)
		if err == nil && len(answer.Kvs) != 1 {
			return fmt.Errorf("a key is not there")
		}
		return err
	}), nil
}

func fill(ctx context.Context, o options, connections []*clientv3.Client) error {
	last, err := connections[0].Get(ctx, key(o, o.keys-1), clientv3.WithCountOnly())
	if err != nil || last.Count == 1 {
		return err
	}
	value := strings.Repeat("x", o.valueSize)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(256)
	for n := range o.keys - 1 {
		group.Go(func() error {
			_, err := connections[n%len(connections)].Put(ctx, key(o, n), value)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	// The last one says that all are there, and every member has what was written before it.
	for _, client := range connections {
		if _, err := client.Put(ctx, key(o, o.keys-1), value); err != nil {
			return err
		}
		if _, err := client.Get(ctx, key(o, o.keys-1)); err != nil {
			return err
		}
	}
	return nil
}
