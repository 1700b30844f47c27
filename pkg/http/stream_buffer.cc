#include "pkg/http/stream_buffer.h"

#include <array>
#include <cstdio>
#include <utility>

namespace baton::http {
namespace {

std::string ChunkHead(size_t size) {
  std::array<char, 24> head{};
  const int length = std::snprintf(head.data(), head.size(), "%zx\r\n", size);
  return std::string(head.data(), static_cast<size_t>(length));
}

}  // namespace

bool StreamBudget::Take(size_t bytes) {
  if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
  Return(bytes);
  return false;
}

StreamBuffer::Appended StreamBuffer::Append(std::string_view piece) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (refusing_) return Appended::kRefused;
  // An empty chunk would end the body.
  if (piece.empty()) return Appended::kMore;
  const std::string framed = Framed(piece);
  const size_t unsent = pending_.size() + taken_unsent_;
  // A reader that has taken everything is not slow, however large the next piece is.
  const bool fits = unsent == 0 || unsent + framed.size() <= bytes_max_;
  if (!fits || !budget_->Take(framed.size())) {
    refusing_ = true;
    return Appended::kRefused;
  }
  const bool first = pending_.empty();
  pending_.append(framed);
  return first ? Appended::kFirst : Appended::kMore;
}

std::string StreamBuffer::Framed(std::string_view piece) const {
  if (!chunked_) return std::string(piece);
  return ChunkHead(piece.size()).append(piece).append("\r\n");
}

void StreamBuffer::CloseWith(std::string_view last_piece) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_ || abandoned_ || stopped_) return;
  refusing_ = true;
  closed_ = true;
  const bool sent_at_all = !last_piece.empty() && last_piece.size() <= kLastPieceBytesMax;
  if (!sent_at_all) return;
  const std::string framed = Framed(last_piece);
  budget_->TakeAnyway(framed.size());
  pending_.append(framed);
}

void StreamBuffer::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  refusing_ = true;
  closed_ = closed_ || !abandoned_;
}

void StreamBuffer::Abandon() {
  const std::lock_guard<std::mutex> lock(mutex_);
  refusing_ = true;
  abandoned_ = abandoned_ || !closed_;
}

StreamBuffer::Taken StreamBuffer::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Taken taken{std::move(pending_), closed_, abandoned_};
  pending_ = std::string();
  taken_unsent_ += taken.bytes.size();
  if (taken.closed && chunked_) taken.bytes.append("0\r\n\r\n");
  return taken;
}

void StreamBuffer::SetUnsent(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (bytes >= taken_unsent_) return;
  budget_->Return(taken_unsent_ - bytes);
  taken_unsent_ = bytes;
}

void StreamBuffer::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  refusing_ = true;
  stopped_ = true;
  budget_->Return(pending_.size() + taken_unsent_);
  pending_ = std::string();
  taken_unsent_ = 0;
}

}  // namespace baton::http
