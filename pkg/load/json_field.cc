#include "pkg/load/json_field.h"

#include <algorithm>

namespace baton::load {
namespace {

// What follows "name": and blanks; empty when there is no such field.
std::string_view After(std::string_view json, std::string_view name) {
  for (size_t at = 0; (at = json.find(name, at)) != std::string_view::npos; ++at) {
    const size_t end = at + name.size();
    if (at == 0 || json[at - 1] != '"' || end >= json.size() || json[end] != '"') continue;
    std::string_view rest = json.substr(end + 1);
    const auto skip_blanks = [&rest] {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    };
    skip_blanks();
    if (rest.empty() || rest.front() != ':') continue;  // a value, not a name
    rest.remove_prefix(1);
    skip_blanks();
    return rest;
  }
  return {};
}

}  // namespace

std::string_view TextField(std::string_view json, std::string_view name) {
  std::string_view rest = After(json, name);
  if (rest.empty() || rest.front() != '"') return {};
  rest.remove_prefix(1);
  for (size_t end = rest.find('"'); end != std::string_view::npos; end = rest.find('"', end + 1)) {
    size_t backslashes = 0;
    while (backslashes < end && rest[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return rest.substr(0, end);
  }
  return {};  // cut
}

std::string_view NumberField(std::string_view json, std::string_view name) {
  const std::string_view rest = After(json, name);
  const size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return rest.substr(0, end);
}

}  // namespace baton::load
