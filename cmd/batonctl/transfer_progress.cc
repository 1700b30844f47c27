#include "cmd/batonctl/transfer_progress.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <string_view>

namespace baton::batonctl {
namespace {

constexpr int64_t kTerminalMs = 1'000;
constexpr int64_t kElsewhereMs = 5'000;

}  // namespace

std::string BytesText(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f " : "%.1f ", bytes);
  return std::string(text.data()) + std::string(kUnits[unit]);
}

TransferProgress::TransferProgress(std::ostream* out, bool terminal, const Clock* clock)
    : out_(out),
      terminal_(terminal),
      clock_(clock),
      started_ms_(clock->MonotonicMs()),
      shown_ms_(started_ms_) {}

void TransferProgress::Add(uint64_t bytes) {
  bytes_ += bytes;
  const int64_t now_ms = clock_->MonotonicMs();
  if (now_ms - shown_ms_ >= (terminal_ ? kTerminalMs : kElsewhereMs)) Show(now_ms);
}

void TransferProgress::End() {
  Show(clock_->MonotonicMs());
  if (terminal_) *out_ << "\n" << std::flush;
}

void TransferProgress::Show(int64_t now_ms) {
  shown_ms_ = now_ms;
  const double seconds = static_cast<double>(std::max<int64_t>(now_ms - started_ms_, 1)) / 1000;
  const auto bytes = static_cast<double>(bytes_);
  *out_ << (terminal_ ? "\r" : "") << "batonctl: " << BytesText(bytes) << ", "
        << BytesText(bytes / seconds) << "/s" << (terminal_ ? "   " : "\n") << std::flush;
}

}  // namespace baton::batonctl
