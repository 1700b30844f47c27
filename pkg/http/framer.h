// File: framer.h
//
// The guard: cuts HTTP/1.x requests out of the bytes of one connection. Everything that comes after
// it (the library, the routes, the handlers) only ever sees a request that is complete, within all
// bounds, and that has one reading. What has none is an error; after an error nothing more is read
// from these bytes, so that no second request can hide in them.
//
//   bytes -> [ head line by line | body by length or by chunks ] -> FramedRequest
//                               \-> FramingError (4xx, 501, 505), and the connection must close
//
// The result does not depend on how the bytes were cut into pieces. Pure: no socket, no clock.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/http/chunked_body.h"
#include "pkg/http/framing_error.h"
#include "pkg/http/limits.h"
#include "pkg/http/line_reader.h"
#include "pkg/http/request_head.h"

namespace baton::http {

struct FramedRequest {
  RequestHead head;
  std::string body;  // de-chunked
  bool keep_alive = true;
};

class Framer {
 public:
  enum class Phase {
    kIdle,      // no byte of the next request has been seen
    kHead,      // within the request line and the headers
    kBody,      // the head is complete and well-formed
    kComplete,  // TakeRequest()
    kFailed,    // error(); for good
  };

  explicit Framer(const Limits& limits) : limits_(limits) {}

  // Takes bytes up to the end of the current request and returns how many. In kComplete and kFailed
  // it takes none.
  size_t Consume(std::string_view bytes);

  Phase phase() const { return phase_; }
  // Only in kComplete; the framer is then kIdle, ready for the next request.
  FramedRequest TakeRequest();
  // Only in kFailed.
  const FramingError& error() const { return error_; }

  // The client waits for "100 Continue" before it sends the body, and has sent none of it yet.
  bool ClientWaitsForContinue() const;
  // The caller has sent it.
  void ContinueWasSent() { plan_.expects_continue = false; }

  // What this request holds in memory.
  size_t buffered_bytes() const { return line_reader_.held_bytes() + header_bytes_ + body_.size(); }

 private:
  void Begin(char first);
  void ConsumeHead(std::string_view* bytes);
  void ConsumeBody(std::string_view* bytes);
  void TakeLine(std::string_view line);
  void TakeRequestLine(std::string_view line);
  void TakeFieldLine(std::string_view line);
  void EndHead();
  void FailTooLong();
  void Fail(FramingError error);
  size_t LineBytesMax() const;

  const Limits limits_;
  Phase phase_ = Phase::kIdle;
  LineReader line_reader_;
  bool has_request_line_ = false;
  bool skipped_empty_line_ = false;
  size_t header_bytes_ = 0;
  RequestHead head_;
  BodyPlan plan_;
  std::optional<ChunkedBody> chunks_;
  bool body_started_ = false;
  std::string body_;
  FramingError error_;
};

}  // namespace baton::http
