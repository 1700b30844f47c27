#include "pkg/http/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace baton::http {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNone = 0xff;

using Table = std::array<uint8_t, 256>;

constexpr void AddAlphabet(std::string_view alphabet, Table* table) {
  for (size_t i = 0; i < alphabet.size(); ++i) {
    (*table)[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  }
}

constexpr Table MakeTable(bool with_url) {
  Table table{};
  table.fill(kNone);
  AddAlphabet(kStandard, &table);
  if (with_url) AddAlphabet(kUrl, &table);
  return table;
}

constexpr Table kStandardTable = MakeTable(false);
constexpr Table kEitherTable = MakeTable(true);

// Groups of three bytes become four characters; what is left over, two or three.
void Append(std::string_view bytes, std::string_view alphabet, bool padded, std::string* out) {
  const auto character = [&](uint32_t bits) { out->push_back(alphabet[bits & 63]); };
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t size = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < size ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    }
    character(group >> 18);
    character(group >> 12);
    if (size > 1) character(group >> 6);
    if (size > 2) character(group);
    if (padded) out->append(3 - size, '=');
  }
}

Status Malformed(size_t offset, const char* what) {
  return Status(Code::kInvalidArgument, "malformed_base64",
                std::string(what) + " at offset " + std::to_string(offset));
}

// `text` without padding.
Result<std::string> Decode(std::string_view text, const Table& table) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  uint32_t pending = 0;
  int pending_bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t value = table[static_cast<uint8_t>(text[i])];
    if (value == kNone) return Malformed(i, "a character that is not base64");
    pending = pending << 6 | value;
    pending_bits += 6;
    if (pending_bits < 8) continue;
    pending_bits -= 8;
    bytes.push_back(static_cast<char>(pending >> pending_bits & 0xff));
  }
  if (pending_bits >= 6) return Malformed(text.size(), "base64 that ends inside a byte");
  if ((pending & ((1u << pending_bits) - 1)) != 0) {
    return Malformed(text.size(), "base64 whose last bits are not zero");
  }
  return bytes;
}

std::string_view WithoutPadding(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string out;
  AppendBase64(bytes, &out);
  return out;
}

void AppendBase64(std::string_view bytes, std::string* out) { Append(bytes, kStandard, true, out); }

std::string Base64UrlEncode(std::string_view bytes) {
  std::string out;
  Append(bytes, kUrl, false, &out);
  return out;
}

Result<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Malformed(text.size(), "base64 whose length is not a multiple of four");
  }
  return Decode(WithoutPadding(text), kStandardTable);
}

Result<std::string> Base64UrlDecode(std::string_view text) {
  const std::string_view bare = WithoutPadding(text);
  if (bare.size() != text.size() && text.size() % 4 != 0) {
    return Malformed(text.size(), "base64 with padding of the wrong length");
  }
  return Decode(bare, kEitherTable);
}

}  // namespace baton::http
