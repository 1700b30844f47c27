package main

import (
	"slices"
	"time"
)

// What is printed, in the fields of `batonctl bench --output json`.
type report struct {
	Bench          string             `json:"bench"`
	API            string             `json:"api"`
	Settings       settings           `json:"settings"`
	Seconds        float64            `json:"seconds"`
	Operations     int                `json:"operations"`
	OperationsPerS float64            `json:"operations_per_s"`
	ErrorsTotal    int                `json:"errors_total"`
	Latency        map[string]latency `json:"latency"`
}

type settings struct {
	Endpoints   []string `json:"endpoints"`
	Clients     int      `json:"clients"`
	Connections int      `json:"connections"`
}

type latency struct {
	Count  int     `json:"count"`
	MinUs  float64 `json:"min_us"`
	MeanUs float64 `json:"mean_us"`
	P50Us  float64 `json:"p50_us"`
	P90Us  float64 `json:"p90_us"`
	P99Us  float64 `json:"p99_us"`
	P999Us float64 `json:"p99_9_us"`
	MaxUs  float64 `json:"max_us"`
}

func newReport(o options, elapsed time.Duration, operations, errors int) report {
	return report{
		API:            "etcd-grpc",
		Settings:       settings{Endpoints: o.endpoints, Clients: o.clients, Connections: o.connections},
		Seconds:        elapsed.Seconds(),
		Operations:     operations,
		OperationsPerS: float64(operations) / elapsed.Seconds(),
		ErrorsTotal:    errors,
		Latency:        map[string]latency{},
	}
}

func newLatency(samples []time.Duration) latency {
	if len(samples) == 0 {
		return latency{}
	}
	slices.Sort(samples)
	var sum time.Duration
	for _, sample := range samples {
		sum += sample
	}
	at := func(share float64) float64 {
		// The smallest that at least this share of all does not exceed.
		rank := int(share*float64(len(samples)) + 0.999999)
		return microseconds(samples[min(max(rank, 1), len(samples))-1])
	}
	return latency{
		Count:  len(samples),
		MinUs:  microseconds(samples[0]),
		MeanUs: microseconds(sum) / float64(len(samples)),
		P50Us:  at(0.5),
		P90Us:  at(0.9),
		P99Us:  at(0.99),
		P999Us: at(0.999),
		MaxUs:  microseconds(samples[len(samples)-1]),
	}
}

func microseconds(duration time.Duration) float64 {
	return float64(duration.Nanoseconds()) / 1000
}
