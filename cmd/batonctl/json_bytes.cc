#include "cmd/batonctl/json_bytes.h"

#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cmd/cli/utf8.h"
#include "pkg/http/base64.h"

namespace baton::batonctl {

void PutBytes(const std::string& field, std::string_view bytes, nlohmann::json* object) {
  if (cli::IsUtf8(bytes)) {
    (*object)[field] = std::string(bytes);
  } else {
    (*object)[field + "_b64"] = http::Base64Encode(bytes);
  }
}

std::string SessionText(SessionId id) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, id.value());
  return text;
}

}  // namespace baton::batonctl
