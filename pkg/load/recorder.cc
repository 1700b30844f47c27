#include "pkg/load/recorder.h"

namespace baton::load {

std::string_view MeasureName(Measure measure) {
  constexpr std::array<std::string_view, kMeasures> kNames = {
      "put",    "get",       "acquire", "release",        "lock",     "hand_over",
      "create", "keepalive", "close",   "idle_keepalive", "delivery", "delivery_after_ack"};
  return kNames[static_cast<size_t>(measure)];
}

void Recorder::Error(std::string_view reason) {
  reason = reason.substr(0, kReasonSizeMax);
  const auto found = errors_.find(reason);
  if (found != errors_.end()) {
    ++found->second;
  } else if (errors_.size() < kReasonsMax) {
    errors_.emplace(reason, 1);
  } else {
    ++errors_["other"];
  }
}

void Recorder::Merge(const Recorder& other) {
  for (size_t i = 0; i < kMeasures; ++i) latencies_[i].Merge(other.latencies_[i]);
  for (const auto& [reason, count] : other.errors_) {
    const bool room = errors_.size() < kReasonsMax || errors_.contains(reason);
    errors_[room ? reason : "other"] += count;
  }
  operations_ += other.operations_;
  operations_in_time_ += other.operations_in_time_;
}

void Recorder::Clear() {
  for (Histogram& latency : latencies_) latency.Clear();
  errors_.clear();
  operations_ = 0;
  operations_in_time_ = 0;
}

uint64_t Recorder::errors_total() const {
  uint64_t total = 0;
  for (const auto& [reason, count] : errors_) total += count;
  return total;
}

}  // namespace baton::load
