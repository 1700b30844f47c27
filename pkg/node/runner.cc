#include "pkg/node/runner.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "pkg/node/inbox.h"
#include "pkg/node/log_writer_thread.h"
#include "pkg/node/node.h"
#include "pkg/node/snapshot_thread.h"
#include "pkg/node/turn.h"

namespace baton::node {
namespace {

// So many steps in a row with next to nothing to do make a node calm.
constexpr int kCalmSteps = 16;

// A step may take long, or wait for the disk: not what a listener's thread should do.
bool StepMayTakeLong(const StatusView& view) {
  return view.snapshot_in || view.disk.level != DiskLevel::kAmple ||
         view.state_index + 1 < view.raft.commit;
}

constexpr int kFatalExitCode = 70;  // sysexits.h: EX_SOFTWARE

// No destructor, no flush, no answer: what is in memory can no longer be trusted to agree with the
// disk. Kubernetes starts the process again.
[[noreturn]] void StopProcess(const Status& status) {
  std::cerr << "batond stops: " << status.ToString() << std::endl;
  _exit(kFatalExitCode);
}

// A callback that two lambdas may hold, of which one will call it.
template <typename Callback>
std::shared_ptr<Callback> Shared(Callback done) {
  return std::make_shared<Callback>(std::move(done));
}

// What an envelope keeps in memory.
size_t ApproximateBytes(const PeerEnvelope& envelope) {
  size_t bytes = 0;
  for (const PeerMessage& message : envelope.messages) {
    bytes += sizeof(message);
    if (const auto* request = std::get_if<ForwardRequest>(&message)) {
      bytes += request->command.size();
    } else if (const auto* reply = std::get_if<ForwardReply>(&message)) {
      bytes += reply->reply.size();
    } else if (const auto* raft_message = std::get_if<raft::Message>(&message)) {
      const auto* append = std::get_if<raft::AppendRequest>(&raft_message->body);
      if (append == nullptr) continue;
      for (const raft::Entry& entry : append->entries) bytes += entry.ApproximateBytes();
    }
  }
  return bytes;
}

class NodeRunner final : public Runner {
 public:
  NodeRunner(const NodeConfig& config, const NodePorts& ports)
      : config_(config),
        ports_(ports),
        inbox_(config.inbox_items_max),
        log_writer_({ports.log, ports.state, ports.transport, ports.clock, &metrics_.log_sync,
                     &metrics_.log_bytes_written,
                     [this](raft::LogMark mark) {
                       inbox_.PushCompletion([mark](Node& node) { node.OnPersisted(mark); });
                       RunOrAnnounce();
                     },
                     [this] { Complete([](Node& node) { node.OnCompacted(); }); }, ports.fatal}),
        snapshot_thread_(ports.state, [this](SnapshotWritten written) {
          const auto shared = std::make_shared<SnapshotWritten>(std::move(written));
          Complete([shared](Node& node) { node.OnChunkWritten(std::move(*shared)); });
        }) {}
  ~NodeRunner() override { Stop(); }

  Status Open() {
    NodeParts parts;
    parts.log = ports_.log;
    parts.state = ports_.state;
    parts.transport = ports_.transport;
    parts.log_writer = &log_writer_;
    parts.snapshot_worker = &snapshot_thread_;
    parts.disk_space = ports_.disk_space;
    parts.logger = ports_.logger;
    parts.metrics = &metrics_;
    parts.stopwatch = ports_.clock;
    parts.fatal = ports_.fatal;
    Result<std::unique_ptr<Node>> node = Node::Create(config_, parts, ports_.clock->MonotonicUs());
    if (!node.ok()) return node.status();
    node_ = std::move(node).value();
    Publish();
    return Status::Ok();
  }

  void Start() override {
    log_writer_.Start();
    snapshot_thread_.Start();
    raft_thread_ = std::thread([this] { Run(); });
    pthread_setname_np(raft_thread_.native_handle(), "raft");
  }

  Status Drain(int64_t timeout_ms) override;
  void Stop() override;

