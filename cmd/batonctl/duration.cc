#include "cmd/batonctl/duration.h"

#include <charconv>
#include <utility>

namespace baton::batonctl {
namespace {

constexpr int64_t kDurationMsMax = 24 * 3600 * 1000;

// Longer suffixes first: "ms" ends in "s".
constexpr std::pair<std::string_view, int64_t> kUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};

}  // namespace

Result<int64_t> ParseDurationMs(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return Status(Code::kInvalidArgument, "\"" + std::string(text.substr(0, 40)) + "\" " + why);
  };
  for (const auto& [suffix, unit_ms] : kUnits) {
    if (!text.ends_with(suffix)) continue;
    const std::string_view digits = text.substr(0, text.size() - suffix.size());
    int64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (end != digits.data() + digits.size() || digits.empty() ||
        error == std::errc::invalid_argument) {
      break;
    }
    if (error != std::errc() || count < 0 || count > kDurationMsMax / unit_ms) {
      return refuse("is not between 0s and 24h");
    }
    return count * unit_ms;
  }
  return refuse("is not a duration, as in 500ms, 30s, 5m or 1h");
}

std::string FormatDurationMs(int64_t duration_ms) { return std::to_string(duration_ms) + "ms"; }

}  // namespace baton::batonctl
