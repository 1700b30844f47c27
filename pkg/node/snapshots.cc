#include "pkg/node/snapshots.h"

#include <utility>

namespace baton::node {

SnapshotReceiver::~SnapshotReceiver() = default;

void SnapshotReceiver::OnChunk(Chunk chunk, Service::StatusCallback done) {
  if (Status prepared = Prepare(chunk); !prepared.ok()) {
    done(std::move(prepared));
    return;
  }
  writing_ = true;
  message_ = std::move(chunk.message);
  done_ = std::move(done);
  ++stream_->next_chunk;
  worker_->Write(stream_->writer.get(), std::move(chunk.bytes), message_.has_value());
}

Status SnapshotReceiver::Prepare(const Chunk& chunk) {
  if (writing_) {
    return Status(Code::kUnavailable, "busy", "A piece of a snapshot is being written");
  }
  if (chunk.message && !std::holds_alternative<raft::SnapshotRequest>(chunk.message->body)) {
    return Status(Code::kInvalidArgument, "message",
                  "The message of the last piece must be a SnapshotRequest");
  }
  if (chunk.number == 0) {
    stream_.reset();  // but not finished_: the core may have been told of it, and will ask for it
    Result<std::unique_ptr<SnapshotWriter>> writer = state_->BeginInstall();
    if (!writer.ok()) return writer.status();
    stream_ = Stream{chunk.from, chunk.stream, 0, std::move(writer).value()};
  }
  const bool expected = stream_ && stream_->from == chunk.from && stream_->number == chunk.stream &&
                        stream_->next_chunk == chunk.number;
  if (!expected) {
    return Status(Code::kInvalidArgument, "unexpected_chunk",
                  "This is not the next piece of the snapshot under way; start over");
  }
  return Status::Ok();
}

std::optional<raft::Message> SnapshotReceiver::OnChunkWritten(const Status& status) {
  if (!writing_) return std::nullopt;  // closed meanwhile
  writing_ = false;
  std::optional<raft::Message> message = std::move(message_);
  message_.reset();
  const Service::StatusCallback done = std::move(done_);
  if (!status.ok()) {
    stream_.reset();
    message.reset();
  } else if (message) {
    const auto& request = std::get<raft::SnapshotRequest>(message->body);
    finished_ = Finished{request.meta, std::move(stream_->writer)};
    stream_.reset();
  }
  done(status);
  return message;
}

std::unique_ptr<SnapshotWriter> SnapshotReceiver::Take(const raft::SnapshotMeta& meta) {
  if (!finished_ || finished_->meta != meta) return nullptr;
  std::unique_ptr<SnapshotWriter> writer = std::move(finished_->writer);
  finished_.reset();
  return writer;
}

void SnapshotReceiver::Close(const Status& why) {
  if (!writing_) return;
  writing_ = false;
  const Service::StatusCallback done = std::move(done_);
  done(why);
}

}  // namespace baton::node
