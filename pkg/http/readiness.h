// File: readiness.h
//
// Whether a node can serve, check by check. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/node/status_view.h"

namespace baton::http {

// A node that is further behind what it knows to be committed is catching up.
inline constexpr uint64_t kReadyLagEntriesMax = 1000;
// A log write that takes longer is stuck.
inline constexpr int64_t kReadyWriteAgeMsMax = 5'000;

struct ReadinessCheck {
  std::string_view name;
  std::string trouble;  // empty: fine
};

// "member", "leader", "caught_up", "disk", "disk_space", "rebuilt", "not_draining", in this order.
// about_to_stop: somebody has said so (?drain=1).
std::vector<ReadinessCheck> CheckReadiness(const node::StatusView& view,
                                           bool about_to_stop = false);
std::vector<std::string_view> ReadinessCheckNames();

}  // namespace baton::http
