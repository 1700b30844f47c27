#include "pkg/http/duration.h"

#include <charconv>
#include <limits>
#include <utility>

#include "pkg/http/quote.h"

namespace baton::http {
namespace {

// Longer suffixes first: "ms" ends in "s". The last one: a bare number is of milliseconds.
constexpr std::pair<std::string_view, int64_t> kUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"", 1}};

Status Malformed(std::string_view name, std::string_view text) {
  return Status(Code::kInvalidArgument, "malformed_duration",
                std::string(name) + " is " + Quoted(text) +
                    "; it must be a duration such as \"1500ms\", \"30s\", \"5m\", or a number of "
                    "milliseconds");
}

}  // namespace

Status CheckDurationMs(std::string_view name, int64_t duration_ms, const DurationBounds& bounds) {
  if (duration_ms >= bounds.min_ms && duration_ms <= bounds.max_ms) return Status::Ok();
  return Status(Code::kUnprocessable, "out_of_range",
                std::string(name) + " is " + std::to_string(duration_ms) + " ms; it must be from " +
                    std::to_string(bounds.min_ms) + " to " + std::to_string(bounds.max_ms) + " ms");
}

Result<int64_t> ParseDurationMs(std::string_view name, std::string_view text,
                                const DurationBounds& bounds) {
  for (const auto& [suffix, unit_ms] : kUnits) {
    if (!text.ends_with(suffix)) continue;
    const std::string_view digits = text.substr(0, text.size() - suffix.size());
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
      return Malformed(name, text);
    }
    int64_t count = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    // Too long for 64 bits is only another way to be beyond the bounds.
    const bool overflows = parsed.ec != std::errc() || count > kMax / unit_ms;
    const int64_t duration_ms = overflows ? kMax : count * unit_ms;
    BATON_RETURN_IF_ERROR(CheckDurationMs(name, duration_ms, bounds));
    return duration_ms;
  }
  return Malformed(name, text);
}

}  // namespace baton::http
