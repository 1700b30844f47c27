#include "pkg/http/quote.h"

#include "pkg/base/bytes.h"

namespace baton::http {

std::string Quoted(std::string_view text) {
  constexpr size_t kBytesMax = 64;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kBytesMax)) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    if (c >= ' ' && c <= '~') {
      quoted.push_back(c);
    } else {
      quoted += "\\x" + ToHex(std::string_view(&c, 1));
    }
  }
  return quoted + (text.size() > kBytesMax ? "...\"" : "\"");
}

}  // namespace baton::http
