// File: bytes.h
//
// Reading and writing of binary formats. Fixed integers are little-endian; `*BigEndian` exist for
// keys, whose byte order must be their numeric order. A string is a varint length and its bytes.
//
// ByteReader never reads out of bounds: after the first short or malformed read `ok()` is false for
// good and all further reads return zero values, so that a decoder checks once, at its end.
//
//   std::string out;  ByteWriter w(&out);  w.U8(1); w.Varint(300); w.String("abc");
//   ByteReader r(out);  auto version = r.U8(); auto n = r.Varint(); auto s = r.String(1024);
//   if (!r.AtEnd()) return Status(Code::kCorruption, "...");
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton {

class ByteWriter {
 public:
  // Appends to *out, which must outlive the writer.
  explicit ByteWriter(std::string* out) : out_(out) {}

  void U8(uint8_t value);
  void U32(uint32_t value);
  void U64(uint64_t value);
  void U64BigEndian(uint64_t value);
  void Varint(uint64_t value);  // LEB128, 1 to 10 bytes
  void Bool(bool value) { U8(value ? 1 : 0); }
  void String(std::string_view value);  // varint length + bytes
  void Raw(std::string_view value);     // bytes only

 private:
  std::string* out_;
};

class ByteReader {
 public:
  // The bytes must outlive the reader and every string_view it returned.
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t U8();
  uint32_t U32();
  uint64_t U64();
  uint64_t U64BigEndian();
  uint64_t Varint();  // malformed when longer than needed: a number has one form
  bool Bool();        // anything but 0 and 1 is malformed
  // Malformed when longer than `size_max` bytes.
  std::string_view String(size_t size_max);
  std::string_view Raw(size_t size);
  // For a decoder that finds a value outside its domain: malformed from here on.
  void Fail();

  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  // Everything was read, and all of it well-formed.
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  bool Need(size_t size);

  std::string_view rest_;
  bool ok_ = true;
};

// Lower-case hexadecimal, two digits a byte.
std::string ToHex(std::string_view bytes);

}  // namespace baton
