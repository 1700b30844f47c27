// Drives etcd over its gRPC client as `batonctl bench` drives Baton, with the same options, and prints
// the same JSON:
//
//	etcd-driver put --endpoints=http://127.0.0.1:2379,... --clients=64 --duration=5s
//
// Everything is bounded in count and time.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

type options struct {
	endpoints   []string
	clients     int
	connections int
	duration    time.Duration
	total       int
	keys        int
	keySize     int
	valueSize   int
	stale       bool
	locks       int
	watchers    int
}

type bench func(ctx context.Context, o options) (report, error)

var benches = map[string]bench{"put": put, "get": get, "lock": lock, "watch": watch, "gap": gap}

func main() {
	if len(os.Args) < 2 || benches[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: etcd-driver put|get|lock|watch|gap [flags]; -h tells them")
		os.Exit(2)
	}
	name := os.Args[1]
	o := parse(name, os.Args[2:])
	// Nothing hangs: what takes so much longer than asked is an error.
	ctx, cancel := context.WithTimeout(context.Background(), o.duration+2*time.Minute)
	defer cancel()
	result, err := benches[name](ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd-driver:", err)
		os.Exit(1)
	}
	result.Bench = name
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		os.Exit(1)
	}
}

func parse(name string, arguments []string) options {
	var o options
	var endpoints, consistency string
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.StringVar(&endpoints, "endpoints", "http://127.0.0.1:2379", "of the members, separated by commas")
	flags.IntVar(&o.clients, "clients", 64, "that work at once, 1 to 10000")
	flags.IntVar(&o.connections, "connections", 0, "that they share, 1 to 1000; 0: one each, at most 1000")
	flags.DurationVar(&o.duration, "duration", 10*time.Second, "of the load, at most 10m")
	flags.IntVar(&o.total, "total", 0, "put, get, lock: end after so many, at most 100000000; 0: no limit")
	flags.IntVar(&o.keys, "keys", 1000, "put, get: how many different ones, 1 to 10000000")
	flags.IntVar(&o.keySize, "key-size", 32, "bytes, 16 to 1024")
	flags.IntVar(&o.valueSize, "value-size", 256, "bytes, 0 to 1000000")
	flags.StringVar(&consistency, "consistency", "linearizable", "get: or stale, etcd's serializable")
	flags.IntVar(&o.locks, "locks", 0, "lock: that all clients share, 1 to 10000; 0: one for each")
	flags.IntVar(&o.watchers, "watchers", 100, "watch: of one key, 1 to 10000")
	_ = flags.Parse(arguments)
	o.endpoints = strings.Split(endpoints, ",")
	o.stale = consistency == "stale"
	if !o.stale && consistency != "linearizable" {
		refuse("consistency: linearizable or stale")
	}
	within("clients", o.clients, 1, 10_000)
	within("connections", o.connections, 0, 1000)
	within("duration in ms", int(o.duration.Milliseconds()), 1, 600_000)
	within("total", o.total, 0, 100_000_000)
	within("keys", o.keys, 1, 10_000_000)
	within("key-size", o.keySize, 16, 1024)
	within("value-size", o.valueSize, 0, 1_000_000)
	within("locks", o.locks, 0, 10_000)
	within("watchers", o.watchers, 1, 10_000)
	return o
}

func within(name string, value, least, most int) {
	if value < least || value > most {
		refuse(fmt.Sprintf("%s: from %d to %d", name, least, most))
	}
}

func refuse(why string) {
	fmt.Fprintln(os.Stderr, "etcd-driver:", why)
	os.Exit(2)
}

// Connections in turn to each of the members.
func connect(o *options) ([]*clientv3.Client, error) {
	if o.connections == 0 {
		o.connections = min(o.clients, 1000)
	}
	var clients []*clientv3.Client
	for i := 0; i < o.connections; i++ {
		client, err := clientv3.New(clientv3.Config{
			Endpoints:   []string{o.endpoints[i%len(o.endpoints)]},
			DialTimeout: 10 * time.Second,
			Logger:      zap.NewNop(),
		})
		if err != nil {
			return nil, err
		}
		clients = append(clients, client)
	}
	return clients, nil
}
