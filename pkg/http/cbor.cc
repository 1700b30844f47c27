#include "pkg/http/cbor.h"

#include <algorithm>
#include <array>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/http/json.h"

namespace baton::http {
namespace {

// The upper three bits of a value's first byte.
enum Major : uint8_t {
  kUnsigned = 0,
  kNegative = 1,
  kBytes = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
  kSimple = 7,
};
// The lower five bits: below 24 the argument itself, up to 27 the size of what follows.
constexpr uint8_t kOneByteFollows = 24;
constexpr uint8_t kEightBytesFollow = 27;
constexpr uint8_t kNoLength = 31;
constexpr uint8_t kFalse = 20;
constexpr uint8_t kTrue = 21;
constexpr uint8_t kNull = 22;
constexpr char kBreak = '\xff';

// What a value begins with.
struct Head {
  uint8_t major = 0;
  uint8_t info = 0;
  uint64_t argument = 0;
  size_t bytes = 0;  // of the head itself; 0: it is cut off, or none
};

Head ReadHead(const char* at, size_t available) {
  Head head;
  if (available == 0) return head;
  const auto byte = [at](size_t i) { return static_cast<uint8_t>(at[i]); };
  head.major = byte(0) >> 5;
  head.info = byte(0) & 31;
  if (head.info < kOneByteFollows || head.info == kNoLength) {
    head.argument = head.info;
    head.bytes = 1;
    return head;
  }
  if (head.info > kEightBytesFollow) return head;
  const size_t more = size_t{1} << (head.info - kOneByteFollows);
  if (available < 1 + more) return head;
  for (size_t i = 1; i <= more; ++i) head.argument = head.argument << 8 | byte(i);
  head.bytes = 1 + more;
  return head;
}

// Of a value that was checked.
Head HeadAt(const char* at) { return ReadHead(at, 1 + sizeof(uint64_t)); }

bool HasContent(const Head& head) { return head.major == kBytes || head.major == kText; }

// Where the next value begins.
const char* Skip(const char* at) {
  // The values that are still to be skipped, of each level; a map without a length has kOpen.
  constexpr uint64_t kOpen = ~uint64_t{0};
  std::array<uint64_t, kCborDepthMax + 1> left{};
  size_t depth = 0;
  left[0] = 1;
  while (true) {
    while (left[depth] == 0) {
      if (depth == 0) return at;
      --depth;
    }
    if (left[depth] == kOpen && *at == kBreak) {
      ++at;
      left[depth] = 0;
      continue;
    }
    if (left[depth] != kOpen) --left[depth];
    const Head head = HeadAt(at);
    at += head.bytes;
    if (HasContent(head)) at += head.argument;
    if (head.major != kArray && head.major != kMap) continue;
    const uint64_t values = head.major == kArray ? head.argument : 2 * head.argument;
    left[++depth] = head.info == kNoLength ? kOpen : values;
  }
}

class Checker {
 public:
  Checker(std::string_view bytes, const CborLimits& limits) : bytes_(bytes), limits_(limits) {}

  Status Run() {
    CHECK_LE(limits_.depth_max, kCborDepthMax);
    if (!Value()) return error_;
    while (!open_.empty()) {
      if (!Continue()) return error_;
    }
    if (at_ < bytes_.size()) (void)Fail("nothing may follow the value");
    return error_;
  }

 private:
  // An array or a map that is not complete yet.
  struct Open {
    bool is_map = false;
    bool has_length = true;
    uint64_t left = 0;  // items, or pairs of a map
    std::vector<std::string_view> names;
  };

  bool Fail(const std::string& rule) {
    error_ = Status(Code::kInvalidArgument, "malformed_cbor",
                    "malformed CBOR at byte " + std::to_string(at_) + ": " + rule);
    return false;
  }

  // The next item or pair of the innermost, or its end.
  bool Continue() {
    Open& inner = open_.back();
    if (!inner.has_length && at_ < bytes_.size() && bytes_[at_] == kBreak) {
      ++at_;
      open_.pop_back();
      return true;
    }
    if (inner.has_length && inner.left == 0) {
      open_.pop_back();
      return true;
    }
    --inner.left;
    return (!inner.is_map || Name(&inner)) && Value();
  }

  bool Name(Open* map) {
    const Head head = ReadHead(bytes_.data() + at_, bytes_.size() - at_);
    if (head.bytes == 0 || head.major != kText) return Fail("a name must be a text");
    std::string_view name;
    if (!Content(head, &name)) return false;
    if (map->names.size() == kCborNamesMax) {
      return Fail("more than " + std::to_string(kCborNamesMax) + " names");
    }
    if (std::find(map->names.begin(), map->names.end(), name) != map->names.end()) {
      return Fail("a name is repeated");
    }
    map->names.push_back(name);
    return true;
  }

  bool Value() {
    if (++values_ > limits_.values_max) {
      return Fail("more than " + std::to_string(limits_.values_max) + " values");
    }
    const Head head = ReadHead(bytes_.data() + at_, bytes_.size() - at_);
    if (head.bytes == 0) return Fail("a value is missing");
    if (head.major == kArray || head.major == kMap) return Enter(head);
    std::string_view content;
    if (HasContent(head)) return Content(head, &content);
    const bool known = head.major == kSimple ? head.info >= kFalse && head.info <= kNull
                                             : head.major <= kNegative && head.info != kNoLength;
    if (!known) return Fail("a kind of value that is not known here");
    at_ += head.bytes;
    return true;
  }

