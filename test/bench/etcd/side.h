// File: side.h
//
// One of the two that are measured beside each other: a cluster of three with the programs that
// load it. Ours over HTTP, etcd over gRPC by the driver of test/bench/peers/etcd, and etcd over its
// HTTP gateway by our own load generator.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "test/bench/etcd/etcd_cluster.h"
#include "test/bench/etcd/load_report.h"
#include "test/integration/cluster.h"

namespace baton::bench {

// Whom the clients ask.
enum class At {
  kAll,       // client by client, one member after the other
  kLeader,    // that alone, as of the beginning of the load
  kFollower,  // one of the others
};

// What clients do, each its next operation when its last one is done.
struct Load {
  std::string operation;    // "put", "get", "lock", "watch"
  std::string latency;      // the one that is asked for: "put", "hand_over", "delivery"
  int64_t clients = 1;      // watch: watchers
  int64_t connections = 1;  // of etcd over gRPC; HTTP has one for each client
  int64_t locks = 0;        // lock: that all share; 0: one for each client
  bool stale = false;       // get: of the member that is asked, however old
  int64_t keys = 1000;
  int64_t total = 0;  // operations instead of seconds, whose keys stay; 0: seconds
  double seconds = 3;
  At at = At::kAll;
};

// Writers, each with a write every kIntervalMs, one after the other; a time that finds the last
// write unanswered is left out. Without pauses a machine of few processors is busy to the brim, and
// the longest time without a write tells how long some process had to wait for one. Gone with the
// object.
class Writers {
 public:
  static constexpr int kCount = 4;
  static constexpr int64_t kIntervalMs = 8;  // as writeInterval in test/bench/peers/etcd/gap.go
  static constexpr int64_t kWriteTimeoutMs = 1000;  // then the write is tried elsewhere

  virtual ~Writers() = default;
  // Waits for their end: the longest time between two writes that succeeded.
  virtual Result<double> LongestGapMs() = 0;
};

class Side {
 public:
  virtual ~Side() = default;

  virtual Result<LoadReport> Run(const Load& load) = 0;
  // Returns when all of them write, to the members but `without`.
  virtual Result<std::unique_ptr<Writers>> StartWriters(int without, double seconds) = 0;

  virtual int size() const = 0;
  virtual std::string url(int member) const = 0;  // for clients
  virtual integration::Process& process(int member) = 0;
  virtual void Start(int member) = 0;
  virtual bool WaitUntilReady(int64_t timeout_ms) = 0;
  virtual int WaitForLeader(int64_t timeout_ms) = 0;
};

// Of the members that the load goes to. kDeadlineExceeded: it wants the leader, and there is none.
Result<std::vector<std::string>> UrlsFor(const Load& load, Side* side);
std::vector<std::string> UrlsWithout(int without, const Side& side);

// `load_program`: batonctl. The cluster outlives the side.
std::unique_ptr<Side> MakeBatonSide(integration::Cluster* cluster, std::string load_program);
// `driver`: the built test/bench/peers/etcd.
std::unique_ptr<Side> MakeEtcdSide(EtcdCluster* cluster, std::string driver);
// `load_program`: batonctl. No writers: kUnimplemented.
std::unique_ptr<Side> MakeGatewaySide(EtcdCluster* cluster, std::string load_program);

}  // namespace baton::bench
