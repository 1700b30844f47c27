#include "pkg/node/snapshots.h"

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"

namespace baton::node {

SnapshotWritten DoSnapshotWork(StateStore* state, SnapshotWork work) {
  if (work.writer == nullptr) {
    Result<std::unique_ptr<SnapshotWriter>> begun = state->BeginInstall();
    if (!begun.ok()) return {begun.status(), nullptr};
    work.writer = std::move(begun).value();
  }
  Status status = work.writer->Append(work.chunk);
  if (status.ok() && work.last) status = work.writer->Finish();
  if (!status.ok()) work.writer.reset();
  return {std::move(status), std::move(work.writer)};
}

void SnapshotReceiver::OnChunk(Chunk chunk, Service::StatusCallback done) {
  if (Status checked = Check(chunk); !checked.ok()) {
    metrics_->snapshot_pieces_refused.Add();
    done(std::move(checked));
    return;
  }
  if (chunk.number == 0) Begin(chunk);
  writing_ = true;
  writing_bytes_ = chunk.bytes.size();
  message_ = std::move(chunk.message);
  done_ = std::move(done);
  stream_->total_bytes = chunk.total_bytes;
  stream_->last_us = time_->now_us;
  worker_->Write({std::move(stream_->writer), std::move(chunk.bytes), message_.has_value()});
}

Status SnapshotReceiver::Check(const Chunk& chunk) const {
  if (writing_ || CRUEL("node.snapshot_piece_refused")) {
    return Status(Code::kUnavailable, "busy", "A piece of a snapshot is being written");
  }
  if (chunk.message && !std::holds_alternative<raft::SnapshotRequest>(chunk.message->body)) {
    return Status(Code::kInvalidArgument, "message",
                  "The message of the last piece must be a SnapshotRequest");
  }
  return CheckNumber(chunk);
}

Status SnapshotReceiver::CheckNumber(const Chunk& chunk) const {
  const Name name{chunk.from, chunk.stream};
  const bool completed = complete_ && complete_->name == name;
  const bool under_way = stream_ && stream_->name == name;
  const uint64_t here = completed ? complete_->chunks : under_way ? stream_->next_chunk : 0;
  if (chunk.number < here) {
    return Status(Code::kConflict, "duplicate_piece", "This piece of the snapshot is here already");
  }
  if (!under_way && chunk.number > 0) {
    return Status(Code::kNotFound, "no_such_snapshot",
                  "This snapshot is not under way here, or not any more; start over");
  }
  if (chunk.number > here) {
    return Status(Code::kConflict, "piece_out_of_order",
                  "Piece " + std::to_string(here) + " of the snapshot comes next");
  }
  return Status::Ok();
}

void SnapshotReceiver::Begin(const Chunk& chunk) {
  DropStream();  // but not finished_: the core may have been told of it, and will ask for it
  stream_.emplace();
  stream_->name = {chunk.from, chunk.stream};
  stream_->begun_us = time_->now_us;
}

std::optional<raft::Message> SnapshotReceiver::OnChunkWritten(SnapshotWritten written) {
  if (!writing_) return std::nullopt;  // closed meanwhile
  writing_ = false;
  std::optional<raft::Message> message = std::exchange(message_, std::nullopt);
  const Service::StatusCallback done = std::move(done_);
  if (!written.status.ok()) {
    stream_.reset();
    message.reset();
    metrics_->snapshots_given_up.Add();
    done(written.status);
    return message;
  }
  metrics_->snapshot_pieces_received.Add();
  metrics_->snapshot_bytes_received.Add(writing_bytes_);
  ++stream_->next_chunk;
  stream_->bytes += writing_bytes_;
  stream_->writer = std::move(written.writer);
  if (message) {
    metrics_->snapshots_received.Add();
    metrics_->snapshot_receive.ObserveUs(time_->now_us - stream_->begun_us);
    DropFinished();
    const auto& request = std::get<raft::SnapshotRequest>(message->body);
    finished_ = Finished{*request.meta, std::move(stream_->writer)};
    complete_ = Complete{stream_->name, stream_->next_chunk};
    stream_.reset();
  }
  done(Status::Ok());
  return message;
}

void SnapshotReceiver::OnTick() {
  if (!stream_) return;
  const bool late = time_->now_us - stream_->last_us >= kPartKeptUs;
  if (late || CRUEL("node.snapshot_part_dropped")) DropPart();
}

void SnapshotReceiver::DropPart() {
  if (writing_ || !stream_) return;
  metrics_->snapshots_given_up.Add();
  DropStream();
}

Result<Service::SnapshotReach> SnapshotReceiver::Reach(NodeId from, uint64_t stream) const {
  const Name name{from, stream};
  if (complete_ && complete_->name == name) return Service::SnapshotReach{complete_->chunks, true};
  if (!stream_ || stream_->name != name) {
    return Status(Code::kNotFound, "no_such_snapshot",
                  "This snapshot is not under way here, or not any more; start over");
  }
  if (writing_) {
    return Status(Code::kUnavailable, "busy", "A piece of a snapshot is being written");
  }
  return Service::SnapshotReach{stream_->next_chunk, false};
}

std::optional<SnapshotTransfer> SnapshotReceiver::Progress() const {
  if (!stream_) return std::nullopt;
  SnapshotTransfer progress;
  progress.peer = stream_->name.from;
  progress.pieces = stream_->next_chunk;
  progress.bytes = stream_->bytes;
  if (stream_->total_bytes > 0) {
    progress.total_bytes = std::max(stream_->total_bytes, stream_->bytes);
  }
  progress.SetAge(time_->now_us - stream_->begun_us);
  return progress;
}

std::unique_ptr<SnapshotWriter> SnapshotReceiver::Take(const raft::SnapshotMeta& meta) {
  if (!finished_ || finished_->meta != meta) return nullptr;
  std::unique_ptr<SnapshotWriter> writer = std::move(finished_->writer);
  finished_.reset();
  return writer;
}

void SnapshotReceiver::DropFinished() {
  if (!finished_) return;
  worker_->Discard(std::move(finished_->writer));
  finished_.reset();
}

void SnapshotReceiver::DropStream() {
  if (stream_ && stream_->writer != nullptr) worker_->Discard(std::move(stream_->writer));
  stream_.reset();
}

void SnapshotReceiver::Close(const Status& why) {
  if (!writing_) return;
  writing_ = false;
  const Service::StatusCallback done = std::move(done_);
  done(why);
}

}  // namespace baton::node
