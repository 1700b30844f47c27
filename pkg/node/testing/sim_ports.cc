// The network and the disk of a SimCluster, as one node sees them.
#include <algorithm>
#include <utility>

#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

constexpr int64_t kSnapshotTimeoutUs = 2'000'000;

}  // namespace

bool SimTransport::Send(NodeId to, PeerMessage message) {
  if (outbox_full_) return false;
  PeerEnvelope envelope;
  envelope.cluster_id = "0123456789abcdef";
  envelope.from = self_;
  envelope.to = to;
  envelope.stamp = stamp_;
  envelope.messages.push_back(std::move(message));
  cluster_->Deliver(std::move(envelope));
  return true;
}

void SimTransport::SendSnapshot(NodeId to, raft::Message message,
                                std::unique_ptr<SnapshotReader> snapshot) {
  auto stream = std::make_shared<Stream>();
  stream->to = to;
  stream->life = cluster_->At(self_).life;
  stream->number = ++last_stream_;
  stream->message = std::move(message);
  stream->reader = std::move(snapshot);
  Result<std::string> first = stream->reader->NextChunk(cluster_->options_.snapshot_chunk_bytes);
  CHECK(first.ok());
  stream->chunk = std::move(first).value();
  streams_[to] = stream;
  size_t under_way = 0;
  for (const auto& [peer, other] : streams_) under_way += other->ended || other->cancelled ? 0 : 1;
  snapshots_at_once_ = std::max(snapshots_at_once_, under_way);
  cluster_->AfterOn(self_, 0, [this, stream](Node&) { SendChunk(stream); });
}

void SimTransport::CancelSnapshot(NodeId to) {
  const auto stream = streams_.find(to);
  CHECK(stream != streams_.end()) << "nothing was sent to " << to;
  stream->second->cancelled = true;
  ++cancelled_snapshots_;
}

void SimTransport::SendChunk(const std::shared_ptr<Stream>& stream) {
  if (stream->cancelled || cluster_->At(self_).life != stream->life) return;
  const auto give_up = [this, stream, to = stream->to] {
    cluster_->AfterOn(self_, 100'000, [to, stream](Node& node) {
      stream->ended = true;
      if (!stream->cancelled) node.OnSnapshotSent(to, false);
    });
  };
  if (!cluster_->Connected(self_, stream->to) || !cluster_->alive(stream->to)) {
    give_up();
    return;
  }
  Result<std::string> next = stream->reader->NextChunk(cluster_->options_.snapshot_chunk_bytes);
  CHECK(next.ok());
  Service::SnapshotChunk chunk;
  chunk.from = self_;
  chunk.stream = stream->number;
  chunk.number = stream->next_chunk++;
  chunk.bytes = std::move(stream->chunk);
  stream->chunk = std::move(next).value();
  const bool last = stream->chunk.empty();
  if (last) chunk.message = stream->message;
  const auto answered = std::make_shared<bool>(false);
  const auto written = [this, stream, last, give_up, answered](const Status& status) {
    if (*answered || stream->cancelled || cluster_->At(self_).life != stream->life) return;
    const bool heard = cluster_->Connected(stream->to, self_);
    if (status.code() != Code::kDeadlineExceeded && !heard) return;
    *answered = true;
    const int64_t way_back_us = cluster_->network_.DelayUs(stream->to, self_, cluster_->now_us_);
    if (!status.ok()) {
      give_up();
    } else if (last) {
      cluster_->AfterOn(self_, way_back_us, [stream](Node& node) {
        stream->ended = true;
        node.OnSnapshotSent(stream->to, true);
      });
    } else {
      cluster_->AfterOn(self_, way_back_us, [this, stream](Node&) { SendChunk(stream); });
    }
  };
  const int64_t way_us = cluster_->network_.DelayUs(self_, stream->to, cluster_->now_us_);
  cluster_->AfterOn(stream->to, way_us,
                    [chunk, written](Node& node) { node.OnSnapshotChunk(chunk, written); });
  cluster_->AfterOn(self_, kSnapshotTimeoutUs, [written](Node&) {
    written(Status(Code::kDeadlineExceeded, "the receiver does not answer"));
  });
}

