#include "pkg/http/connection.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace baton::http {
namespace {

// After so many steps the other connections have their turn.
constexpr int kStepsAtOnceMax = 64;
constexpr size_t kLingeringBytesMax = 1 << 20;
constexpr int64_t kLingeringMs = 1'000;

// While it lives, answers that come do not make another connection take steps within this one's.
class AtWork {
 public:
  explicit AtWork(ListenerContext* context)
      : context_(context), before_(std::exchange(context->connection_at_work, true)) {}
  ~AtWork() { context_->connection_at_work = before_; }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  ListenerContext* const context_;
  const bool before_;
};

}  // namespace

Connection::Connection(ListenerContext* context, std::unique_ptr<Socket> socket,
                       std::string remote_address, std::function<void(Connection*)> closed)
    : context_(context),
      remote_address_(std::move(remote_address)),
      closed_(std::move(closed)),
      socket_(std::move(socket)),
      framer_(context->options.limits),
      last_progress_ms_(context->clock.MonotonicMs()) {}

void Connection::Start() { Resume(); }

void Connection::Refuse(const std::string& why) {
  FailRequest(503, Status(Code::kUnavailable, "too_many_connections", why));
  Resume();
}

void Connection::BeginDrain() {
  const AtWork at_work(context_);
  keep_alive_ = false;
  if (state_ == State::kReading && IsIdle()) return Close();
  if (state_ != State::kStreaming) return;
  TellClientGone();
  stream_->Close();
  Resume();
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  const AtWork at_work(context_);
  state_ = State::kClosed;
  socket_->Close();
  EndStream();
  TellClientGone();
  EndRequest();
  context_->buffered_bytes -= accounted_bytes_;
  accounted_bytes_ = 0;
  AccountUnsent();
  closed_(this);
}

void Connection::OnReadable() {
  waits_readable_ = false;
  readable_ = true;
  Resume();
}

void Connection::OnWritable() {
  waits_writable_ = false;
  Resume();
}

void Connection::Resume() {
  if (in_resume_ || state_ == State::kClosed) return;
  const AtWork at_work(context_);
  in_resume_ = true;
  int steps = 0;
  while (state_ != State::kClosed && steps < kStepsAtOnceMax && Step()) ++steps;
  in_resume_ = false;
  if (state_ == State::kClosed) return;
  UpdateDeadline();
  if (steps < kStepsAtOnceMax) return ArmWaits();
  if (resume_posted_) return;
  resume_posted_ = true;
  context_->queue->Post([self = shared_from_this()] {
    self->resume_posted_ = false;
    self->Resume();
  });
}

bool Connection::Step() {
  if (!SendOutput()) return false;
  switch (state_) {
    case State::kReading:
      return StepReading();
    case State::kAnswering:
      if (readable_) ReadAhead();
      return false;
    case State::kSending:
      EndResponse();
      return true;
    case State::kStreaming:
      return StepStreaming();
    case State::kLingering:
      return StepLingering();
    case State::kClosed:
      break;
  }
  return false;
}

void Connection::AddOutput(OutputPiece piece) {
  if (piece.size() == 0) return;
  output_.Add(std::move(piece));
  AccountUnsent();
  const Limits& limits = context_->options.limits;
  last_progress_ms_ = context_->clock.MonotonicMs();
  const auto needed_ms =
      static_cast<int64_t>(output_.bytes()) * 1000 / limits.write_bytes_per_second_min;
  output_deadline_ms_ = last_progress_ms_ + limits.write_timeout_ms + needed_ms;
}

// What belongs to a stream is counted by its buffer.
void Connection::AccountUnsent() {
  const size_t bytes = stream_ == nullptr && state_ != State::kClosed ? output_.bytes() : 0;
  context_->counters.unsent_bytes.fetch_add(bytes - accounted_unsent_bytes_,
                                            std::memory_order_relaxed);
  accounted_unsent_bytes_ = bytes;
}

// True when nothing is left to send.
bool Connection::SendOutput() {
  bool progress = false;
  while (!output_.empty()) {
    std::array<std::string_view, kWritePiecesMax> front;
    const size_t count = output_.Front(&front);
    const IoResult result = socket_->Write(front.data(), count);
    if (result.outcome == IoOutcome::kWouldBlock) break;
    if (result.outcome != IoOutcome::kDone) {
      Close();
      return false;
    }
    output_.Drop(result.bytes);
    context_->counters.sent_bytes_total.fetch_add(result.bytes, std::memory_order_relaxed);
    progress = true;
  }
  if (progress) last_progress_ms_ = context_->clock.MonotonicMs();
  if (progress) AccountUnsent();
  if (progress && stream_ != nullptr) stream_->SetUnsent(output_.bytes());
  return output_.empty();
}

bool Connection::StepReading() {
  if (!input_.empty()) return FeedInput();
  if (readable_) return FeedFromSocket();
  if (peer_ended_) Close();
  return false;
}

bool Connection::FeedInput() {
  input_start_ += Feed(std::string_view(input_).substr(input_start_));
  if (input_start_ == input_.size()) {
    input_ = std::string();
    input_start_ = 0;
  }
  return ActOnFraming();
}

