#include "pkg/http/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pkg/base/check.h"
#include "pkg/http/base64.h"

namespace baton::http {

Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits) {
  BATON_RETURN_IF_ERROR(CheckJson(text, limits));
  nlohmann::json value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return Status(Code::kInvalidArgument, "malformed_json", "the text is not JSON");
  }
  return value;
}

size_t Utf8SequenceBytes(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (bytes.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // The second byte tells overlong forms, surrogates and what is beyond U+10FFFF.
  const bool forbidden = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
                         (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
  return forbidden ? 0 : size;
}

bool IsUtf8(std::string_view bytes) {
  // Most texts are ASCII, and are looked at only once.
  const auto* const other = std::find_if(
      bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  bytes.remove_prefix(static_cast<size_t>(other - bytes.begin()));
  while (!bytes.empty()) {
    const size_t size = Utf8SequenceBytes(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

std::string JsonText(const nlohmann::json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

void SetBytes(nlohmann::json* object, const std::string& name, std::string_view bytes) {
  if (IsUtf8(bytes)) {
    (*object)[name] = bytes;
  } else {
    (*object)[name + "_b64"] = Base64Encode(bytes);
  }
}

}  // namespace baton::http
