#include "pkg/load/lock_client.h"

#include "pkg/load/monotonic.h"

namespace baton::load {

LockClient::LockClient(const Api* api, const Settings& settings, uint64_t lock, SharedLock* shared)
    : api_(api),
      lock_(lock),
      shared_(shared),
      keep_every_ns_(static_cast<int64_t>(settings.ttl_ms) * 1'000'000 / 3) {}

std::optional<Ask> LockClient::Next(Phase phase, Outgoing to) {
  if (phase == Phase::kUndo || leaving_) {
    if (session_.empty()) return std::nullopt;
    api_->CloseSession(session_, to);  // and with it, all that it holds
    return Ask::kClose;
  }
  if (phase == Phase::kSetup && !session_.empty()) return std::nullopt;
  if (phase == Phase::kRun && !in_operation_) {
    in_operation_ = true;
    failed_ = false;
  }
  if (session_.empty()) {
    api_->CreateSession(to);
    return Ask::kCreate;
  }
  if (!grant_.empty()) {
    if (shared_ != nullptr && tries_ == 0) shared_->release_sent_ns = NowNs();
    api_->Release(lock_, session_, grant_, to);
    return Ask::kRelease;
  }
  if (NowNs() - kept_ns_ > keep_every_ns_) {
    api_->KeepSession(session_, to);
    return Ask::kKeepalive;
  }
  api_->Acquire(lock_, session_, to);
  return Ask::kAcquire;
}

void LockClient::OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) {
  switch (end.ask) {
    case Ask::kAcquire:
      return OnAcquireEnd(end, recorder);
    case Ask::kRelease:
      return OnReleaseEnd(end, recorder);
    case Ask::kClose:
      return OnCloseEnd(end);
    default:
      OnSessionEnd(end);
      if (phase != Phase::kRun || end.ok()) return;
      Fail(end.error, recorder);
      if (api_->IsGone(end.answer)) session_.clear();
      return EndOperation();
  }
}

void LockClient::OnSessionEnd(const CallEnd& end) {
  if (!end.ok()) return;
  kept_ns_ = end.sent_ns;
  if (end.ask == Ask::kCreate) session_ = api_->SessionOf(end.answer);
}

void LockClient::OnAcquireEnd(const CallEnd& end, Recorder* recorder) {
  if (end.ok()) grant_ = api_->GrantOf(end.answer);
  if (!grant_.empty()) {
    recorder->Record(Measure::kAcquire, end.ended_ns - end.intended_ns);
    // It was in line when the one before gave the lock back.
    if (shared_ != nullptr && shared_->release_sent_ns > end.sent_ns) {
      recorder->Record(Measure::kHandOver, end.ended_ns - shared_->release_sent_ns);
    }
    return;
  }
  Fail(end.ok() ? "malformed_answer" : end.error, recorder);
  if (api_->IsGone(end.answer)) session_.clear();
  // It may have the lock, or a place in line, all the same. Its own lock the next acquire gets
  // again; one that others want is given up with the session.
  leaving_ = shared_ != nullptr && !session_.empty();
  if (!leaving_) EndOperation();
}

void LockClient::OnReleaseEnd(const CallEnd& end, Recorder* recorder) {
  if (end.ok()) {
    recorder->Record(Measure::kRelease, end.ended_ns - end.sent_ns);
    recorder->Record(Measure::kLock, end.ended_ns - end.intended_ns);
    if (!failed_) recorder->Operation(end.in_time);
    return EndOperation();
  }
  Fail(end.error, recorder);
  // Refused: it has the lock no more, because the session ended or because a try before this one
  // was done and its answer was lost.
  if (end.answer.status >= 400 && end.answer.status < 500) {
    if (api_->IsGone(end.answer)) session_.clear();
    return EndOperation();
  }
  leaving_ = ++tries_ >= kUndoTries;
  if (leaving_) tries_ = 0;
}

void LockClient::OnCloseEnd(const CallEnd& end) {
  const bool done = end.ok() || api_->IsGone(end.answer);
  if (!done && ++tries_ < kUndoTries) return;  // once more
  if (!done) ++left_behind_;
  session_.clear();
  EndOperation();
}

void LockClient::Fail(std::string_view reason, Recorder* recorder) {
  if (!failed_) recorder->Error(reason);
  failed_ = true;
}

void LockClient::EndOperation() {
  grant_.clear();
  tries_ = 0;
  leaving_ = false;
  in_operation_ = false;
}

}  // namespace baton::load
