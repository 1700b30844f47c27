#include "pkg/http/query.h"

#include <algorithm>
#include <utility>

#include "pkg/http/percent.h"

namespace baton::http {
namespace {

Result<std::string> DecodeForm(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '+', ' ');
  return PercentDecode(blanks);
}

}  // namespace

Result<std::multimap<std::string, std::string>> ParseQuery(std::string_view raw_query) {
  std::multimap<std::string, std::string> parameters;
  while (!raw_query.empty()) {
    const size_t end = std::min(raw_query.find('&'), raw_query.size());
    const std::string_view pair = raw_query.substr(0, end);
    raw_query.remove_prefix(std::min(end + 1, raw_query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = DecodeForm(pair.substr(0, equals));
    if (!name.ok()) return name.status();
    Result<std::string> value = DecodeForm(pair.substr(std::min(equals + 1, pair.size())));
    if (!value.ok()) return value.status();
    parameters.emplace(*std::move(name), *std::move(value));
  }
  return parameters;
}

}  // namespace baton::http