// Into the scratch space. Notes whether there may be more.
IoResult Connection::Read(size_t room) {
  const IoResult result = socket_->Read(context_->scratch.data(), room);
  const bool done = result.outcome == IoOutcome::kDone;
  readable_ = done && result.bytes == room;
  if (done) {
    context_->counters.received_bytes_total.fetch_add(result.bytes, std::memory_order_relaxed);
  }
  return result;
}

bool Connection::FeedFromSocket() {
  const IoResult result = Read(context_->scratch.size());
  if (result.outcome == IoOutcome::kWouldBlock) return false;
  if (result.outcome != IoOutcome::kDone) {
    // Between two requests or within one: there is nobody to answer.
    Close();
    return false;
  }
  const std::string_view bytes(context_->scratch.data(), result.bytes);
  const size_t taken = Feed(bytes);
  input_ = bytes.substr(taken);
  input_start_ = 0;
  return ActOnFraming();
}

size_t Connection::Feed(std::string_view bytes) {
  if (framer_.phase() == Framer::Phase::kIdle) {
    request_started_ms_ = context_->clock.MonotonicMs();
  }
  return framer_.Consume(bytes);
}

bool Connection::ActOnFraming() {
  AccountBuffered();
  if (framer_.phase() == Framer::Phase::kFailed) {
    context_->counters.framing_errors_total.fetch_add(1, std::memory_order_relaxed);
    FailRequest(framer_.error().http_status, framer_.error().status);
  } else if (framer_.phase() == Framer::Phase::kComplete) {
    Dispatch();
  } else if (context_->buffered_bytes > context_->options.limits.buffered_bytes_max) {
    FailRequest(503, Status(Code::kUnavailable, "too_many_bytes_buffered",
                            "this node already holds as many bytes of requests as it may"));
  } else if (framer_.ClientWaitsForContinue()) {
    AddOutput({"HTTP/1.1 100 Continue\r\n\r\n", nullptr});
    framer_.ContinueWasSent();
  }
  return true;
}

// Reads what comes while a request is being answered: for the next request, and to notice that the
// client is gone.
void Connection::ReadAhead() {
  input_.erase(0, input_start_);
  input_start_ = 0;
  const size_t room = kReadBytesMax - std::min(input_.size(), kReadBytesMax);
  if (room == 0) return;
  const IoResult result = Read(room);
  if (result.outcome == IoOutcome::kDone) {
    input_.append(context_->scratch.data(), result.bytes);
    AccountBuffered();
  } else if (result.outcome == IoOutcome::kEnd) {
    PeerEnded();
  } else if (result.outcome != IoOutcome::kWouldBlock) {
    Close();
  }
}

void Connection::PeerEnded() {
  peer_ended_ = true;
  if (state_ == State::kStreaming) return Close();
  TellClientGone();
}

bool Connection::StepLingering() {
  if (!readable_) return false;
  const IoResult result = Read(context_->scratch.size());
  if (result.outcome == IoOutcome::kWouldBlock) return false;
  lingering_bytes_ += result.bytes;
  if (result.outcome != IoOutcome::kDone || lingering_bytes_ > kLingeringBytesMax) Close();
  return readable_;
}

bool Connection::IsIdle() const {
  return framer_.phase() == Framer::Phase::kIdle && input_.empty();
}

void Connection::AccountBuffered() {
  const size_t bytes = framer_.buffered_bytes() + input_.size() + request_body_bytes_;
  context_->buffered_bytes += bytes - accounted_bytes_;
  accounted_bytes_ = bytes;
}

void Connection::ArmWaits() {
  const bool has_room = state_ == State::kReading || state_ == State::kLingering ||
                        ((state_ == State::kAnswering || state_ == State::kStreaming) &&
                         input_.size() - input_start_ < kReadBytesMax);
  if (has_room && !readable_ && !peer_ended_ && !waits_readable_) {
    waits_readable_ = true;
    socket_->WaitReadable(shared_from_this());
  }
  if (!output_.empty() && !waits_writable_) {
    waits_writable_ = true;
    socket_->WaitWritable(shared_from_this());
  }
}

int64_t Connection::DeadlineWhileReading() const {
  const Limits& limits = context_->options.limits;
  if (IsIdle()) return last_progress_ms_ + limits.idle_timeout_ms;
  const int64_t whole = request_started_ms_ + limits.request_timeout_ms;
  if (framer_.phase() == Framer::Phase::kBody) return whole;
  return std::min(whole, request_started_ms_ + limits.header_timeout_ms);
}

void Connection::UpdateDeadline() {
  if (state_ == State::kReading) {
    deadline_ms_ = DeadlineWhileReading();
  } else if (state_ == State::kLingering) {
    deadline_ms_ = last_progress_ms_ + kLingeringMs;
  } else if (!output_.empty()) {
    deadline_ms_ = std::min(last_progress_ms_ + context_->options.limits.write_timeout_ms,
                            output_deadline_ms_);
  } else {
    deadline_ms_ = std::numeric_limits<int64_t>::max();  // the handler's business
  }
}

void Connection::CheckDeadline(int64_t now_ms) {
  if (now_ms < deadline_ms_) return;
  if (state_ != State::kReading || IsIdle()) return Close();
  FailRequest(408, Status(Code::kDeadlineExceeded, "request_timeout",
                          "the request did not arrive in time"));
  Resume();
}

}  // namespace baton::http
