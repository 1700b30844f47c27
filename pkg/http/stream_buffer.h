// File: stream_buffer.h
//
// What a streamed response has been given and the client has not yet taken. Filled by any thread,
// emptied by the loop. Bounded for one stream and, by StreamBudget, for all of a server.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/http/output_piece.h"
#include "pkg/http/stream_budget.h"

namespace baton::http {

class StreamBuffer {
 public:
  static constexpr size_t kLastPieceBytesMax = 4096;
  // Shorter texts are copied: a piece of its own costs about a tenth of that.
  static constexpr size_t kSharedBytesMin = 4096;

  StreamBuffer(std::shared_ptr<StreamBudget> budget, size_t bytes_max, bool chunked)
      : budget_(std::move(budget)), bytes_max_(bytes_max), chunked_(chunked) {}
  ~StreamBuffer() { Stop(); }
  StreamBuffer(const StreamBuffer&) = delete;
  StreamBuffer& operator=(const StreamBuffer&) = delete;

  enum class Appended {
    kRefused,  // dropped, and so is everything later
    kFirst,    // the loop has nothing else to take: it must be told
    kMore,     // the loop will find it beside what it has not taken yet
  };

  // The writer's side.
  Appended Append(std::string_view piece);
  Appended AppendShared(SharedText text);
  // As ResponseStream's.
  bool OnDrained(std::function<void()> drained);
  void Close();  // nothing more comes; what was queued goes out, then the last chunk
  // As Close, after one more piece of at most kLastPieceBytesMax, which is taken over the bound and
  // over the budget: it says why the stream ends, and where to go on.
  void CloseWith(std::string_view last_piece);
  void Abandon();  // unless closed: nothing more comes, and the end is missing

  // The loop's side.
  struct Taken {
    std::vector<OutputPiece> pieces;  // ready for the wire
    bool closed = false;
    bool abandoned = false;
  };
  Taken Take();
  // Of what was taken, so much is not yet sent.
  void SetUnsent(size_t bytes);
  // The client is gone: drops everything, refuses everything.
  void Stop();

 private:
  struct Unsent {
    size_t bytes = 0;
    SharedText shared;
  };

  bool Fits(size_t bytes) const;
  bool Charge(size_t own_bytes, const SharedText& text);
  void AddOwn(std::string_view before, std::string_view piece, std::string_view after);
  void DropSent(size_t bytes);

  const std::shared_ptr<StreamBudget> budget_;
  const size_t bytes_max_;
  const bool chunked_;
  std::mutex mutex_;
  // State below is protected by mutex_.
  std::vector<OutputPiece> pending_;
  size_t pending_bytes_ = 0;
  std::vector<Unsent> taken_;  // in the order of the wire,
  size_t taken_first_ = 0;     // from here
  size_t taken_unsent_ = 0;
  std::function<void()> drained_;
  bool refusing_ = false;  // closed, stopped, or over the bound once
  bool closed_ = false;
  bool abandoned_ = false;
  bool stopped_ = false;
};

}  // namespace baton::http
