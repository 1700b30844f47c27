// File: field_codec.h
//
// Bytes of the structs of command.h and reply.h. Each struct lists its fields once, in a function
// Fields(io, value) that calls io(field, ...); FieldWriter and FieldReader both walk that list, so
// that writing and reading cannot disagree. Internal to the codecs of this room.
//
//   bool            u8, 0 or 1              uint64_t, int64_t   varint of the 64 bits
//   std::string     varint size, bytes      SessionId           u64 (random: a varint saves
//   nothing) enum            u8, IsKnown(value)      other ids           varint std::optional bool,
//   then the value    std::vector         varint count, then the values struct          its fields
//   std::variant        the alternative; its index apart
//
// Every value has exactly one encoding, and reading accepts only that one.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pkg/base/bytes.h"
#include "pkg/base/ids.h"

namespace baton::coord {

// T is Struct or const Struct: what lets one Fields() serve reading and writing.
template <typename T, typename Struct>
concept Of = std::same_as<std::remove_const_t<T>, Struct>;

class FieldWriter {
 public:
  explicit FieldWriter(std::string* out) : out_(out) {}

  template <typename... Values>
  void operator()(const Values&... values) {
    (Write(values), ...);
  }
  template <typename... Alternatives>
  void Alternative(const std::variant<Alternatives...>& value) {
    std::visit([this](const auto& alternative) { Write(alternative); }, value);
  }

 private:
  void Write(bool value) { out_.Bool(value); }
  void Write(uint64_t value) { out_.Varint(value); }
  void Write(int64_t value) { out_.Varint(static_cast<uint64_t>(value)); }
  void Write(const std::string& value) { out_.String(value); }
  void Write(SessionId value) { out_.U64(value.value()); }
  template <typename Tag>
  void Write(StrongNumber<Tag> value) {
    out_.Varint(value.value());
  }
  template <typename T>
  void Write(const std::optional<T>& value) {
    Write(value.has_value());
    if (value) Write(*value);
  }
  template <typename T>
  void Write(const std::vector<T>& values) {
    Write(uint64_t{values.size()});
    for (const T& value : values) Write(value);
  }
  template <typename T>
  void Write(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out_.U8(static_cast<uint8_t>(value));
    } else if constexpr (!std::is_empty_v<T>) {
      Fields(*this, value);
    }
  }

  ByteWriter out_;
};

// After a malformed field all further ones read as zero, and ok() is false.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : in_(bytes) {}

  template <typename... Values>
  void operator()(Values&... values) {
    (Read(values), ...);
  }
  // The alternative with this index; malformed if there is none.
  template <typename... Alternatives>
  void Alternative(std::variant<Alternatives...>& value, size_t index) {
    if (index >= sizeof...(Alternatives)) in_.Fail();
    if (in_.ok()) ReadAlternative(value, index, std::index_sequence_for<Alternatives...>());
  }

  bool AtEnd() const { return in_.AtEnd(); }

 private:
  void Read(bool& value) { value = in_.Bool(); }
  void Read(uint64_t& value) { value = in_.Varint(); }
  void Read(int64_t& value) { value = static_cast<int64_t>(in_.Varint()); }
  void Read(std::string& value) { value = in_.String(SIZE_MAX); }
  void Read(SessionId& value) { value = SessionId(in_.U64()); }
  template <typename Tag>
  void Read(StrongNumber<Tag>& value) {
    value = StrongNumber<Tag>(in_.Varint());
  }
  template <typename T>
  void Read(std::optional<T>& value) {
    if (in_.Bool()) Read(value.emplace());
  }
  // Nothing is reserved: a count that lies costs no memory.
  template <typename T>
  void Read(std::vector<T>& values) {
    for (uint64_t left = in_.Varint(); left > 0 && in_.ok(); --left) {
      Read(values.emplace_back());
    }
  }
  template <typename Variant, size_t... kIndexes>
  void ReadAlternative(Variant& value, size_t index, std::index_sequence<kIndexes...>) {
    ((index == kIndexes ? Read(value.template emplace<kIndexes>()) : void()), ...);
  }
  template <typename T>
  void Read(T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(in_.U8());
      if (!IsKnown(value)) in_.Fail();
    } else if constexpr (!std::is_empty_v<T>) {
      Fields(*this, value);
    }
  }

  ByteReader in_;
};

}  // namespace baton::coord
