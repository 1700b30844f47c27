// File: sim_cluster.h
//
// A cluster of real Nodes in one thread: a simulated network, disk and clock, all from one seed.
// The same seed gives the same run. Time passes only inside RunFor and RunUntil.
//
//   SimCluster cluster({.seed = 7});
//   cluster.RunUntil([&] { return cluster.Leader().has_value(); }, 10'000);
//   auto put = cluster.Submit(NodeId(1), Put("a", "1"), 5'000);
//   cluster.RunUntil([&] { return put->done(); }, 5'000);
//
// Always checked, after every step of every node: at most one leader per term, and one state hash
// per applied index. An observer checks more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/random.h"
#include "pkg/node/node.h"
#include "pkg/node/testing/memory_stores.h"
#include "pkg/node/testing/sim_events.h"
#include "pkg/node/testing/sim_network.h"

namespace baton::node::testing {

struct SimOptions {
  uint64_t seed = 1;
  int nodes = 3;
  int64_t network_delay_min_us = 200;
  int64_t network_delay_max_us = 2'000;
  uint64_t loss_percent = 0;
  uint64_t repeat_percent = 0;
  int64_t disk_latency_us = 500;
  size_t snapshot_chunk_bytes = 4096;
  NodeConfig config = {};  // id, cluster_id, voters and seed are filled in
};

// An answer that comes later. A node that dies answers nothing.
template <typename T>
struct Pending {
  std::optional<Result<T>> result;
  bool done() const { return result.has_value(); }
  bool ok() const { return done() && result->ok(); }
};
template <typename T>
using PendingPtr = std::shared_ptr<Pending<T>>;

struct PreparedAcquire {
  uint64_t number = 0;
  coord::Acquire acquire;
  EncodedCommand command;
};

class SimCluster;

// Sees everything, and must change nothing. All calls come from the one thread.
class SimObserver {
 public:
  virtual ~SimObserver() = default;
  virtual void OnStart(NodeId, const LogState&) {}  // a process starts with this on its disk
  virtual void OnStarted(NodeId) {}                 // it has brought its disk in order
  virtual void OnCrash(NodeId) {}
  virtual void OnDiskLost(NodeId) {}  // the disk has lost what it had, or a part of it
  virtual void OnStateLost(NodeId) {}
  virtual void OnStep(NodeId, const Node&) {}
  virtual void OnSend(NodeId /*from*/, NodeId /*to*/, const PeerMessage&) {}
  // It is about to be taken by the living node.
  virtual void OnReceive(NodeId /*to*/, const PeerEnvelope&) {}
  // The log has this now; synced: and will have it after a power failure.
  virtual void OnWritten(NodeId, const LogWrite&, bool /*synced*/) {}
  virtual void OnCompacted(NodeId, const raft::SnapshotMeta& /*start*/) {}
};

// The network as one node sees it.
class SimTransport final : public Transport {
 public:
  SimTransport(SimCluster* cluster, NodeId self) : cluster_(cluster), self_(self) {}
  bool Send(NodeId to, PeerMessage message) override;
  void SetStamp(const EnvelopeStamp& stamp) override { stamp_ = stamp; }
  void SendSnapshot(NodeId to, raft::Message message,
                    std::unique_ptr<SnapshotReader> snapshot) override;
  void CancelSnapshot(NodeId to) override;
  uint64_t cancelled_snapshots() const { return cancelled_snapshots_; }
  // Most that were under way at once.
  size_t snapshots_at_once() const { return snapshots_at_once_; }

 private:
  friend class SimCluster;
  // A snapshot on its way, one piece at a time.
  struct Stream {
    NodeId to;
    uint64_t life = 0;  // of the sender's process
    uint64_t number = 0;
    uint64_t next_chunk = 0;
    raft::Message message;
    std::unique_ptr<SnapshotReader> reader;
    std::string chunk;  // the next to go
    bool cancelled = false;
    bool ended = false;
  };
  void SendChunk(const std::shared_ptr<Stream>& stream);

  SimCluster* cluster_;
  NodeId self_;
  bool outbox_full_ = false;
  EnvelopeStamp stamp_;
  uint64_t last_stream_ = 0;
  uint64_t cancelled_snapshots_ = 0;
  size_t snapshots_at_once_ = 0;
  std::map<NodeId, std::shared_ptr<Stream>> streams_;  // the latest of each receiver
};

class SimDiskSpace final : public DiskSpace {
 public:
  DiskRoom Look() const override { return room_; }

 private:
  friend class SimCluster;
  DiskRoom room_;
};

// The log writer of one node: jobs are done in order, one sync at a time.
class SimLogWriter final : public LogWriter {
 public:
  SimLogWriter(SimCluster* cluster, NodeId self) : cluster_(cluster), self_(self) {}
  void Write(WriteJob job) override;
  void Compact(raft::SnapshotMeta start) override;

 private:
  friend class SimCluster;
  struct Job {
    std::optional<WriteJob> write;
    std::optional<raft::SnapshotMeta> compact;
  };
  void StartSync();
  void FinishSync();
  bool DoNext();
  bool Survives(const Status& done);
  // The process dies while a job is being done: it is done, or it is not.
  void Crash(bool first_is_done);