  bool Content(const Head& head, std::string_view* content) {
    if (head.info == kNoLength) return Fail("a text, or bytes, without a length");
    at_ += head.bytes;
    if (head.argument > bytes_.size() - at_) return Fail("a text, or bytes, that ends too early");
    *content = bytes_.substr(at_, head.argument);
    if (head.major == kText && !IsUtf8(*content)) return Fail("a text that is not UTF-8");
    at_ += head.argument;
    return true;
  }

  bool Enter(const Head& head) {
    if (open_.size() == limits_.depth_max) {
      return Fail("nested deeper than " + std::to_string(limits_.depth_max));
    }
    const bool has_length = head.info != kNoLength;
    if (head.major == kArray && !has_length) return Fail("an array without a length");
    // An item has a byte at least: what announces more is not believed.
    if (has_length && head.argument > bytes_.size() - at_) return Fail("a value is missing");
    at_ += head.bytes;
    open_.push_back({head.major == kMap, has_length, has_length ? head.argument : 0, {}});
    return true;
  }

  const std::string_view bytes_;
  const CborLimits limits_;
  size_t at_ = 0;
  size_t values_ = 0;
  std::vector<Open> open_;
  Status error_;
};

void AppendHead(Major major, uint64_t argument, std::string* out) {
  const auto first = [major](uint64_t info) {
    return static_cast<char>(static_cast<uint64_t>(major) << 5 | info);
  };
  if (argument < kOneByteFollows) return out->push_back(first(argument));
  int size_bits = 0;  // 2^size_bits bytes follow
  while (size_bits < 3 && argument >> (8u << size_bits) != 0) ++size_bits;
  out->push_back(first(kOneByteFollows + static_cast<uint64_t>(size_bits)));
  for (int shift = (8 << size_bits) - 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(argument >> shift & 0xff));
  }
}

void AppendSimple(uint8_t info, std::string* out) { AppendHead(kSimple, info, out); }

}  // namespace

void AppendCborNumber(uint64_t number, std::string* out) { AppendHead(kUnsigned, number, out); }

void AppendCborBool(bool value, std::string* out) { AppendSimple(value ? kTrue : kFalse, out); }

void AppendCborText(std::string_view text, std::string* out) {
  AppendHead(kText, text.size(), out);
  out->append(text);
}

void AppendCborBytes(std::string_view bytes, std::string* out) {
  AppendHead(kBytes, bytes.size(), out);
  out->append(bytes);
}

void BeginCborArray(size_t items, std::string* out) { AppendHead(kArray, items, out); }

void BeginCborMap(std::string* out) { out->push_back(static_cast<char>(kMap << 5 | kNoLength)); }

void EndCborMap(std::string* out) { out->push_back(kBreak); }

Status CheckCbor(std::string_view bytes, const CborLimits& limits) {
  return Checker(bytes, limits).Run();
}

bool CborValue::is_map() const { return HeadAt(at_).major == kMap; }
bool CborValue::is_array() const { return HeadAt(at_).major == kArray; }

std::optional<uint64_t> CborValue::Number() const {
  const Head head = HeadAt(at_);
  if (head.major != kUnsigned) return std::nullopt;
  return head.argument;
}

std::optional<bool> CborValue::Bool() const {
  const Head head = HeadAt(at_);
  if (head.major != kSimple || (head.info != kFalse && head.info != kTrue)) return std::nullopt;
  return head.info == kTrue;
}

std::optional<std::string_view> CborValue::Text() const {
  const Head head = HeadAt(at_);
  if (head.major != kText) return std::nullopt;
  return std::string_view(at_ + head.bytes, head.argument);
}

std::optional<std::string_view> CborValue::Bytes() const {
  const Head head = HeadAt(at_);
  if (head.major != kBytes) return std::nullopt;
  return std::string_view(at_ + head.bytes, head.argument);
}

std::optional<CborValue> CborValue::Find(std::string_view name) const {
  const Head map = HeadAt(at_);
  if (map.major != kMap) return std::nullopt;
  const bool has_length = map.info != kNoLength;
  const char* at = at_ + map.bytes;
  for (uint64_t left = map.argument; has_length ? left > 0 : *at != kBreak; --left) {
    const Head head = HeadAt(at);
    const std::string_view found(at + head.bytes, head.argument);
    at += head.bytes + head.argument;
    if (found == name) return CborValue(at);
    at = Skip(at);
  }
  return std::nullopt;
}

size_t CborValue::size() const {
  const Head head = HeadAt(at_);
  return head.major == kArray ? head.argument : 0;
}

CborValue::Iterator CborValue::begin() const {
  const Head head = HeadAt(at_);
  return {at_ + head.bytes, size()};
}

CborValue::Iterator& CborValue::Iterator::operator++() {
  at_ = Skip(at_);
  --left_;
  return *this;
}

}  // namespace baton::http
