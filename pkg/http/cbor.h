// File: cbor.h
//
// As much of CBOR (RFC 8949) as JSON can say, and bytes: whole numbers, texts, bytes, true, false,
// null, arrays, and maps whose names are texts. Read where it lies: no tree is built, nothing is
// copied. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

// --- writing: each appends ---

void AppendCborNumber(uint64_t number, std::string* out);
void AppendCborBool(bool value, std::string* out);
void AppendCborText(std::string_view text, std::string* out);  // must be UTF-8
void AppendCborBytes(std::string_view bytes, std::string* out);
void BeginCborArray(size_t items, std::string* out);  // that many values follow
void BeginCborMap(std::string* out);                  // texts and values by turns, until End
void EndCborMap(std::string* out);

// --- reading ---

struct CborLimits {
  size_t depth_max = 8;  // at most kCborDepthMax
  size_t values_max = 100'000;
};
inline constexpr size_t kCborDepthMax = 16;
inline constexpr size_t kCborNamesMax = 64;  // of one map

// One value as above, within the limits, and nothing after it. Refused, as having two readings or
// none: repeated names of a map, texts that are not UTF-8, texts, bytes and arrays without a
// length. kInvalidArgument/"malformed_cbor".
Status CheckCbor(std::string_view bytes, const CborLimits& limits = {});

// A value inside of bytes that CheckCbor has passed, which must outlive it.
class CborValue {
 public:
  explicit CborValue(std::string_view checked) : at_(checked.data()) {}

  bool is_map() const;
  bool is_array() const;
  // nullopt: it is something else.
  std::optional<uint64_t> Number() const;
  std::optional<bool> Bool() const;
  std::optional<std::string_view> Text() const;
  std::optional<std::string_view> Bytes() const;
  // Of a map; nullopt: it has no such name, or is none.
  std::optional<CborValue> Find(std::string_view name) const;

  // Of an array. Anything else has no items.
  class Iterator {
   public:
    Iterator(const char* at, uint64_t left) : at_(at), left_(left) {}
    CborValue operator*() const { return CborValue(at_); }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    const char* at_;
    uint64_t left_;
  };
  size_t size() const;
  Iterator begin() const;
  Iterator end() const { return {nullptr, 0}; }

 private:
  explicit CborValue(const char* at) : at_(at) {}

  const char* at_;
};

}  // namespace baton::http
