#include "pkg/http/precondition.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "pkg/http/quote.h"

namespace baton::http {
namespace {

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::optional<Revision> ParseTag(std::string_view tag) {
  if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"')) {
    tag = tag.substr(1, tag.size() - 2);
  }
  uint64_t number = 0;
  const auto parsed = std::from_chars(tag.data(), tag.data() + tag.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != tag.data() + tag.size() || number == 0) {
    return std::nullopt;
  }
  return Revision(number);
}

Status Malformed(std::string message) {
  return Status(Code::kInvalidArgument, "malformed_precondition", std::move(message));
}

}  // namespace

std::string EntityTag(Revision revision) { return "\"" + std::to_string(revision.value()) + "\""; }

Result<coord::Precondition> PreconditionOf(const Request& request) {
  const std::string* match = request.Header("if-match");
  const std::string* none_match = request.Header("if-none-match");
  coord::Precondition precondition;
  if (match != nullptr && none_match != nullptr) {
    return Malformed("give either If-Match or If-None-Match, not both");
  }
  if (none_match != nullptr) {
    if (Trim(*none_match) != "*") {
      return Malformed("the header If-None-Match of a change must be *, not " +
                       Quoted(*none_match));
    }
    precondition.kind = coord::Precondition::Kind::kAbsent;
  } else if (match != nullptr) {
    if (Trim(*match) == "*") {
      return Status(Code::kUnimplemented, "If-Match: * is not built in; name a revision");
    }
    const std::optional<Revision> revision = ParseTag(Trim(*match));
    if (!revision) {
      return Malformed("the header If-Match is " + Quoted(*match) +
                       "; it must be one revision in quotes, as in the header ETag");
    }
    precondition.kind = coord::Precondition::Kind::kModRevision;
    precondition.revision = *revision;
  }
  return precondition;
}

bool ClientHas(const Request& request, Revision revision) {
  const std::string* none_match = request.Header("if-none-match");
  if (none_match == nullptr) return false;
  std::string_view rest = *none_match;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view tag = Trim(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);  // a weak comparison is asked for here
    if (ParseTag(tag) == revision) return true;
  }
  return false;
}

}  // namespace baton::http
