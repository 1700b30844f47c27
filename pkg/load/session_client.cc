#include "pkg/load/session_client.h"

#include <utility>

namespace baton::load {

SessionClient::SessionClient(const Api* api, const Settings& settings)
    : api_(api), keepalives_(settings.keepalives) {}

std::optional<Ask> SessionClient::Next(Phase phase, Outgoing to) {
  if (phase != Phase::kRun && session_.empty()) return std::nullopt;
  in_operation_ = phase == Phase::kRun;
  if (session_.empty()) {
    kept_ = 0;
    failed_ = false;
    api_->CreateSession(to);
    return Ask::kCreate;
  }
  if (phase == Phase::kUndo || kept_ >= keepalives_) {
    api_->CloseSession(session_, to);
    return Ask::kClose;
  }
  ++kept_;
  api_->KeepSession(session_, to);
  return Ask::kKeepalive;
}

void SessionClient::OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) {
  if (end.ask == Ask::kClose) return OnCloseEnd(phase, end, recorder);
  if (!end.ok()) {
    recorder->Error(end.error);
    failed_ = true;
    if (end.ask == Ask::kCreate || api_->IsGone(end.answer)) session_.clear();
    in_operation_ = !session_.empty();
    return;
  }
  if (end.ask == Ask::kKeepalive) {
    recorder->Record(Measure::kKeepalive, end.ended_ns - end.sent_ns);
    return;
  }
  session_ = api_->SessionOf(end.answer);
  if (session_.empty()) {
    recorder->Error("malformed_answer");
    in_operation_ = false;
    return;
  }
  recorder->Record(Measure::kCreate, end.ended_ns - end.intended_ns);
}

void SessionClient::OnCloseEnd(Phase phase, const CallEnd& end, Recorder* recorder) {
  const bool gone = end.ok() || api_->IsGone(end.answer);
  if (phase == Phase::kRun && end.ok()) {
    recorder->Record(Measure::kClose, end.ended_ns - end.sent_ns);
    if (!failed_) recorder->Operation(end.in_time);
  } else if (phase == Phase::kRun) {
    recorder->Error(end.error);
    failed_ = true;
  }
  if (!gone && ++close_tries_ < kUndoTries) return;  // once more
  if (!gone) ++left_behind_;
  close_tries_ = 0;
  session_.clear();
  in_operation_ = false;
}

SessionKeeper::SessionKeeper(const Api* api, uint64_t sessions)
    : api_(api), sessions_wanted_(sessions) {}

std::optional<Ask> SessionKeeper::Next(Phase phase, Outgoing to) {
  if (phase == Phase::kSetup) {
    if (sessions_.size() >= sessions_wanted_) return std::nullopt;
    api_->CreateSession(to);
    return Ask::kCreate;
  }
  if (phase == Phase::kUndo) {
    if (sessions_.empty()) return std::nullopt;
    current_ = sessions_.size() - 1;
    api_->CloseSession(sessions_[current_], to);
    return Ask::kClose;
  }
  if (sessions_.empty()) {  // all have ended: make one anew
    api_->CreateSession(to);
    return Ask::kCreate;
  }
  current_ = (current_ + 1) % sessions_.size();
  api_->KeepSession(sessions_[current_], to);
  return Ask::kKeepalive;
}

void SessionKeeper::OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) {
  const bool gone = end.ok() || api_->IsGone(end.answer);
  if (phase == Phase::kRun && !end.ok()) recorder->Error(end.error);
  if (end.ask == Ask::kCreate) {
    const std::string_view session = end.ok() ? api_->SessionOf(end.answer) : std::string_view();
    if (!session.empty()) sessions_.emplace_back(session);
  } else if (end.ask == Ask::kKeepalive) {
    if (end.ok()) recorder->Record(Measure::kIdleKeepalive, end.ended_ns - end.intended_ns);
    if (!end.ok() && gone) DropCurrent();
  } else if (gone || ++close_tries_ >= kUndoTries) {
    if (!gone) ++left_behind_;
    close_tries_ = 0;
    DropCurrent();
  }
}

void SessionKeeper::DropCurrent() {
  std::swap(sessions_[current_], sessions_.back());
  sessions_.pop_back();
  if (current_ >= sessions_.size()) current_ = 0;
}

}  // namespace baton::load
