#include "pkg/base/bytes.h"

namespace baton {
namespace {

constexpr int kVarintBytesMax = 10;

template <typename T>
void AppendLittleEndian(std::string* out, T value) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  out->append(bytes, sizeof(T));
}

template <typename T>
T LoadLittleEndian(std::string_view bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<T>(static_cast<uint8_t>(bytes[i])) << (8 * i));
  }
  return value;
}

}  // namespace

void ByteWriter::U8(uint8_t value) { out_->push_back(static_cast<char>(value)); }
void ByteWriter::U32(uint32_t value) { AppendLittleEndian(out_, value); }
void ByteWriter::U64(uint64_t value) { AppendLittleEndian(out_, value); }

void ByteWriter::U64BigEndian(uint64_t value) {
  char bytes[sizeof(value)];
  for (size_t i = 0; i < sizeof(value); ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  out_->append(bytes, sizeof(value));
}

void ByteWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_->push_back(static_cast<char>(value));
}

void ByteWriter::String(std::string_view value) {
  Varint(value.size());
  Raw(value);
}

void ByteWriter::Raw(std::string_view value) { out_->append(value); }

bool ByteReader::Need(size_t size) {
  if (ok_ && rest_.size() >= size) return true;
  Fail();
  return false;
}

void ByteReader::Fail() {
  ok_ = false;
  rest_ = {};
}

std::string_view ByteReader::Raw(size_t size) {
  if (!Need(size)) return {};
  std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

uint8_t ByteReader::U8() {
  std::string_view bytes = Raw(1);
  return ok_ ? static_cast<uint8_t>(bytes[0]) : uint8_t{0};
}

uint32_t ByteReader::U32() {
  std::string_view bytes = Raw(4);
  return ok_ ? LoadLittleEndian<uint32_t>(bytes) : 0;
}

uint64_t ByteReader::U64() {
  std::string_view bytes = Raw(8);
  return ok_ ? LoadLittleEndian<uint64_t>(bytes) : 0;
}

uint64_t ByteReader::U64BigEndian() {
  std::string_view bytes = Raw(8);
  uint64_t value = 0;
  for (char byte : bytes) value = (value << 8) | static_cast<uint8_t>(byte);
  return value;
}

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int i = 0; i < kVarintBytesMax; ++i) {
    const uint8_t byte = U8();
    if (!ok_) return 0;
    const uint64_t bits = byte & 0x7f;
    if (i == kVarintBytesMax - 1 && bits > 1) break;  // more than 64 bits
    value |= bits << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && i > 0) break;  // the same number has a shorter form
    return value;
  }
  Fail();
  return 0;
}

bool ByteReader::Bool() {
  const uint8_t value = U8();
  if (value > 1) Fail();
  return ok_ && value == 1;
}

std::string_view ByteReader::String(size_t size_max) {
  const uint64_t size = Varint();
  if (size > size_max) {
    Fail();
    return {};
  }
  return Raw(size);
}

std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

}  // namespace baton
