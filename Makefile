# What people do with Baton. `make help` explains; scripts/ does the work.
.DEFAULT_GOAL := help
.PHONY: dashboards-live sim sim-same sim-score help run tour test build asan tsan format memory growth waterfall machine-limits failover bench bench-smoke bench-raft raft-seeds fault damage bench-snapshot bench-storage chaos e2e image manifests packages

# One comment after ## is the help of its target.
help:       ## this text
	@sed -n 's/^\([a-z-]*\): *[a-z ]*## */  make \1\t/p' Makefile | expand -t 24

run: packages  ## three nodes on this machine, ready for curl; Ctrl-C stops them and keeps the data
	@scripts/run

tour: packages  ## a story that checks itself: an election, a lock, the death of the leader
	@scripts/tour

test: packages  ## build and run every test; the last line is `N passed, N failed`
	@scripts/test

build: packages  ## build batond and batonctl, optimized, into bazel-bin/cmd
	@bazel build --config=opt //cmd/batond //cmd/batonctl

asan: packages  ## every test under the address and undefined-behaviour sanitizers
	@scripts/test --config=asan

tsan: packages  ## every test under the thread sanitizer
	@scripts/test --config=tsan

format: packages  ## lay out all C++ sources as .clang-format says
	@git ls-files -z --deduplicate --cached --others --exclude-standard '*.cc' '*.h' | xargs -0 -r clang-format -i

MEMORY ?= --rounds=3
memory: packages  ## measure a member's memory: idle, with a million keys, for each session, watch and waiting lock
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:memory -- \
	  --output=$(CURDIR)/out/memory.json $(MEMORY)

GROWTH ?= --rounds=3
growth: packages  ## measure puts and gets with more keys, members, sessions; writes out/growth.json and .svg
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:growth -- \
	  --output=$(CURDIR)/out/growth.json --picture=$(CURDIR)/out/growth.svg $(GROWTH)

WATERFALL ?= --seconds=10
waterfall: packages  ## measure where the time of one put goes; writes out/waterfall.json and .svg
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:waterfall -- \
	  --output=$(CURDIR)/out/waterfall.json --picture=$(CURDIR)/out/waterfall.svg $(WATERFALL)

MACHINE ?= --rounds=3
machine-limits: packages  ## measure what this machine can do at most, and how far from it three nodes are
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:machine -- \
	  --output=$(CURDIR)/out/machine.json $(MACHINE)

failover: packages  ## measure how long writers wait when the leader is killed or stopped
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:failover

BENCH ?= --rounds=5
bench: packages  ## measure three nodes beside three of etcd's; writes out/bench.json and .svg; BENCH='--measures=put' a part
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench/etcd:compare -- \
	  --etcd-server="$$(scripts/bench-peers etcd-server)" --etcd-driver="$$(scripts/bench-peers etcd-driver)" \
	  --output=$(CURDIR)/out/bench.json --picture=$(CURDIR)/out/bench.svg $(BENCH)

bench-smoke: packages  ## every benchmark briefly: whether it gives an answer, not how fast
	@bazel test //test/bench:smoke_test //test/bench:programs_test //test/bench/etcd:compare_test //test/bench/raft:compare_test

BENCH_RAFT ?= --rounds=5
bench-raft: packages  ## measure the Raft core alone, beside raft-rs if cargo is there; writes out/bench-raft.json
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench/raft:compare -- \
	  --peer="$$(scripts/bench-peers raft-rs)" --output=$(CURDIR)/out/bench-raft.json $(BENCH_RAFT)

bench-storage: packages  ## measure disk, write amplification and the start with a million keys
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:million_keys

bench-snapshot: packages  ## measure what it costs the leader that a follower catches up by snapshot
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/bench:snapshot_catch_up

SEEDS ?= 10000
raft-seeds: packages  ## search SEEDS (10000) random histories of the Raft core for a broken promise
	@bazel run --config=sim --ui_event_filters=-info,-stdout,-stderr --noshow_progress //pkg/raft:raft_random_test -- --seeds=$(SEEDS)

fault: SEEDS = 10
fault: packages  ## crash at every storage call of SEEDS (10) disk lives, and fail each call once
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/fault:crash_points_test -- --seeds=$(SEEDS)
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/fault:failed_calls_test -- --seeds=$(SEEDS)

FLIPS ?= 10000
CUTS ?= 1000
damage: packages  ## flip FLIPS (10000) bytes and cut CUTS (1000) files of one of three nodes
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/fault:damage_test -- --flips=$(FLIPS) --cuts=$(CUTS)

# Arguments of the simulator: one SEED, or as many as SEEDS says; none: until Ctrl-C.
COMMIT := $(shell git describe --always --dirty 2>/dev/null)
SIM = --commit=$(COMMIT) $(if $(SEED),--seed=$(SEED) $(if $(CUT),--cut=$(CUT)) $(if $(TRACE),--trace) $(if $(HISTORY),--history=$(abspath $(HISTORY))),$(if $(filter file,$(origin SEEDS)),,--seeds=$(SEEDS)))
sim: packages  ## simulate clusters under all faults until one breaks a promise; SEED=42 runs one, TRACE=1 shows all of it, HISTORY=FILE keeps what clients saw
	@bazel run --config=sim --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/sim -- $(SIM)

SAME_SEEDS ?= 200
sim-same: packages  ## the same SAME_SEEDS (200) seeds in an optimized and in a sanitized build: equal traces
	@traces=$$(mktemp -d); for config in sim asan; do \
	  echo "$$config ..."; bazel run --config=$$config --ui_event_filters=-info,-stdout,-stderr --noshow_progress \
	    //test/sim -- --hashes --seeds=$(SAME_SEEDS) | grep -E '^[0-9]+ [0-9a-f]+$$' >"$$traces/$$config" || exit 1; \
	done; cmp "$$traces/sim" "$$traces/asan" && [ "$$(wc -l <"$$traces/sim")" = $(SAME_SEEDS) ] && echo "$$(wc -l <"$$traces/sim") seeds, equal traces in both builds"

sim-score: packages  ## how many seeds, of a thousand, the simulator needs to find each planted bug
	@bazel run --config=planted --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/sim -- --score=1000

DASHBOARDS ?= --seconds=60 --pictures=$(CURDIR)/docs/pictures
dashboards-live: packages  ## ask a live cluster every query of every dashboard, and draw docs/pictures from the answers
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/dashboards:live -- $(DASHBOARDS)

CHAOS ?= --seconds=60
chaos: packages  ## a cluster under faults for a minute, judged by what its clients saw; CHAOS='--help' tells more
	@bazel run --config=opt --ui_event_filters=-info,-stdout,-stderr --noshow_progress //test/chaos -- --commit=$(COMMIT) $(CHAOS)

image: build  ## an OCI image in out/baton-VERSION.tar, offline; prints its digest
	@mkdir -p out
	@scripts/image bazel-bin/cmd/batond/batond bazel-bin/cmd/batonctl/batonctl \
	  out/baton-$$(sed -n 's/.*kVersion = "\(.*\)".*/\1/p' cmd/cli/version.h).tar

e2e: image  ## the image and the chart on the cluster of KUBECONFIG, with clients at work: test/e2e/README.md
	@test/e2e/next out/next --config=opt
	@bazel build --config=opt //cmd/batond //cmd/batonctl //test/e2e:load
	@test/e2e/run

manifests: packages  ## write manifests/ and the table of charts/baton/README.md anew, with the helm on the PATH
	@HELM_BIN=$${HELM_BIN:-$$(command -v helm)} scripts/manifests

packages:
	@scripts/install-packages
