// File: readiness.h
//
// Whether a node can serve, check by check. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/node/status_view.h"

namespace baton::http {

// A node that is further behind what it knows to be committed is catching up.
inline constexpr uint64_t kReadyLagEntriesMax = 1000;
// A log write that takes longer is stuck.
inline constexpr int64_t kReadyWriteAgeMsMax = 5'000;
// A majority that has not confirmed a read by then counts as out of reach (?linearizable).
inline constexpr int64_t kReadyConfirmMsMax = 1'000;

struct ReadinessCheck {
  std::string_view name;
  std::string trouble;  // empty: fine
};

// "member", "leader", "caught_up", "disk", "disk_space", "rebuilt", "not_draining", in this order.
// about_to_stop: somebody has said so (?drain=1).
std::vector<ReadinessCheck> CheckReadiness(const node::StatusView& view,
                                           bool about_to_stop = false);
// Of these; "linearizable" is made only for who asks for it, who has no reason to exclude it.
std::vector<std::string_view> ReadinessCheckNames();
// "linearizable". confirmed: how a linearizable read ended that had kReadyConfirmMsMax.
ReadinessCheck LinearizableCheck(const Status& confirmed);

}  // namespace baton::http
