// The half of Connection from a framed request to the end of its response.
#include <utility>

#include "pkg/http/connection.h"
#include "pkg/http/dispatcher.h"

namespace baton::http {
namespace {

// Smaller bodies are sent in one piece with their head.
constexpr size_t kJoinedBodyBytesMax = 16 * 1024;

}  // namespace

void Connection::Dispatch() {
  FramedRequest framed = framer_.TakeRequest();
  ++number_;
  version_minor_ = framed.head.version_minor;
  keep_alive_ = framed.keep_alive && !context_->draining &&
                number_ < context_->options.limits.requests_per_connection_max;
  request_body_bytes_ = framed.body.size();
  AccountBuffered();
  dispatched_us_ = context_->clock.MonotonicUs();
  Routed routed = Route(context_, std::move(framed), remote_address_);
  request_ = routed.request;
  state_ = State::kAnswering;
  if (routed.handler == nullptr) return Send(std::move(routed.refusal));
  in_flight_ = true;
  context_->counters.requests_in_flight.fetch_add(1, std::memory_order_relaxed);
  ExchangeParts parts;
  parts.request = request_;
  parts.number = number_;
  parts.sink = weak_from_this();
  parts.queue = context_->queue;
  parts.stream_budget = context_->stream_budget;
  parts.stream_buffer_bytes_max = context_->options.limits.stream_buffer_bytes_max;
  parts.chunked = version_minor_ == 1;
  parts.logger = context_->logger;
  in_dispatch_ = true;
  CallHandler(context_, *routed.handler, std::move(parts));
  in_dispatch_ = false;
  // A request that was pipelined by a client that has ended its side since.
  if (peer_ended_ && state_ == State::kAnswering) TellClientGone();
}

// Answers a request that has not become one, and closes.
void Connection::FailRequest(int http_status, const Status& status) {
  auto request = std::make_shared<Request>();
  request->request_id = context_->NextRequestId();
  request->remote_address = remote_address_;
  request_ = std::move(request);
  ++number_;
  version_minor_ = 1;
  keep_alive_ = false;
  dispatched_us_ = context_->clock.MonotonicUs();
  Response response = context_->ErrorResponse(status, http_status, request_->request_id);
  if (http_status == 503) response.headers.emplace_back("Retry-After", "1");
  Send(std::move(response));
}

void Connection::Answer(uint64_t number, Response response) {
  if (number != number_ || state_ != State::kAnswering) return;
  // Requests that were in flight when the room ran out. What a GET would have said can be asked
  // again; what became of a change cannot.
  const bool can_wait = request_->method == "GET" && response.body.size() > kJoinedBodyBytesMax;
  const Status room = can_wait ? CheckUnsent(*context_) : Status::Ok();
  if (!room.ok()) response = RefuseBusy(*context_, room, request_->request_id);
  Send(std::move(response));
}

void Connection::AnswerDropped(uint64_t number) {
  if (number != number_ || state_ != State::kAnswering) return;
  context_->logger->Log(LogLevel::kError, "handler dropped a request unanswered",
                        {{"route", request_->route}});
  const Status status = Status(Code::kInternal, "internal error").SetOutcome(Outcome::kUnknown);
  Send(context_->ErrorResponse(status, 500, request_->request_id));
}

// Decorates, counts and serializes.
std::string Connection::MakeHead(const Response& response, BodyFraming framing) {
  keep_alive_ = keep_alive_ && !context_->draining && framing != BodyFraming::kUntilClose;
  const int64_t latency_us = context_->clock.MonotonicUs() - dispatched_us_;
  context_->counters.CountResponse(request_->route, request_->method, response.status, latency_us);
  HeadOptions options;
  options.framing = framing;
  options.keep_alive = keep_alive_;
  options.version_minor = version_minor_;
  options.date = context_->Date();
  if (response.body.size() <= kJoinedBodyBytesMax) options.room_bytes = response.body.size();
  return SerializeHead(response, options);
}

void Connection::Send(Response response) {
  if (context_->options.decorate) context_->options.decorate(*request_, &response);
  std::string head = MakeHead(response, BodyFraming::kLength);
  if (request_->method == "HEAD" || !StatusHasBody(response.status)) response.body.clear();
  if (response.body.size() <= kJoinedBodyBytesMax) {
    head.append(response.body);
    response.body.clear();
  }
  AddOutput({std::move(head), nullptr});
  AddOutput({std::move(response.body), nullptr});
  state_ = State::kSending;
  EndRequest();
}

void Connection::AnswerWithStream(uint64_t number, Response head,
                                  std::shared_ptr<StreamBuffer> stream) {
  if (number != number_ || state_ != State::kAnswering) return stream->Stop();
  if (context_->options.decorate) context_->options.decorate(*request_, &head);
  const BodyFraming framing =
      version_minor_ == 1 ? BodyFraming::kChunked : BodyFraming::kUntilClose;
  AddOutput({MakeHead(head, framing), nullptr});
  if (request_->method == "HEAD" || !StatusHasBody(head.status)) {
    stream->Stop();
    state_ = State::kSending;
    return EndRequest();
  }
  stream_ = std::move(stream);
  context_->counters.streams_open.fetch_add(1, std::memory_order_relaxed);
  state_ = State::kStreaming;
  // The client may have ended its side before the head was there.
  if (peer_ended_) Close();
}

bool Connection::StepStreaming() {
  if (readable_) ReadAhead();
  if (state_ != State::kStreaming) return false;
  StreamBuffer::Taken taken = stream_->Take();
  const bool more = !taken.pieces.empty();
  for (OutputPiece& piece : taken.pieces) AddOutput(std::move(piece));
  if (!taken.closed && !taken.abandoned) return more;
  // Abandoned: everything queued goes out, then the end of the connection instead of the last
  // chunk.
  if (taken.abandoned || context_->draining) keep_alive_ = false;
  state_ = State::kSending;
  EndRequest();
  return true;
}

void Connection::SetClientGone(uint64_t number, std::function<void()> gone) {
  const bool over =
      number != number_ || (state_ != State::kAnswering && state_ != State::kStreaming);
  // Within the handler, Dispatch tells of a client that has ended its side.
  if (over || (peer_ended_ && !in_dispatch_)) return Tell(gone);
  client_gone_ = std::move(gone);
}

void Connection::TellClientGone() { Tell(std::exchange(client_gone_, nullptr)); }

void Connection::Tell(const std::function<void()>& gone) {
  if (gone == nullptr) return;
  try {
    gone();
  } catch (...) {
    context_->logger->Log(LogLevel::kError, "a client-gone function threw");
  }
}

void Connection::EndRequest() {
  client_gone_ = nullptr;
  request_.reset();
  request_body_bytes_ = 0;
  if (!in_flight_) return;
  in_flight_ = false;
  context_->counters.requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void Connection::EndStream() {
  if (stream_ == nullptr) return;
  stream_->Stop();
  stream_.reset();
  context_->counters.streams_open.fetch_sub(1, std::memory_order_relaxed);
}

void Connection::EndResponse() {
  EndStream();
  last_progress_ms_ = context_->clock.MonotonicMs();
  if (keep_alive_) {
    AccountBuffered();
    state_ = State::kReading;
    return;
  }
  if (peer_ended_) return Close();
  socket_->ShutdownSend();
  state_ = State::kLingering;
  lingering_bytes_ = 0;
  readable_ = true;
  input_ = std::string();
  input_start_ = 0;
}

}  // namespace baton::http