  void Submit(coord::Command command, int64_t timeout_ms, ReplyCallback done) override;
  uint64_t Acquire(coord::Command command, int64_t timeout_ms, AcquireCallback done) override;
  void CancelAcquire(uint64_t acquire) override;
  void KeepAlive(SessionId session, int64_t timeout_ms,
                 std::function<void(Result<coord::SessionInfo>)> done) override;
  void Read(Consistency consistency, Revision min_revision, int64_t timeout_ms,
            ReadCallback done) override;
  void OpenBackup(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                  BackupCallback done) override;
  uint64_t Watch(coord::EventFilter filter, Revision from,
                 std::shared_ptr<WatchSink> sink) override;
  void CancelWatch(uint64_t watch) override;
  void TransferLeadership(NodeId target, StatusCallback done) override;
  void ChangeMembers(MembershipRequest request, int64_t timeout_ms, StatusCallback done) override;
  void OnToldRemoved() override;
  Status Deliver(PeerEnvelope envelope) override;
  void OnUnreachable(NodeId peer, std::vector<uint64_t> undelivered_forwards) override;
  void OnSnapshotSent(NodeId peer, bool delivered) override;
  void OnSnapshotChunk(SnapshotChunk chunk, StatusCallback done) override;
  void GetSnapshotReach(NodeId from, uint64_t stream, ReachCallback done) override;

  std::shared_ptr<const StatusView> GetStatus() const override {
    const std::lock_guard<std::mutex> lock(status_mutex_);
    return status_;
  }
  const NodeMetrics& metrics() const override { return metrics_; }

 private:
  void Run();
  // Something was pushed that is a part of a write: does it now, on this thread, or leaves it to
  // the raft thread. A calm node would gain nothing by that but a thread's wake-up on the way; a
  // busy one does more at a time when one thread gathers and another works. What is thrown here
  // must end the process, as on the raft thread, and not only somebody's request.
  void RunOrAnnounce() noexcept;
  // For what no write waits for.
  void Complete(std::function<void(Node&)> run);

  // --- on the turn ---
  // Runs what was pushed. Returns the time, which it has told the node.
  int64_t RunItems();
  // True when there is more to do at once.
  bool Step();
  void Publish();
  void NoteCalm(const StatusView& view);

  // What a client wants; false: it was refused, and told so.
  bool Push(InboxItem item);
  void Write(InboxItem item) {
    if (Push(std::move(item))) RunOrAnnounce();
  }
  void Ask(InboxItem item) {
    if (Push(std::move(item))) inbox_.Announce();
  }

  const NodeConfig config_;
  const NodePorts ports_;
  NodeMetrics metrics_;
  Inbox inbox_;
  LogWriterThread log_writer_;
  SnapshotThread snapshot_thread_;
  Turn turn_;
  // On the turn only:
  std::unique_ptr<Node> node_;
  int64_t raft_thread_wakes_us_ = 0;  // at the latest
  Index last_commit_;

  std::atomic<int> calm_steps_{0};  // in a row, up to kCalmSteps; written on the turn
  std::thread raft_thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> last_number_{0};  // of acquires and watches