// --- disk ---

void SimLogWriter::Write(WriteJob job) {
  jobs_.push_back({std::move(job), std::nullopt});
  StartSync();
}

void SimLogWriter::Compact(raft::SnapshotMeta start) {
  jobs_.push_back({std::nullopt, std::move(start)});
  StartSync();
}

// All jobs that wait are done together, as the real one does; those that come meanwhile are next.
void SimLogWriter::StartSync() {
  if (held_ || jobs_under_way_ > 0 || jobs_.empty()) return;
  jobs_under_way_ = jobs_.size();
  const SimCluster::Place& place = cluster_->At(self_);
  int64_t latency_us = cluster_->options_.disk_latency_us;
  if (place.disk_latency_max_us > 0) {
    latency_us += static_cast<int64_t>(
        cluster_->disk_random_.Below(static_cast<uint64_t>(place.disk_latency_max_us)));
  }
  cluster_->After(latency_us, [this, life = place.life] {
    // A disk works on while the process is paused; it stops with a crash.
    if (cluster_->At(self_).life == life) FinishSync();
  });
}

void SimLogWriter::FinishSync() {
  if (held_) {  // it hangs; it is begun again when it is let go
    jobs_under_way_ = 0;
    return;
  }
  for (; jobs_under_way_ > 0; --jobs_under_way_) {
    if (!DoNext()) return jobs_.clear();  // the process is about to end
  }
  StartSync();
}

void SimLogWriter::Crash(bool first_is_done) {
  SimCluster::Place& place = cluster_->At(self_);
  const bool in_memory = place.used_log == place.log.get();
  if (first_is_done && in_memory && !jobs_.empty() && jobs_.front().write) {
    const WriteJob& job = *jobs_.front().write;
    const bool done = place.used_log->Write({&job.write, 1}, job.must_sync).ok();
    if (done && cluster_->observer_ != nullptr) {
      cluster_->observer_->OnWritten(self_, job.write, job.must_sync);
    }
  }
  jobs_.clear();
  jobs_under_way_ = 0;
  held_ = false;
}

// A disk that fails ends the process.
bool SimLogWriter::Survives(const Status& done) {
  if (done.ok()) return true;
  cluster_->After(0, [this] {
    if (cluster_->alive(self_)) cluster_->Crash(self_);
  });
  return false;
}

bool SimLogWriter::DoNext() {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  SimCluster::Place& place = cluster_->At(self_);
  if (std::exchange(place.fail_next_write, false)) {
    return Survives(Status(Code::kIo, "the disk fails, as it was told to"));
  }
  if (job.compact) {
    if (!Survives(place.used_state->Sync())) return false;
    if (!Survives(place.used_log->Compact(*job.compact))) return false;
    if (cluster_->observer_ != nullptr) cluster_->observer_->OnCompacted(self_, *job.compact);
    cluster_->AfterOn(self_, 0, [](Node& node) { node.OnCompacted(); });
    return true;
  }
  if (!Survives(place.used_log->Write({&job.write->write, 1}, job.write->must_sync))) return false;
  if (cluster_->observer_ != nullptr) {
    cluster_->observer_->OnWritten(self_, job.write->write, job.write->must_sync);
  }
  for (raft::Message& message : job.write->messages) {
    const NodeId to = message.to;
    place.transport->Send(to, std::move(message));
  }
  cluster_->AfterOn(self_, 0, [mark = job.write->mark](Node& node) { node.OnPersisted(mark); });
  return true;
}

void SimSnapshotWorker::Write(SnapshotWork work) {
  const auto written = std::make_shared<SnapshotWritten>(
      DoSnapshotWork(cluster_->At(self_).used_state, std::move(work)));
  cluster_->AfterOn(self_, cluster_->options_.disk_latency_us,
                    [written](Node& node) { node.OnChunkWritten(std::move(*written)); });
}

}  // namespace baton::node::testing
