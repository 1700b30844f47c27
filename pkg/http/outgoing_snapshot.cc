#include "pkg/http/outgoing_snapshot.h"

#include <algorithm>
#include <utility>

#include "pkg/http/envelope.h"

namespace baton::http {
namespace {

constexpr char kTarget[] = "/peer/v1/snapshot";

Status Stopped() { return Status(Code::kUnavailable, "stopped", "the sending was stopped"); }

// What may be cured by asking the peer how far it is: no answer, one that says "not now", or one
// that says "I have that already", which is how the second of two equal requests is answered.
bool MayBeAsked(const Status& status) {
  return status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded ||
         status.code() == Code::kConflict;
}

// The Status of an answer that is no success.
Status StatusOf(const ClientResponse& response) {
  constexpr size_t kShownBytes = 200;
  Code code = Code::kInternal;
  if (response.status == 503 || response.status == 429) code = Code::kUnavailable;
  if (response.status == 409) code = Code::kConflict;
  return Status(code, "refused",
                "the peer answered " + std::to_string(response.status) + " " +
                    response.body.substr(0, kShownBytes));
}

}  // namespace

OutgoingSnapshot::OutgoingSnapshot(const OutgoingSnapshotOptions& options, PeerLink* link,
                                   Client* client, SharedTokenBucket* bandwidth, uint64_t stream)
    : options_(options),
      link_(link),
      client_(client),
      bandwidth_(bandwidth),
      stream_(stream),
      begun_us_(link->clock->MonotonicUs()) {
  progress_.peer = link->peer;
}

Status OutgoingSnapshot::Run(const raft::Message& message, node::SnapshotReader* snapshot,
                             const Wait& wait) {
  Result<std::string> piece = snapshot->NextChunk(options_.piece_bytes);
  while (true) {
    if (!piece.ok()) return piece.status();
    // One piece ahead, because the last one is marked by the message it carries.
    Result<std::string> next = snapshot->NextChunk(options_.piece_bytes);
    if (!next.ok()) return next.status();
    const bool last = next->empty();
    const size_t bytes = piece->size();
    const ClientRequest request = PieceRequest(*std::move(piece), last ? &message : nullptr);
    BATON_RETURN_IF_ERROR(Deliver(request, last, wait));
    CountPiece(bytes, snapshot->TotalBytesAbout());
    if (last) return Status::Ok();
    piece = std::move(next);
    ++number_;
  }
}

ClientRequest OutgoingSnapshot::PieceRequest(std::string bytes,
                                             const raft::Message* message) const {
  SnapshotPiece piece;
  piece.cluster_id = link_->cluster_id;
  piece.to = link_->peer;
  piece.chunk.from = link_->self;
  piece.chunk.stream = stream_;
  piece.chunk.number = number_;
  piece.chunk.total_bytes = Progress().total_bytes;
  piece.chunk.bytes = std::move(bytes);
  if (message != nullptr) piece.chunk.message = *message;
  ClientRequest request;
  request.method = "POST";
  request.target = kTarget;
  request.headers["Content-Type"] = "application/octet-stream";
  request.body = EncodeSnapshotPiece(piece);
  return request;
}

Status OutgoingSnapshot::Deliver(const ClientRequest& piece, bool last, const Wait& wait) {
  const int64_t deadline_ms = link_->clock->MonotonicMs() + options_.resume_ms;
  pause_ms_ = options_.pause_first_ms;
  while (true) {
    const auto bytes = static_cast<int64_t>(piece.body.size());
    if (!wait(bandwidth_->Take(bytes, link_->clock->MonotonicUs()))) return Stopped();
    link_->sent_bytes.Add(piece.body.size());
    const Result<ClientResponse> response = client_->Send(piece);
    if (response.ok() && response->status == 204) return Status::Ok();
    const Status failed = response.ok() ? StatusOf(*response) : response.status();
    // Before the first piece is there nothing can be gone on with, and somebody else may do better.
    if (number_ == 0 || !MayBeAsked(failed)) return failed;
    const Result<bool> arrived = AskForPiece(failed, last, deadline_ms, wait);
    if (!arrived.ok()) return arrived.status();
    link_->snapshot_resumes.Add();
    {
      const std::lock_guard lock(mutex_);
      ++progress_.resumes;
    }
    if (*arrived) return Status::Ok();
  }
}

Result<bool> OutgoingSnapshot::AskForPiece(const Status& why, bool last, int64_t deadline_ms,
                                           const Wait& wait) {
  while (true) {
    if (!wait(pause_ms_ * 1000)) return Stopped();
    pause_ms_ = std::min(pause_ms_ * 2, options_.pause_max_ms);
    if (link_->clock->MonotonicMs() >= deadline_ms) return why;
    const Result<node::Service::SnapshotReach> reach = Ask();
    if (!reach.ok() && reach.status().code() == Code::kUnavailable) continue;
    if (!reach.ok()) return why;
    if (reach->next_chunk == number_ && !reach->complete) return false;
    if (reach->next_chunk == number_ + 1 && reach->complete == last) return true;
    return Status(Code::kInternal, "lost_pieces", "the peer has lost pieces of the snapshot");
  }
}

Result<node::Service::SnapshotReach> OutgoingSnapshot::Ask() {
  ClientRequest request;
  request.target = std::string(kTarget) + "?cluster_id=" + PercentEncode(link_->cluster_id) +
                   "&from=" + std::to_string(link_->self.value()) +
                   "&to=" + std::to_string(link_->peer.value()) +
                   "&stream=" + std::to_string(stream_);
  const Result<ClientResponse> response = client_->Send(request);
  if (!response.ok()) return Status(Code::kUnavailable, response.status().message());
  if (response->status != 200) return StatusOf(*response);
  return DecodeSnapshotReach(response->body);
}

void OutgoingSnapshot::CountPiece(size_t bytes, uint64_t total_bytes) {
  link_->snapshot_pieces.Add();
  link_->snapshot_bytes.Add(bytes);
  const std::lock_guard lock(mutex_);
  ++progress_.pieces;
  progress_.bytes += bytes;
  progress_.total_bytes = std::max(total_bytes, total_bytes == 0 ? 0 : progress_.bytes);
}

node::SnapshotTransfer OutgoingSnapshot::Progress() const {
  const int64_t age_us = link_->clock->MonotonicUs() - begun_us_;
  const std::lock_guard lock(mutex_);
  node::SnapshotTransfer progress = progress_;
  progress.SetAge(age_us);
  return progress;
}

}  // namespace baton::http
