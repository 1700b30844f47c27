#include "pkg/http/stream_buffer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace baton::http {
namespace {

// What stands around a piece on the wire.
struct Frame {
  std::string head;
  std::string_view tail;
  size_t size() const { return head.size() + tail.size(); }
};

Frame FrameOf(size_t piece_bytes, bool chunked) {
  if (!chunked) return {};
  std::array<char, 24> head{};
  const int length = std::snprintf(head.data(), head.size(), "%zx\r\n", piece_bytes);
  return {std::string(head.data(), static_cast<size_t>(length)), "\r\n"};
}

}  // namespace

StreamBuffer::Appended StreamBuffer::Append(std::string_view piece) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (refusing_) return Appended::kRefused;
  // An empty chunk would end the body.
  if (piece.empty()) return Appended::kMore;
  const Frame frame = FrameOf(piece.size(), chunked_);
  if (!Charge(frame.size() + piece.size(), nullptr)) return Appended::kRefused;
  const bool first = pending_.empty();
  AddOwn(frame.head, piece, frame.tail);
  return first ? Appended::kFirst : Appended::kMore;
}

StreamBuffer::Appended StreamBuffer::AppendShared(SharedText text) {
  if (text->size() < kSharedBytesMin) return Append(*text);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (refusing_) return Appended::kRefused;
  const Frame frame = FrameOf(text->size(), chunked_);
  if (!Charge(frame.size(), text)) return Appended::kRefused;
  const bool first = pending_.empty();
  AddOwn(frame.head, "", "");
  pending_bytes_ += text->size();
  pending_.push_back({"", std::move(text)});
  AddOwn("", "", frame.tail);
  return first ? Appended::kFirst : Appended::kMore;
}

bool StreamBuffer::Fits(size_t bytes) const {
  const size_t unsent = pending_bytes_ + taken_unsent_;
  // A reader that has taken everything is not slow, however large the next piece is.
  if (unsent == 0) return true;
  return unsent + bytes <= std::min(bytes_max_, budget_->share_bytes());
}

// All or nothing; what is refused is the end of the stream.
bool StreamBuffer::Charge(size_t own_bytes, const SharedText& text) {
  const size_t bytes = own_bytes + (text == nullptr ? 0 : text->size());
  refusing_ = true;
  if (!Fits(bytes) || !budget_->Take(own_bytes)) return false;
  if (text != nullptr && !budget_->TakeShared(text.get())) {
    budget_->Return(own_bytes);
    return false;
  }
  refusing_ = false;
  return true;
}

void StreamBuffer::AddOwn(std::string_view before, std::string_view piece, std::string_view after) {
  const size_t bytes = before.size() + piece.size() + after.size();
  if (bytes == 0) return;
  if (pending_.empty() || pending_.back().shared != nullptr) pending_.emplace_back();
  pending_.back().own.append(before).append(piece).append(after);
  pending_bytes_ += bytes;
}

void StreamBuffer::CloseWith(std::string_view last_piece) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_ || abandoned_ || stopped_) return;
  refusing_ = true;
  closed_ = true;
  const bool sent_at_all = !last_piece.empty() && last_piece.size() <= kLastPieceBytesMax;
  if (!sent_at_all) return;
  const Frame frame = FrameOf(last_piece.size(), chunked_);
  budget_->TakeAnyway(frame.size() + last_piece.size());
  AddOwn(frame.head, last_piece, frame.tail);
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
  Taken taken{std::exchange(pending_, {}), closed_, abandoned_};
  for (const OutputPiece& piece : taken.pieces) taken_.push_back({piece.size(), piece.shared});
  taken_unsent_ += std::exchange(pending_bytes_, 0);
  if (taken.closed && chunked_) taken.pieces.push_back({"0\r\n\r\n", nullptr});
  return taken;
}

void StreamBuffer::SetUnsent(size_t bytes) {
  std::function<void()> drained;  // called, or dropped, outside the lock
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bytes < taken_unsent_) DropSent(taken_unsent_ - bytes);
    if (pending_bytes_ + taken_unsent_ == 0) drained.swap(drained_);
  }
  if (drained != nullptr) drained();
}

bool StreamBuffer::OnDrained(std::function<void()> drained) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!stopped_ && pending_bytes_ + taken_unsent_ == 0) return false;
  if (!stopped_) drained_.swap(drained);
  return true;
}

void StreamBuffer::DropSent(size_t bytes) {
  taken_unsent_ -= bytes;
  while (bytes > 0) {
    Unsent& first = taken_[taken_first_];
    const size_t part = std::min(bytes, first.bytes);
    bytes -= part;
    first.bytes -= part;
    if (first.shared == nullptr) budget_->Return(part);
    if (first.bytes > 0) return;
    if (first.shared != nullptr) budget_->ReturnShared(first.shared.get());
    first.shared.reset();
    ++taken_first_;
  }
  if (taken_unsent_ > 0) return;
  taken_ = {};
  taken_first_ = 0;
}

void StreamBuffer::Stop() {
  std::function<void()> drained;  // may hold the writer, and with it this buffer's last owner
  const std::lock_guard<std::mutex> lock(mutex_);
  drained.swap(drained_);
  refusing_ = true;
  stopped_ = true;
  for (const OutputPiece& piece : pending_) taken_.push_back({piece.size(), piece.shared});
  pending_.clear();
  taken_unsent_ += std::exchange(pending_bytes_, 0);
  DropSent(taken_unsent_);
}

}  // namespace baton::http
