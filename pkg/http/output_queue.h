// File: output_queue.h
//
// Bytes on their way to one client, in order. Bounded by its user: one response, or what a stream's
// buffer lets through. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/http/event_loop.h"
#include "pkg/http/output_piece.h"

namespace baton::http {

class OutputQueue {
 public:
  void Add(OutputPiece piece) {
    if (piece.size() == 0) return;
    bytes_ += piece.size();
    pieces_.push_back(std::move(piece));
  }

  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }

  // The first pieces, for one Write. Returns how many.
  size_t Front(std::array<std::string_view, kWritePiecesMax>* front) const {
    const size_t count = std::min(front->size(), pieces_.size() - first_);
    for (size_t i = 0; i < count; ++i) (*front)[i] = pieces_[first_ + i].view();
    if (count > 0) (*front)[0].remove_prefix(offset_);
    return count;
  }

  // So many bytes at the front are sent.
  void Drop(size_t sent) {
    bytes_ -= sent;
    while (sent > 0) {
      const size_t left = pieces_[first_].size() - offset_;
      if (sent < left) {
        offset_ += sent;
        return;
      }
      sent -= left;
      offset_ = 0;
      pieces_[first_++] = OutputPiece();
    }
    if (bytes_ == 0) {
      pieces_.clear();
      first_ = 0;
    }
  }

 private:
  std::vector<OutputPiece> pieces_;
  size_t first_ = 0;   // pieces before it are sent
  size_t offset_ = 0;  // and so much of that one
  size_t bytes_ = 0;
};

}  // namespace baton::http
