// File: stream_buffer.h
//
// What a streamed response has been given and the client has not yet taken. Filled by any thread,
// emptied by the loop. Bounded for one stream and, by StreamBudget, for all of a server.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace baton::http {

// Unsent bytes of all streams of one server. Any thread.
class StreamBudget {
 public:
  explicit StreamBudget(size_t bytes_max) : bytes_max_(bytes_max) {}

  bool Take(size_t bytes);
  // Over the bound, if need be: for what is small, and comes once in a stream.
  void TakeAnyway(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Return(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> used_{0};
};

class StreamBuffer {
 public:
  static constexpr size_t kLastPieceBytesMax = 4096;

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
  void Close();  // nothing more comes; what was queued goes out, then the last chunk
  // As Close, after one more piece of at most kLastPieceBytesMax, which is taken over the bound and
  // over the budget: it says why the stream ends, and where to go on.
  void CloseWith(std::string_view last_piece);
  void Abandon();  // unless closed: nothing more comes, and the end is missing

  // The loop's side.
  struct Taken {
    std::string bytes;  // ready for the wire
    bool closed = false;
    bool abandoned = false;
  };
  Taken Take();
  // Of what was taken, so much is not yet sent.
  void SetUnsent(size_t bytes);
  // The client is gone: drops everything, refuses everything.
  void Stop();

 private:
  std::string Framed(std::string_view piece) const;

  const std::shared_ptr<StreamBudget> budget_;
  const size_t bytes_max_;
  const bool chunked_;
  std::mutex mutex_;
  // State below is protected by mutex_.
  std::string pending_;
  size_t taken_unsent_ = 0;
  bool refusing_ = false;  // closed, stopped, or over the bound once
  bool closed_ = false;
  bool abandoned_ = false;
  bool stopped_ = false;
};

}  // namespace baton::http