  mutable std::mutex status_mutex_;
  std::condition_variable drained_changed_;
  std::shared_ptr<const StatusView> status_;
  bool drained_ = false;
};

void NodeRunner::Run() {
  const int64_t tick_us = config_.tick_ms * 1000;
  int64_t next_tick_us = ports_.clock->MonotonicUs() + tick_us;
  bool more = false;
  while (!stopping_.load()) {
    const int64_t due_us = std::min(next_tick_us, node_->due_us().value_or(next_tick_us));
    raft_thread_wakes_us_ = due_us;
    turn_.End();
    if (!more) (void)inbox_.Await(due_us - ports_.clock->MonotonicUs());
    turn_.Begin();
    if (node_->failed()) break;
    const int64_t now_us = RunItems();
    // After the messages: a process that was paused hears its leader before it counts the time.
    // Missed ticks are not made up for, because nobody was there to hear anything meanwhile.
    if (now_us >= next_tick_us) {
      node_->Tick();
      next_tick_us += tick_us;
      if (next_tick_us <= now_us) next_tick_us = now_us + tick_us;
    }
    more = Step();
    if (node_->failed()) break;
  }
  node_->Close();
  Publish();
  // And nobody gets another turn.
}

void NodeRunner::RunOrAnnounce() noexcept {
  if (calm_steps_.load() < kCalmSteps || !turn_.TryBegin()) return inbox_.Announce();
  RunItems();
  const bool more = Step();
  const bool due = node_->due_us().value_or(raft_thread_wakes_us_) < raft_thread_wakes_us_;
  const bool for_raft_thread = more || due || node_->failed() || inbox_.size() > 0;
  turn_.End();
  if (for_raft_thread) inbox_.Wake();
}

void NodeRunner::Complete(std::function<void(Node&)> run) {
  inbox_.PushCompletion(std::move(run));
  inbox_.Announce();
}

int64_t NodeRunner::RunItems() {
  const std::vector<InboxItem> items = inbox_.Take();
  const int64_t now_us = ports_.clock->MonotonicUs();
  node_->AdvanceTo(now_us);
  for (const InboxItem& item : items) item.run(*node_);
  return now_us;
}

bool NodeRunner::Step() {
  const bool more = node_->Step();
  Publish();
  return more;
}

void NodeRunner::NoteCalm(const StatusView& view) {
  const bool little = view.proposals_pending + view.reads_pending <= 1 &&
                      view.raft.commit <= last_commit_ + 1 && !StepMayTakeLong(view) &&
                      !node_->failed();
  last_commit_ = view.raft.commit;
  calm_steps_.store(little ? std::min(calm_steps_.load() + 1, kCalmSteps) : 0);
}

void NodeRunner::Publish() {
  auto view = std::make_shared<StatusView>(node_->MakeStatus());
  view->inbox_size = inbox_.size();
  NoteCalm(*view);
  const bool drained = node_->drained();
  {
    const std::lock_guard<std::mutex> lock(status_mutex_);
    status_ = std::move(view);
    if (drained == drained_) return;
    drained_ = drained;
  }
  drained_changed_.notify_all();
}

Status NodeRunner::Drain(int64_t timeout_ms) {
  Complete([](Node& node) { node.StartDrain(); });
  bool drained = false;
  {
    std::unique_lock<std::mutex> lock(status_mutex_);
    drained = drained_changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                        [this] { return drained_; });
  }
  Stop();
  if (drained) return Status::Ok();
  return Status(Code::kDeadlineExceeded,
                "Leadership or pending work could not be handed over in time");
}

void NodeRunner::Stop() {
  stopping_.store(true);
  inbox_.Wake();
  if (raft_thread_.joinable()) raft_thread_.join();
  inbox_.Close();
  snapshot_thread_.Stop();
  log_writer_.Stop();
}

bool NodeRunner::Push(InboxItem item) {
  const std::function<void(const Status&)> refuse = item.refuse;
  const Status pushed = inbox_.PushClient(std::move(item));
  if (!pushed.ok()) refuse(pushed);
  return pushed.ok();
}

// Commands are checked and encoded on the caller's thread: the raft thread is the scarce one.
void NodeRunner::Submit(coord::Command command, int64_t timeout_ms, ReplyCallback done) {
  Result<EncodedCommand> encoded = Encode(command);
  if (!encoded.ok()) {
    done(encoded.status());
    return;
  }
  const auto shared = Shared(std::move(done));
  const size_t bytes = encoded->bytes.size();
  const auto taken = std::make_shared<EncodedCommand>(std::move(encoded).value());
  Write({[taken, timeout_ms, shared](Node& node) {
           node.Submit(std::move(*taken), timeout_ms, std::move(*shared));
         },
         [shared](const Status& why) { (*shared)(why); }, bytes});
}

uint64_t NodeRunner::Acquire(coord::Command command, int64_t timeout_ms, AcquireCallback done) {
  const uint64_t number = last_number_.fetch_add(1) + 1;
  auto* acquire = std::get_if<coord::Acquire>(&command.body);
  if (acquire != nullptr) acquire->listener = IncarnationOf(config_) + number;
  Result<EncodedCommand> encoded = Encode(command);
  if (acquire == nullptr || !encoded.ok()) {
    done(acquire == nullptr ? Status(Code::kInvalidArgument, "The command is not an acquire")
                            : encoded.status());
    return number;
  }
  const auto shared = Shared(std::move(done));
  const size_t bytes = encoded->bytes.size();
  const auto taken = std::make_shared<EncodedCommand>(std::move(encoded).value());
  Write({[number, acquire = std::move(*acquire), taken, timeout_ms, shared](Node& node) {
           node.Acquire(number, acquire, std::move(*taken), timeout_ms, std::move(*shared));
         },
         [shared](const Status& why) { (*shared)(why); }, bytes});
  return number;
}

void NodeRunner::CancelAcquire(uint64_t acquire) {
  inbox_.PushCancel([acquire](Node& node) { node.CancelAcquire(acquire); });
  inbox_.Announce();
}

void NodeRunner::KeepAlive(SessionId session, int64_t timeout_ms,
                           std::function<void(Result<coord::SessionInfo>)> done) {
  const auto shared = Shared(std::move(done));
  Ask({[session, timeout_ms, shared](Node& node) {
         node.KeepAlive(session, timeout_ms, std::move(*shared));
       },
       [shared](const Status& why) { (*shared)(why); }});
}

void NodeRunner::Read(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                      ReadCallback done) {
  const auto shared = Shared(std::move(done));
  Ask({[consistency, min_revision, timeout_ms, shared](Node& node) {
         node.Read(consistency, min_revision, timeout_ms, std::move(*shared));
       },
       [shared](const Status& why) { (*shared)(why); }});
}

void NodeRunner::OpenBackup(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                            BackupCallback done) {
  const auto shared = Shared(std::move(done));
  Ask({[consistency, min_revision, timeout_ms, shared](Node& node) {
         node.OpenBackup(consistency, min_revision, timeout_ms, std::move(*shared));
       },
       [shared](const Status& why) { (*shared)(why); }});
}

uint64_t NodeRunner::Watch(coord::EventFilter filter, Revision from,
                           std::shared_ptr<WatchSink> sink) {
  const uint64_t number = last_number_.fetch_add(1) + 1;
  Ask({[number, filter = std::move(filter), from, sink](Node& node) {
         node.Watch(number, filter, from, sink);
       },
       [sink](const Status& why) { sink->OnEnd(why); }});
  return number;
}

void NodeRunner::CancelWatch(uint64_t watch) {
  inbox_.PushCancel([watch](Node& node) { node.CancelWatch(watch); });
  inbox_.Announce();
}

void NodeRunner::TransferLeadership(NodeId target, StatusCallback done) {
  const auto shared = Shared(std::move(done));
  Ask({[target, shared](Node& node) { node.TransferLeadership(target, std::move(*shared)); },
       [shared](const Status& why) { (*shared)(why); }});
}

void NodeRunner::ChangeMembers(MembershipRequest request, int64_t timeout_ms, StatusCallback done) {
  const auto shared = Shared(std::move(done));
  const auto taken =
      std::make_shared<EncodedCommand>(EncodedCommand{EncodeMembershipRequest(request), false});
  const auto answer = [shared](const Result<coord::Reply>& reply) {
    (*shared)(reply.ok() ? reply->status : reply.status());
  };
  Ask({[taken, timeout_ms, answer](Node& node) {
         node.Submit(std::move(*taken), timeout_ms, answer);
       },
       [shared](const Status& why) { (*shared)(why); }});
}

void NodeRunner::OnToldRemoved() {
  Complete([](Node& node) { node.OnToldRemoved(); });
}

Status NodeRunner::Deliver(PeerEnvelope envelope) {
  Status checked = CheckAddress(config_, envelope);
  if (!checked.ok()) {
    metrics_.peer_envelopes_rejected.Add();
    return checked;
  }
  const size_t bytes = ApproximateBytes(envelope);
  const auto shared = std::make_shared<PeerEnvelope>(std::move(envelope));
  const auto receive = [shared](Node& node) {
    (void)node.Receive(std::move(*shared)).ok();  // counted there
  };
  BATON_RETURN_IF_ERROR(inbox_.PushPeer({receive, {}, bytes}));
  RunOrAnnounce();
  return Status::Ok();
}

void NodeRunner::OnUnreachable(NodeId peer, std::vector<uint64_t> undelivered_forwards) {
  const auto report = [peer, undelivered = std::move(undelivered_forwards)](Node& node) {
    node.OnUnreachable(peer, undelivered);
  };
  (void)inbox_.PushPeer({report}).ok();
  inbox_.Announce();
}

void NodeRunner::OnSnapshotSent(NodeId peer, bool delivered) {
  Complete([peer, delivered](Node& node) { node.OnSnapshotSent(peer, delivered); });
}

void NodeRunner::OnSnapshotChunk(SnapshotChunk chunk, StatusCallback done) {
  const auto shared = Shared(std::move(done));
  const size_t bytes = chunk.bytes.size();
  const auto piece = std::make_shared<SnapshotChunk>(std::move(chunk));
  const auto refuse = [shared](const Status& why) { (*shared)(why); };
  const Status pushed = inbox_.PushPeer(
      {[piece, shared](Node& node) { node.OnSnapshotChunk(std::move(*piece), std::move(*shared)); },
       refuse, bytes});
  if (!pushed.ok()) return refuse(pushed);
  inbox_.Announce();
}

void NodeRunner::GetSnapshotReach(NodeId from, uint64_t stream, ReachCallback done) {
  const auto shared = Shared(std::move(done));
  const auto refuse = [shared](const Status& why) { (*shared)(why); };
  const Status pushed = inbox_.PushPeer(
      {[from, stream, shared](Node& node) { (*shared)(node.GetSnapshotReach(from, stream)); },
       refuse});
  if (!pushed.ok()) return refuse(pushed);
  inbox_.Announce();
}

}  // namespace

Result<std::unique_ptr<Runner>> Runner::Create(const NodeConfig& config, const NodePorts& ports) {
  NodePorts complete = ports;
  if (!complete.fatal) complete.fatal = StopProcess;
  auto runner = std::make_unique<NodeRunner>(config, complete);
  BATON_RETURN_IF_ERROR(runner->Open());
  return std::unique_ptr<Runner>(std::move(runner));
}

}  // namespace baton::node