  SimCluster* cluster_;
  NodeId self_;
  std::deque<Job> jobs_;
  size_t jobs_under_way_ = 0;
  bool held_ = false;
};

class SimSnapshotWorker final : public SnapshotWorker {
 public:
  SimSnapshotWorker(SimCluster* cluster, NodeId self) : cluster_(cluster), self_(self) {}
  void Write(SnapshotWork work) override;
  void Discard(std::unique_ptr<SnapshotWriter>) override {}

 private:
  SimCluster* cluster_;
  NodeId self_;
};

class SimCluster final : public Clock {
 public:
  explicit SimCluster(SimOptions options);
  ~SimCluster() override;

  // --- time ---
  int64_t MonotonicMs() const override { return now_us_ / 1000; }
  int64_t MonotonicUs() const override { return now_us_; }
  int64_t WallMs() const override { return 1'700'000'000'000 + now_us_ / 1000; }
  void RunFor(int64_t distance_ms);
  // True as soon as `condition` holds after some event; false after limit_ms.
  bool RunUntil(const std::function<bool()>& condition, int64_t limit_ms);

  // --- nodes ---
  std::vector<NodeId> ids() const;
  // Another machine, with an empty disk and its process not started. `config`: as SimOptions'.
  NodeId AddMachine(NodeConfig config);
  NodeConfig& config(NodeId id) { return At(id).config; }  // for its next start
  bool alive(NodeId id) const { return At(id).node != nullptr; }
  Node& node(NodeId id);
  MemoryLogStore& log(NodeId id) { return *At(id).log; }
  MemoryStateStore& state(NodeId id) { return *At(id).state; }
  const SimTransport& transport(NodeId id) const { return *At(id).transport; }
  NodeMetrics& metrics(NodeId id) { return *At(id).metrics; }
  // Of the living nodes that lead the one of the highest term, if a majority of its voters follows.
  std::optional<NodeId> Leader();
  NodeId AwaitLeader(int64_t limit_ms = 20'000);
  NodeId AFollower();
  // All living nodes have applied the same entries.
  bool Converged();

  // --- faults ---
  enum class CrashKind { kKill, kPowerLoss };
  // kKill: what the process wrote stays. kPowerLoss: of what was not synced a prefix stays, chosen
  // by chance. Of the log writes under way the first is whole or absent, the others are absent.
  void Crash(NodeId id, CrashKind kind = CrashKind::kKill);
  void Restart(NodeId id);
  // The node's own disk instead of the ones in memory, from its next start on; not owned. Null:
  // those in memory again. An error of its disk fails the node, as in a process.
  void UseDisk(NodeId id, LogStore* log, StateStore* state);
  Status TryRestart(NodeId id);  // for a disk with which the node may not start
  // An empty disk in its place; the process must not run.
  void ReplaceDisk(NodeId id);
  // The log has lost what is beyond `last`, and knows it (MemoryLogStore::Lose).
  void LoseLog(NodeId id, raft::Memory memory, Index last = Index());
  void LoseState(NodeId id);
  // The state is the one from before the last snapshot was installed: the name that leads to the
  // newer one is lost. False: there was none. The process must not run.
  bool RevertState(NodeId id);
  SimNetwork& network() { return network_; }
  void Cut(NodeId a, NodeId b);  // both directions
  void Isolate(NodeId id);
  void Heal();
  bool Connected(NodeId from, NodeId to) const { return network_.Connected(from, to); }
  void SetDiskLevel(NodeId id, DiskLevel level) { At(id).disk_space->room_.level = level; }
  void HoldDisk(NodeId id);     // log writes hang
  void ReleaseDisk(NodeId id);  // and go on
  bool disk_held(NodeId id) const { return At(id).log_writer->held_; }
  // From now on each log write takes so long (SimOptions::disk_latency_us), up to.
  void SetDiskLatency(NodeId id, int64_t latency_max_us) {
    At(id).disk_latency_max_us = latency_max_us;
  }
  // The next log write fails, and with it the process.
  void FailNextWrite(NodeId id, bool fail = true) { At(id).fail_next_write = fail; }
  // The node's monotonic clock runs at this rate; 1'000'000: a true one.
  void SetClockRate(NodeId id, int64_t rate_ppm);
  void JumpClock(NodeId id, int64_t distance_ms);
  // The process gets no time; messages wait. Its clock goes on.
  void Pause(NodeId id, int64_t distance_ms);
  // Counts the starts and ends of its process.
  uint64_t life(NodeId id) const { return At(id).life; }
  // How many disks it has had.
  uint64_t disks(NodeId id) const { return At(id).disks; }
  // When it last came back from a pause of this life, or will; 0: it had none.
  int64_t resumed_us(NodeId id) const { return At(id).paused_until_us; }
  // Also while it has not taken up what came meanwhile: what is given to it now waits behind that.
  bool paused(NodeId id) const {
    return now_us_ < At(id).paused_until_us || !At(id).waiting.empty();
  }
  // Nothing that the node sends finds room.
  void SetOutboxFull(NodeId id, bool full) { At(id).transport->outbox_full_ = full; }
  void SetSnapshotChunkBytes(size_t bytes) { options_.snapshot_chunk_bytes = bytes; }
  void SetLoss(uint64_t loss_percent) { network_.SetLoss(loss_percent); }

  // --- looking on ---
  void SetObserver(SimObserver* observer) { observer_ = observer; }
  // Told a line for everything that happens; costs much. Null: nobody.
  using TraceSink = std::function<void(const std::string& line)>;
  void SetTrace(TraceSink sink) { trace_ = std::move(sink); }
  void Trace(const std::string& line);
  bool tracing() const { return trace_ != nullptr; }
  // Of every event so far, its time and what it led to.
  uint64_t trace_hash() const { return trace_hash_; }
  uint64_t events() const { return events_.planned(); }

  // --- clients ---
  PendingPtr<coord::Reply> Submit(NodeId at, const coord::Command& command, int64_t timeout_ms);
  // A refusal becomes the status of the result.
  PendingPtr<AcquireResult> Acquire(NodeId at, coord::Command command, int64_t timeout_ms,
                                    uint64_t* number = nullptr);
  // What a node would make of an acquire that it takes; or its refusal.
  Result<PreparedAcquire> Prepare(NodeId at, coord::Command command);
  PendingPtr<coord::SessionInfo> KeepAlive(NodeId at, SessionId session, int64_t timeout_ms);
  // Runs `look` on the state when the read is answered.
  PendingPtr<std::string> Read(NodeId at, Consistency consistency, Revision min_revision,
                               int64_t timeout_ms,
                               std::function<std::string(const coord::StateMachine&)> look);
  uint64_t Watch(NodeId at, coord::EventFilter filter, Revision from,
                 std::shared_ptr<WatchSink> sink);
  // Anything else; steps the node afterwards.
  void With(NodeId at, const std::function<void(Node&)>& input);
  // Something of the world outside.
  void After(int64_t delay_us, std::function<void()> event);

 private:
  friend class SimTransport;
  friend class SimLogWriter;
  friend class SimSnapshotWorker;

  struct Place {
    NodeConfig config;
    std::unique_ptr<MemoryLogStore> log;
    std::unique_ptr<MemoryStateStore> state;
    LogStore* used_log = nullptr;  // these, or a test's own
    StateStore* used_state = nullptr;
    std::unique_ptr<NodeMetrics> metrics;
    std::unique_ptr<SimTransport> transport;
    std::unique_ptr<SimLogWriter> log_writer;
    std::unique_ptr<SimSnapshotWorker> snapshot_worker;
    std::unique_ptr<SimDiskSpace> disk_space;
    std::unique_ptr<Node> node;
    uint64_t life = 0;  // counts starts; events of an earlier life are void
    uint64_t disks = 1;
    int64_t paused_until_us = 0;
    std::deque<std::function<void(Node&)>> waiting;  // while it is paused
    std::optional<int64_t> due_us;                   // the last Node::due_us that a step waits for
    int64_t disk_latency_max_us = 0;
    bool fail_next_write = false;
    // The monotonic clock: what it showed at a true time, and its rate since.
    int64_t clock_rate_ppm = 1'000'000;
    int64_t clock_set_us = 0;
    int64_t clock_at_set_us = 0;
    int64_t ClockUs(int64_t true_us) const {
      return clock_at_set_us + (true_us - clock_set_us) * clock_rate_ppm / 1'000'000;
    }
  };

  Place& At(NodeId id) { return places_.at(id); }
  const Place& At(NodeId id) const { return places_.at(id); }
  NodeId AddPlace(NodeConfig config);
  // As After, for one node: void after a crash, late while it is paused.
  void AfterOn(NodeId id, int64_t delay_us, std::function<void(Node&)> event);
  void RunOn(NodeId id, uint64_t life, const std::function<void(Node&)>& event);
  void RunNow(NodeId id, const std::function<void(Node&)>& event);
  void Resume(NodeId id, uint64_t life);
  void TickLater(NodeId id);
  // When the node has named a time, and nothing else happens before.
  void StepWhenDue(NodeId id);
  Status Start(NodeId id);
  void Deliver(PeerEnvelope envelope);
  // only_copy: the network carries no other.
  void Arrive(const std::shared_ptr<const PeerEnvelope>& envelope, bool only_copy);
  void CheckInvariants(NodeId id);
  void MixIntoTrace(uint64_t number);

  SimOptions options_;
  Random disk_random_;
  SimNetwork network_;
  NullLogger logger_;
  int64_t now_us_ = 0;
  SimEvents events_;
  std::map<NodeId, Place> places_;
  SimObserver* observer_ = nullptr;
  TraceSink trace_;
  uint64_t trace_hash_ = 0;
  uint64_t last_number_ = 0;  // of acquires and watches
  std::map<Term, NodeId> leaders_;
  std::map<Index, uint64_t> hashes_;
  std::map<NodeId, std::pair<Term, Index>> checked_;  // up to where CheckInvariants has come
};

}  // namespace baton::node::testing
