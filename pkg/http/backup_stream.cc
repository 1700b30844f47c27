#include "pkg/http/backup_stream.h"

#include <utility>

namespace baton::http {

std::shared_ptr<const void> BackupSlots::Take(const std::shared_ptr<BackupSlots>& slots) {
  if (slots->taken_.fetch_add(1) >= kBackupsMax) {
    slots->taken_.fetch_sub(1);
    return nullptr;
  }
  return {slots.get(), [slots](const void*) { slots->taken_.fetch_sub(1); }};
}

BackupStream::~BackupStream() {
  if (begun_ && !completed_) call_.context->backups->failed.Add();
}

void BackupStream::Start(node::Backup backup, node::Consistency consistency) {
  backup.header.wall_ms = call_.context->clock->WallMs();
  backup.header.version = call_.context->version;
  pieces_ = std::move(backup.pieces);
  begun_ = true;
  begun_ms_ = call_.context->clock->MonotonicMs();
  const std::string revision = std::to_string(backup.header.revision.value());
  Response head;
  head.headers.emplace_back("Content-Type", "application/octet-stream");
  head.headers.emplace_back(
      "Content-Disposition",
      "attachment; filename=\"baton-" + backup.header.cluster_id + "-" + revision + ".backup\"");
  head.headers.emplace_back("X-Revision", revision);
  head.headers.emplace_back("X-Accel-Buffering", "no");  // proxies: the limits of time are ours
  if (consistency == node::Consistency::kLinearizable) MarkLinearizable(&head);
  head.body = encoder_.Header(backup.header);
  stream_ = call_.exchange->StartStream(std::move(head));
  AskForThread();
}

void BackupStream::AskForThread() {
  const auto thread = thread_.lock();
  if (thread == nullptr) return;  // the listener has ended
  thread->After(0, [self = shared_from_this()] { self->WritePieces(); });
}

void BackupStream::WritePieces() {
  while (WritePiece()) {
    if (stream_->OnDrained([self = shared_from_this()] { self->AskForThread(); })) return;
  }
  pieces_.reset();  // frees what it pinned now, not when the last answer is sent
  stream_
      .reset();  // unless it was closed: the connection ends, and the end of the backup is missing
}

bool BackupStream::WritePiece() {
  const Result<std::string> piece = pieces_->NextChunk(kPieceBytes);
  if (!piece.ok()) {
    call_.context->logger->Log(LogLevel::kError, "backup broken off",
                               {{"reason", piece.status().ToString()}});
    return false;
  }
  if (!piece->empty()) return Write(encoder_.Piece(*piece));
  if (Write(encoder_.Trailer())) {
    stream_->Close();
    Completed();
  }
  return false;
}

bool BackupStream::Write(std::string piece) {
  const size_t bytes = piece.size();
  if (!stream_->Write(std::move(piece))) return false;
  call_.context->backups->sent_bytes.Add(bytes);
  return true;
}

void BackupStream::Completed() {
  completed_ = true;
  BackupCounters& counters = *call_.context->backups;
  counters.completed.Add();
  counters.last_success_wall_ms = call_.context->clock->WallMs();
  counters.duration.ObserveUs((call_.context->clock->MonotonicMs() - begun_ms_) * 1000);
}

}  // namespace baton::http
