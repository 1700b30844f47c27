// File: recorder.h
//
// What one worker saw: latencies by what was measured, errors by their reason, operations. One
// thread at a time; several recorders are merged at the end.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "pkg/load/histogram.h"

namespace baton::load {

enum class Measure : uint8_t {
  kPut,
  kGet,
  kAcquire,
  kRelease,
  kLock,      // acquire and release together
  kHandOver,  // from the release being sent to the next holder's answer
  kCreate,
  kKeepalive,
  kClose,
  kIdleKeepalive,  // of the sessions that are only kept
  kDelivery,       // from the start of a write to its last watcher
  kDeliveryAcked,  // from the acknowledgement of a write to its last watcher
};
inline constexpr size_t kMeasures = 12;
std::string_view MeasureName(Measure measure);  // "put", "hand_over", ...

class Recorder {
 public:
  // Different reasons are counted apart, up to so many; the rest as "other".
  static constexpr size_t kReasonsMax = 64;
  static constexpr size_t kReasonSizeMax = 64;  // longer ones are cut

  void Record(Measure measure, int64_t latency_ns) {
    latencies_[static_cast<size_t>(measure)].Record(latency_ns);
  }
  void Error(std::string_view reason);
  // An operation has ended well; `in_time`: before the end of the run.
  void Operation(bool in_time) {
    ++operations_;
    if (in_time) ++operations_in_time_;
  }
  void Merge(const Recorder& other);
  void Clear();

  const Histogram& latency(Measure measure) const {
    return latencies_[static_cast<size_t>(measure)];
  }
  const std::map<std::string, uint64_t, std::less<>>& errors() const { return errors_; }
  uint64_t errors_total() const;
  uint64_t operations() const { return operations_; }
  uint64_t operations_in_time() const { return operations_in_time_; }

 private:
  std::array<Histogram, kMeasures> latencies_;
  std::map<std::string, uint64_t, std::less<>> errors_;
  uint64_t operations_ = 0;
  uint64_t operations_in_time_ = 0;
};

}  // namespace baton::load
