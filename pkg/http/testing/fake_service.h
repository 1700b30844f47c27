// File: fake_service.h
//
// A node of one, for tests of the API: the real state machine behind a thread of its own, without a
// log, peers or a clock. Time is what the test says it is; errors are what the test asks for. Every
// callback comes on that thread or, as with a real node that is calm, inside the call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pkg/coord/memory_tables.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/service.h"

namespace baton::http {

class FakeService : public node::Service {
 public:
  static constexpr char kClusterId[] = "0123456789abcdef";

  explicit FakeService(NodeId self = NodeId(1));
  ~FakeService() override { Stop(); }
  void Stop();

  // --- the test's side; any thread ---
  // Runs on the service's thread, between requests; returns when it has run. Everything asked
  // before has then been answered.
  void Run(const std::function<void()>& work);
  // Cluster time goes on; what is due by then ends.
  void AdvanceMs(int64_t distance_ms);
  // The next request that asks for an answer gets this one instead.
  void FailNext(Status status);
  void ChangeStatus(const std::function<void(node::StatusView*)>& change);
  // Watches that begin at or below it are told that it is compacted.
  void SetCompactRevision(Revision revision);
  // From now on callbacks come inside the call.
  void AnswerInsideTheCall() { inside_the_call_.store(true); }
  // Requests wait until Open().
  void Close();
  void Open();
  void SendBookmarks();
  void EndWatches(const Status& why);
  size_t waits();
  size_t watches();
  uint64_t acquires_cancelled() const { return acquires_cancelled_.load(); }
  uint64_t watches_cancelled() const { return watches_cancelled_.load(); }
  int64_t last_timeout_ms() const { return last_timeout_ms_.load(); }

  // Where the pieces of backups come from.
  using MakePieces = std::function<std::unique_ptr<node::SnapshotReader>()>;
  void SetBackupPieces(MakePieces make);

  // What peers said, and what is answered.
  std::vector<node::PeerEnvelope> TakeEnvelopes();
  std::vector<SnapshotChunk> TakeChunks();
  void SetPeerAnswer(Status status);

  // --- node::Service ---
  void Submit(coord::Command command, int64_t timeout_ms, ReplyCallback done) override;
  uint64_t Acquire(coord::Command command, int64_t timeout_ms, AcquireCallback done) override;
  void CancelAcquire(uint64_t acquire) override;
  void KeepAlive(SessionId session, int64_t timeout_ms,
                 std::function<void(Result<coord::SessionInfo>)> done) override;
  void Read(node::Consistency consistency, Revision min_revision, int64_t timeout_ms,
            ReadCallback done) override;
  void OpenBackup(node::Consistency consistency, Revision min_revision, int64_t timeout_ms,
                  BackupCallback done) override;
  uint64_t Watch(coord::EventFilter filter, Revision from,
                 std::shared_ptr<node::WatchSink> sink) override;
  void CancelWatch(uint64_t watch) override;
  void TransferLeadership(NodeId target, StatusCallback done) override;
  // OK, unless FailNext says otherwise; nothing changes.
  void ChangeMembers(node::MembershipRequest request, int64_t timeout_ms,
                     StatusCallback done) override;
  std::vector<node::MembershipRequest> TakeMembershipRequests();
  Status Deliver(node::PeerEnvelope envelope) override;
  void OnUnreachable(NodeId peer, std::vector<uint64_t> undelivered_forwards) override;
  void OnSnapshotSent(NodeId peer, bool delivered) override;
  void OnSnapshotChunk(SnapshotChunk chunk, StatusCallback done) override;
  // Piece 5 of any snapshot comes next, unless SetPeerAnswer says otherwise.
  void GetSnapshotReach(NodeId from, uint64_t stream, ReachCallback done) override;
  std::shared_ptr<const node::StatusView> GetStatus() const override;
  const node::NodeMetrics& metrics() const override { return metrics_; }

 private:
  struct Wait {
    uint64_t id = 0;
    coord::Acquire acquire;
    Ticket ticket;
    int64_t patience_end_ms = 0;
    bool replayed = false;
    AcquireCallback done;
  };
  struct LiveWatch {
    coord::EventFilter filter;
    Revision from;
    std::shared_ptr<node::WatchSink> sink;
  };
  struct LateRead {
    Revision min_revision;
    int64_t deadline_ms = 0;
    node::Consistency consistency = node::Consistency::kStale;
    ReadCallback done;
  };

  void Post(std::function<void()> work, bool even_if_closed = false);
  void Loop();
  bool TakeFailure(Status* status);
  coord::Reply Apply(const coord::Command& command);
  void TellWatches(const std::vector<coord::Event>& events);
  void EndWaits(const std::vector<coord::WaitOutcome>& outcomes);
  void EndWait(const Wait& wait, const coord::WaitOutcome& outcome) const;
  node::AcquireResult Describe(const coord::Acquire& acquire, Token token, Ticket ticket) const;
  node::AcquireResult Refuse(const coord::Acquire& acquire, Status why,
                             std::optional<coord::Holder> holder) const;
  void RunLateReads();
  void Publish();

  // The service's thread only.
  coord::MemoryTables tables_;
  coord::StateMachine machine_{&tables_};
  int64_t now_ms_ = 1'000'000;
  Index index_;
  Revision compact_revision_;
  std::vector<Status> failures_;
  std::map<Ticket, Wait> waits_;
  std::map<uint64_t, LiveWatch> watches_;
  std::vector<LateRead> late_reads_;
  MakePieces make_pieces_;
  std::vector<node::MembershipRequest> membership_requests_;

  std::atomic<bool> inside_the_call_{false};
  std::recursive_mutex at_work_;  // one piece of work at a time, and what it asks for inside it
  std::atomic<uint64_t> last_number_{0};
  std::atomic<uint64_t> acquires_cancelled_{0};
  std::atomic<uint64_t> watches_cancelled_{0};
  std::atomic<int64_t> last_timeout_ms_{0};
  node::NodeMetrics metrics_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // State below is protected by mutex_.
  std::shared_ptr<const node::StatusView> status_;
  std::deque<std::pair<std::function<void()>, bool>> work_;  // bool: even if closed
  std::vector<node::PeerEnvelope> envelopes_;
  std::vector<SnapshotChunk> chunks_;
  Status peer_answer_;
  bool closed_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace baton::http
