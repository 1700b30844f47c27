#include "test/chaos/proxy/request_frames.h"

#include <algorithm>
#include <charconv>

namespace baton::chaos {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kHeadBytesMax = 64 << 10;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// What stands after "\r\nname:" in a head; nothing when the header is not there.
std::string_view HeaderValue(std::string_view head, std::string_view name) {
  const std::string wanted = "\r\n" + std::string(name) + ":";
  const auto found =
      std::search(head.begin(), head.end(), wanted.begin(), wanted.end(),
                  [](char in_head, char in_name) { return Lower(in_head) == in_name; });
  if (found == head.end()) return {};
  std::string_view value = head.substr(static_cast<size_t>(found - head.begin()) + wanted.size());
  value = value.substr(0, value.find('\r'));
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace

size_t RequestFrames::RequestBytes() {
  const size_t head_end = gathered_.find(kHeadEnd);
  if (head_end == std::string::npos) {
    raw_ = gathered_.size() > kHeadBytesMax;
    return 0;
  }
  const std::string_view head = std::string_view(gathered_).substr(0, head_end);
  const std::string_view length = HeaderValue(head, "content-length");
  size_t body_bytes = 0;
  const auto parsed = std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  const bool good_length =
      length.empty() || (parsed.ec == std::errc() && parsed.ptr == length.data() + length.size());
  if (!good_length || !HeaderValue(head, "transfer-encoding").empty() ||
      body_bytes > kRequestBytesMax) {
    raw_ = true;
    return 0;
  }
  return head_end + kHeadEnd.size() + body_bytes;
}

std::vector<RequestFrames::Unit> RequestFrames::Take(std::string_view bytes) {
  gathered_.append(bytes);
  std::vector<Unit> units;
  while (!gathered_.empty() && !raw_) {
    const size_t size = RequestBytes();
    if (raw_ || size == 0 || size > gathered_.size()) break;
    units.push_back({gathered_.substr(0, size), true});
    gathered_.erase(0, size);
  }
  if (raw_ && !gathered_.empty()) {
    units.push_back({std::move(gathered_), false});
    gathered_.clear();
  }
  return units;
}

}  // namespace baton::chaos
