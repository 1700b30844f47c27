#include "cmd/batonctl/json_bytes.h"

#include <nlohmann/json.hpp>

#include "cmd/batonctl/hex.h"
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

std::string SessionText(SessionId id) { return Hex64(id.value()); }

}  // namespace baton::batonctl
