#include "pkg/storage/wal_records.h"

#include <algorithm>
#include <optional>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"

namespace baton::storage {
namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;
enum FragmentType : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

struct Fragment {
  FragmentType type;
  std::string_view payload;
};

// The fragment at `offset`, if a whole and intact one is there.
std::optional<Fragment> FragmentAt(std::string_view file, size_t offset) {
  const size_t block_end = std::min(file.size(), (offset / kBlockBytes + 1) * kBlockBytes);
  ByteReader reader(file.substr(offset, block_end - offset));
  const uint32_t masked_crc = reader.U32();
  const size_t low_length = reader.U8();
  const size_t length = low_length | static_cast<size_t>(reader.U8()) << 8;
  const std::string_view typed = reader.Raw(1 + length);
  if (!reader.ok()) return std::nullopt;
  const auto type = static_cast<uint8_t>(typed[0]);
  if (type < kFull || type > kLast) return std::nullopt;
  const uint32_t rotated = masked_crc - 0xa282ead8u;
  if (Crc32c(typed) != ((rotated >> 17) | (rotated << 15))) return std::nullopt;
  return Fragment{static_cast<FragmentType>(type), typed.substr(1)};
}

}  // namespace

WalScan ScanWal(std::string_view file) {
  WalScan scan;
  std::optional<WalRecord> partial;  // FIRST was seen, LAST was not
  size_t offset = 0;
  while (offset < file.size()) {
    const size_t block_left = kBlockBytes - offset % kBlockBytes;
    if (block_left < kHeaderBytes) {
      offset += block_left;
      continue;
    }
    const std::optional<Fragment> fragment = FragmentAt(file, offset);
    const bool begins = fragment && (fragment->type == kFull || fragment->type == kFirst);
    if (!fragment || begins == partial.has_value()) break;
    if (begins) partial = WalRecord{.bytes = {}, .begin = offset};
    partial->bytes += fragment->payload;
    offset += kHeaderBytes + fragment->payload.size();
    if (fragment->type == kFull || fragment->type == kLast) {
      scan.records.push_back(*std::move(partial));
      partial.reset();
      scan.good_bytes = offset;
    }
  }
  scan.damaged = file.find_first_not_of('\0', scan.good_bytes) != std::string_view::npos;
  return scan;
}

bool RecordBeginsAfter(std::string_view file, size_t offset) {
  for (++offset; offset < file.size(); ++offset) {
    const std::optional<Fragment> fragment = FragmentAt(file, offset);
    if (fragment && (fragment->type == kFull || fragment->type == kFirst)) return true;
  }
  return false;
}

}  // namespace baton::storage
