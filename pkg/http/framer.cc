#include "pkg/http/framer.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"

namespace baton::http {
namespace {

// Memory for a body that was only announced is taken no faster than its bytes can come.
constexpr size_t kBodyReserveBytesMax = 64 * 1024;

}  // namespace

size_t Framer::Consume(std::string_view bytes) {
  const size_t size = bytes.size();
  while (!bytes.empty() && phase_ != Phase::kComplete && phase_ != Phase::kFailed) {
    switch (phase_) {
      case Phase::kIdle:
        Begin(bytes.front());
        break;
      case Phase::kHead:
        ConsumeHead(&bytes);
        break;
      default:
        ConsumeBody(&bytes);
        break;
    }
  }
  return size - bytes.size();
}

void Framer::Begin(char first) {
  phase_ = Phase::kHead;
  // TLS, SSH and other strangers speak without line ends: they are told at their first byte. A
  // line end is left to the line reader.
  if (!IsTokenCharacter(first) && first != '\r' && first != '\n') {
    Fail(BadFraming("malformed_request_line", "this is not an HTTP/1.1 request"));
  }
}

FramedRequest Framer::TakeRequest() {
  CHECK(phase_ == Phase::kComplete);
  FramedRequest request{std::move(head_), std::move(body_), plan_.keep_alive};
  phase_ = Phase::kIdle;
  line_reader_ = LineReader();
  has_request_line_ = false;
  skipped_empty_line_ = false;
  header_bytes_ = 0;
  head_ = RequestHead();
  plan_ = BodyPlan();
  chunks_.reset();
  body_started_ = false;
  body_ = std::string();
  return request;
}

bool Framer::ClientWaitsForContinue() const {
  return phase_ == Phase::kBody && plan_.expects_continue && !body_started_;
}

size_t Framer::LineBytesMax() const {
  if (!has_request_line_) return limits_.request_line_bytes_max;
  // The empty line that ends the head is not counted, so there is always room for it.
  const size_t left = limits_.headers_bytes_max - header_bytes_;
  return std::max<size_t>(2, std::min(limits_.header_line_bytes_max, left));
}

void Framer::ConsumeHead(std::string_view* bytes) {
  std::string_view line;
  switch (line_reader_.Next(bytes, LineBytesMax(), &line)) {
    case LineReader::Outcome::kMore:
      return;
    case LineReader::Outcome::kLine:
      return TakeLine(line);
    case LineReader::Outcome::kTooLong:
      return FailTooLong();
    case LineReader::Outcome::kBareLf:
      return Fail(BadFraming("bare_line_feed", "a line of the head does not end in CRLF"));
  }
}

void Framer::TakeLine(std::string_view line) {
  if (!has_request_line_) return TakeRequestLine(line);
  if (line.empty()) return EndHead();
  TakeFieldLine(line);
}

void Framer::TakeRequestLine(std::string_view line) {
  // One empty line is forgiven (RFC 9112 section 2.2): old clients send it after a body.
  if (line.empty() && !skipped_empty_line_) {
    skipped_empty_line_ = true;
    phase_ = Phase::kIdle;
    return;
  }
  if (auto error = ParseRequestLine(line, &head_)) return Fail(*std::move(error));
  has_request_line_ = true;
}

void Framer::TakeFieldLine(std::string_view line) {
  if (head_.fields.size() == limits_.headers_max) {
    return Fail(TooLarge(431, "too_many_headers",
                         "more than " + std::to_string(limits_.headers_max) + " headers"));
  }
  const size_t line_bytes = line.size() + 2;
  if (line_bytes > limits_.headers_bytes_max - header_bytes_) return FailTooLong();
  header_bytes_ += line_bytes;
  if (auto error = ParseFieldLine(line, &head_)) Fail(*std::move(error));
}

void Framer::EndHead() {
  if (auto error = PlanBody(head_, limits_, &plan_)) return Fail(*std::move(error));
  phase_ = Phase::kBody;
  if (plan_.chunked) {
    chunks_.emplace(limits_.body_bytes_max);
    return;
  }
  body_.reserve(std::min(plan_.length, kBodyReserveBytesMax));
  if (plan_.length == 0) phase_ = Phase::kComplete;
}

void Framer::ConsumeBody(std::string_view* bytes) {
  body_started_ = true;
  if (!chunks_.has_value()) {
    const size_t taken = std::min(plan_.length - body_.size(), bytes->size());
    body_.append(bytes->substr(0, taken));
    bytes->remove_prefix(taken);
    if (body_.size() == plan_.length) phase_ = Phase::kComplete;
    return;
  }
  switch (chunks_->Consume(bytes, &body_)) {
    case ChunkedBody::Outcome::kMore:
      return;
    case ChunkedBody::Outcome::kDone:
      phase_ = Phase::kComplete;
      return;
    case ChunkedBody::Outcome::kError:
      return Fail(chunks_->error());
  }
}

void Framer::FailTooLong() {
  if (!has_request_line_) {
    return Fail(TooLarge(414, "request_line_too_long",
                         "the request line is longer than " +
                             std::to_string(limits_.request_line_bytes_max) + " bytes"));
  }
  if (limits_.headers_bytes_max - header_bytes_ < limits_.header_line_bytes_max) {
    return Fail(TooLarge(
        431, "headers_too_large",
        "the headers are larger than " + std::to_string(limits_.headers_bytes_max) + " bytes"));
  }
  Fail(TooLarge(
      431, "header_too_long",
      "a header line is longer than " + std::to_string(limits_.header_line_bytes_max) + " bytes"));
}

void Framer::Fail(FramingError error) {
  error_ = std::move(error);
  phase_ = Phase::kFailed;
  body_ = std::string();
  head_ = RequestHead();
  line_reader_ = LineReader();
}

}  // namespace baton::http
