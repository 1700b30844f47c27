#include "pkg/http/pipeline.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pkg/base/check.h"

namespace baton::http {
namespace {

// An answer of a peer has a few hundred bytes.
constexpr size_t kReadBytesMax = 16 * 1024;

Status Broken() {
  return Status(Code::kUnavailable, "connection_broken",
                "the connection broke before the peer had answered");
}

// As the problems of our own API say it. A proxy's refusal tells nothing: it may have passed the
// request on before.
bool SaysNotTaken(const PeerAnswer& answer) {
  return answer.body.find(R"("outcome":"not_applied")") != std::string::npos;
}

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options, const HostAndPort& server, PeerLink* link,
                   Wakeup* wakeup, std::function<bool()> stopped)
    : options_(options),
      head_start_("POST " + options.target + " HTTP/1.1\r\nHost: " + link->address +
                  "\r\nContent-Type: "),
      link_(link),
      stopped_(std::move(stopped)),
      socket_(server, wakeup),
      scratch_(kReadBytesMax) {}

bool Pipeline::HasRoom() const {
  return in_flight_.empty() ||
         (in_flight_.size() < options_.requests_max && in_flight_bytes_ < options_.bytes_max);
}

void Pipeline::Add(std::string_view content_type, std::string body, Cargo cargo) {
  CHECK(HasRoom());
  InFlight request;
  request.head = head_start_;
  request.head.append(content_type).append("\r\nContent-Length: ");
  request.head.append(std::to_string(body.size())).append("\r\n\r\n");
  request.body = std::move(body);
  request.cargo = std::move(cargo);
  const int64_t now_us = link_->clock->MonotonicUs();
  if (in_flight_.empty()) last_written_us_ = now_us;
  if (!timing_ && now_us >= next_round_trip_us_) {
    request.timed = timing_ = true;
    next_round_trip_us_ = now_us + kRoundTripIntervalMs * 1000;
  }
  gathering_ = true;
  in_flight_bytes_ += request.bytes();
  in_flight_.push_back(std::move(request));
}

Status Pipeline::Advance() {
  while (true) {
    if (!socket_.open()) {
      if (in_flight_.empty()) return Status::Ok();
      BATON_RETURN_IF_ERROR(Connect());
    }
    // Whom nobody listened to is not silent.
    if (SilenceMs() >= options_.silence_max_ms) readable_ = true;
    bool ended = false;
    if (readable_) BATON_RETURN_IF_ERROR(ReadAnswers(&ended));
    if (!ended) {
      WriteRequests(&ended);
      if (!ended) break;
      readable_ = true;  // there may be answers from before the end
      BATON_RETURN_IF_ERROR(ReadAnswers(&ended));
    }
    const bool again = in_flight_.empty() || answered_here_ > 0;
    socket_.Close();
    readable_ = false;
    if (!again) return Broken();
    Rewind();
  }
  if (SilenceMs() >= options_.silence_max_ms) {
    return Status(
        Code::kDeadlineExceeded, "no_answer",
        "the peer did not answer within " + std::to_string(options_.silence_max_ms) + " ms");
  }
  return Status::Ok();
}

Status Pipeline::Connect() {
  BATON_RETURN_IF_ERROR(socket_.Connect(options_.connect_timeout_ms, stopped_));
  reader_ = AnswerReader();
  takes_cbor_ = false;
  answered_here_ = 0;
  last_written_us_ = last_heard_us_ = link_->clock->MonotonicUs();
  return Status::Ok();
}

Status Pipeline::ReadAnswers(bool* ended) {
  while (readable_) {
    const IoResult result = socket_.Read(scratch_.data(), scratch_.size());
    // Less than there was room for: that was all.
    readable_ = result.outcome == IoOutcome::kDone && result.bytes == scratch_.size();
    *ended = result.outcome == IoOutcome::kEnd || result.outcome == IoOutcome::kFailed;
    if (result.outcome != IoOutcome::kDone) break;
    last_heard_us_ = link_->clock->MonotonicUs();
    BATON_RETURN_IF_ERROR(TakeAnswers({scratch_.data(), result.bytes}));
  }
  return Status::Ok();
}

Status Pipeline::TakeAnswers(std::string_view bytes) {
  while (!bytes.empty()) {
    PeerAnswer answer;
    const AnswerReader::Outcome outcome = reader_.Next(&bytes, &answer);
    if (outcome == AnswerReader::Outcome::kMore) break;
    // What was not asked yet cannot be answered.
    const bool asked = !in_flight_.empty() && in_flight_.front().written();
    if (outcome == AnswerReader::Outcome::kMalformed || (answer.status < 300 && !asked)) {
      return Status(Code::kUnavailable, "malformed_answer", "the peer does not answer in HTTP");
    }
    if (answer.status >= 300) {
      if (asked) in_flight_.front().refused = SaysNotTaken(answer);
      return Status(Code::kUnavailable, "refused",
                    "the peer answered " + std::to_string(answer.status) + " " + answer.body);
    }
    takes_cbor_ = answer.takes_cbor;
    link_->OnDelivered();
    if (in_flight_.front().timed) {
      link_->round_trip.ObserveUs(last_heard_us_ - in_flight_.front().begun_us);
      timing_ = false;
    }
    in_flight_bytes_ -= in_flight_.front().bytes();
    in_flight_.pop_front();
    --next_to_write_;
    ++answered_total_;
    ++answered_here_;
  }
  return Status::Ok();
}

void Pipeline::WriteRequests(bool* ended) {
  while (next_to_write_ < in_flight_.size()) {
    InFlight& request = in_flight_[next_to_write_];
    const std::string_view whole[] = {request.head, request.body};
    std::array<std::string_view, 2> rest;
    size_t skipped = request.written_bytes;
    for (size_t i = 0; i < rest.size(); ++i) {
      rest[i] = whole[i].substr(std::min(skipped, whole[i].size()));
      skipped -= std::min(skipped, whole[i].size());
    }
    const int64_t before_us = link_->clock->MonotonicUs();
    const IoResult result = socket_.Write(rest.data(), rest.size());
    *ended = result.outcome == IoOutcome::kFailed;
    if (result.outcome != IoOutcome::kDone) return;
    if (request.written_bytes == 0) {
      request.begun_us = before_us;
      ++request.begun_times;
    }
    request.written_bytes += result.bytes;
    last_written_us_ = before_us;
    if (!request.written()) return;  // the kernel is full
    request.written_us = before_us;
    ++next_to_write_;
  }
}

void Pipeline::Rewind() {
  next_to_write_ = 0;
  for (InFlight& request : in_flight_) request.written_bytes = 0;
}

int64_t Pipeline::SilenceMs() const {
  if (in_flight_.empty()) return 0;
  const InFlight& oldest = in_flight_.front();
  const int64_t since_us =
      oldest.written() ? std::max(oldest.written_us, last_heard_us_) : last_written_us_;
  return (link_->clock->MonotonicUs() - since_us) / 1000;
}

void Pipeline::Wait() {
  int64_t timeout_ms = -1;
  if (!empty()) timeout_ms = std::max<int64_t>(0, options_.silence_max_ms - SilenceMs());
  PeerSocket::Wanted wanted;
  wanted.read = !MayGather();
  wanted.write = next_to_write_ < in_flight_.size();
  if (!wanted.read) timeout_ms = std::min(timeout_ms, kAnswersGatherMs);
  const PeerSocket::Ready ready = socket_.Wait(wanted, timeout_ms);
  gathering_ = gathering_ && (ready.rung || ready.writable);
  readable_ = ready.readable || (!wanted.read && !gathering_);
}

LostCargo Pipeline::Clear() {
  LostCargo lost;
  for (const InFlight& request : in_flight_) {
    const std::vector<uint64_t>& forwards = request.cargo.forwards;
    lost.messages += request.cargo.messages;
    if (request.begun_times > (request.refused ? 1 : 0)) continue;  // some copy may have arrived
    lost.undelivered_forwards.insert(lost.undelivered_forwards.end(), forwards.begin(),
                                     forwards.end());
  }
  in_flight_.clear();
  in_flight_bytes_ = 0;
  next_to_write_ = 0;
  timing_ = false;
  socket_.Close();
  readable_ = false;
  return lost;
}

}  // namespace baton::http
