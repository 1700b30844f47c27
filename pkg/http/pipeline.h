// File: pipeline.h
//
// Requests on their way to a peer, over one connection: each is written without waiting for the
// answer to the one before. They arrive, and are answered, in their order.
//
//   Add --> written --> answered 2xx: delivered
//             |  \----> another answer, none in time, not HTTP: all that is in flight is lost
//             \-------> the connection ends: if it has answered anything before, a new one is made
//                       and what is in flight sent again, else lost
//
// To wake up for each answer would cost more than to send a request. So answers are read together:
// when there is no room for another request, or when for kAnswersGatherMs nothing was added. But
// now and then the answer to one request is waited for, to know how long the way there and back is,
// and the end of a connection is seen at once.
//
// So a server may close a connection whenever it likes (it is idle, it has served its share of
// requests), and that costs no message. What is sent to a peer may always arrive twice. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/http/answer_reader.h"
#include "pkg/http/base_url.h"
#include "pkg/http/peer_link.h"
#include "pkg/http/peer_socket.h"

namespace baton::http {

struct PipelineOptions {
  std::string target = "/";  // what is POSTed to
  // Of requests that are not answered; one is always allowed, however large.
  size_t requests_max = 8;
  size_t bytes_max = 8 << 20;
  int64_t connect_timeout_ms = 500;
  // A peer that takes or answers nothing for so long is given up.
  int64_t silence_max_ms = 2'000;
};

// What is remembered of the messages in a body.
struct Cargo {
  size_t messages = 0;
  std::vector<uint64_t> forwards;  // the ids of the ForwardRequests among them
};

struct LostCargo {
  size_t messages = 0;
  // Of forwards that certainly did not arrive: nothing of them was ever written, or the peer has
  // answered that it did not take them.
  std::vector<uint64_t> undelivered_forwards;
};

class Pipeline {
 public:
  static constexpr int64_t kAnswersGatherMs = 5;
  // So often the way there and back is measured.
  static constexpr int64_t kRoundTripIntervalMs = 100;

  // `stopped` is asked when the wakeup is rung. Link and wakeup must outlive the pipeline.
  Pipeline(const PipelineOptions& options, const HostAndPort& server, PeerLink* link,
           Wakeup* wakeup, std::function<bool()> stopped);

  bool HasRoom() const;
  bool empty() const { return in_flight_.empty(); }
  uint64_t answered_total() const { return answered_total_; }

  // Whether the peer has said, on this connection, that it reads requests in CBOR. Another process
  // may be behind the next one.
  bool takes_cbor() const { return takes_cbor_; }

  // Takes effect with the next Advance. Requires HasRoom(). `cargo`: what is in the body, for
  // Clear.
  void Add(std::string_view content_type, std::string body, Cargo cargo);
  // Does what can be done now: connects (which takes as long as it takes), writes, reads answers.
  // Not OK: all that was in flight is lost, and Clear comes next. kUnavailable, kDeadlineExceeded.
  Status Advance();
  // Until Advance has something to do, the wakeup is rung, or answers were left to gather for long
  // enough.
  void Wait();
  // Forgets what is in flight, closes the connection, and says what that was.
  LostCargo Clear();

 private:
  struct InFlight {
    std::string head;
    std::string body;
    Cargo cargo;
    size_t written_bytes = 0;
    bool timed = false;      // its answer is waited for
    int begun_times = 0;     // on how many connections it was written, in part at least
    bool refused = false;    // the peer, and no proxy on the way, says that it did not take it
    int64_t begun_us = 0;    // its first byte was written, if any was
    int64_t written_us = 0;  // its last byte was
    size_t bytes() const { return head.size() + body.size(); }
    bool written() const { return written_bytes == bytes(); }
  };

  Status Connect();
  // Not OK as Advance. `ended`: the connection has.
  Status ReadAnswers(bool* ended);
  Status TakeAnswers(std::string_view bytes);
  void WriteRequests(bool* ended);
  // Of those that have not been answered, all are to be written again.
  void Rewind();
  // Nobody waits for an answer.
  bool MayGather() const { return gathering_ && !timing_ && !empty() && HasRoom(); }
  int64_t SilenceMs() const;

  const PipelineOptions options_;
  const std::string head_start_;  // up to the type of the body
  PeerLink* const link_;
  const std::function<bool()> stopped_;
  PeerSocket socket_;
  std::vector<char> scratch_;

  std::deque<InFlight> in_flight_;
  size_t in_flight_bytes_ = 0;
  size_t next_to_write_ = 0;  // place in in_flight_
  bool readable_ = false;
  bool gathering_ = false;          // there was something to do within kAnswersGatherMs
  bool timing_ = false;             // one of those in flight, and no more, is timed
  int64_t next_round_trip_us_ = 0;  // is measured then, or later
  AnswerReader reader_;
  bool takes_cbor_ = false;
  uint64_t answered_total_ = 0;
  uint64_t answered_here_ = 0;   // by this connection
  int64_t last_written_us_ = 0;  // or could have
  int64_t last_heard_us_ = 0;
};

}  // namespace baton::http
