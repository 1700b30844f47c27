#include "pkg/http/query_fields.h"

#include <algorithm>
#include <charconv>

#include "pkg/http/base64.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/quote.h"

namespace baton::http {
namespace {

std::string Named(std::string_view name) { return "query parameter \"" + std::string(name) + "\""; }

}  // namespace

Status CheckNoQuery(const Request& request) {
  if (request.query.empty()) return Status::Ok();
  return Status(Code::kInvalidArgument, "unknown_parameter",
                UnknownName("query parameter", request.query.begin()->first, {}));
}

QueryFields::QueryFields(const Request& request, std::span<const std::string_view> known)
    : request_(request) {
  std::vector<std::string_view> names(known.begin(), known.end());
  names.push_back("timeout");
  CheckNames(std::move(names));
  TimeoutMs();
}

void QueryFields::CheckNames(std::vector<std::string_view> known) {
  std::string_view previous;
  bool first = true;
  for (const auto& [name, value] : request_.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Fail(Status(Code::kInvalidArgument, "unknown_parameter",
                         UnknownName("query parameter", name, known)));
    }
    if (!first && name == previous) {
      return Fail(Status(Code::kInvalidArgument, "repeated_parameter",
                         Named(name) + " is given more than once"));
    }
    previous = name;
    first = false;
  }
}

void QueryFields::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
}

void QueryFields::FailMalformed(std::string_view name, std::string_view wanted) {
  const std::string* text = request_.Query(std::string(name));
  Fail(Status(Code::kInvalidArgument, "malformed_parameter",
              Named(name) + " is " + Quoted(text == nullptr ? "" : *text) + "; it must be " +
                  std::string(wanted)));
}

bool QueryFields::Has(std::string_view name) const {
  return request_.Query(std::string(name)) != nullptr;
}

const std::string* QueryFields::Find(std::string_view name) const {
  return ok() ? request_.Query(std::string(name)) : nullptr;
}

std::string QueryFields::TextOr(std::string_view name, std::string_view otherwise) const {
  const std::string* text = Find(name);
  return text != nullptr ? *text : std::string(otherwise);
}

bool QueryFields::Flag(std::string_view name) {
  const std::string* text = Find(name);
  if (text == nullptr || *text == "false" || *text == "0") return false;
  if (!text->empty() && *text != "true" && *text != "1") FailMalformed(name, "true or false");
  return true;
}

uint64_t QueryFields::NumberOr(std::string_view name, uint64_t otherwise, uint64_t min,
                               uint64_t max) {
  const std::string* text = Find(name);
  if (text == nullptr) return otherwise;
  const bool digits = !text->empty() && text->find_first_not_of("0123456789") == std::string::npos;
  if (!digits) {
    FailMalformed(name, "a whole number");
    return otherwise;
  }
  uint64_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec == std::errc() && number >= min && number <= max) return number;
  Fail(Status(Code::kUnprocessable, "out_of_range",
              Named(name) + " is " + Quoted(*text) + "; it must be from " + std::to_string(min) +
                  " to " + std::to_string(max)));
  return otherwise;
}

int64_t QueryFields::DurationMsOr(std::string_view name, int64_t otherwise,
                                  const DurationBounds& bounds) {
  const std::string* text = Find(name);
  if (text == nullptr) return otherwise;
  const Result<int64_t> parsed = ParseDurationMs(Named(name), *text, bounds);
  if (parsed.ok()) return *parsed;
  Fail(parsed.status());
  return otherwise;
}

SessionId QueryFields::SessionOr(std::string_view name, SessionId otherwise) {
  const std::string* text = Find(name);
  if (text == nullptr) return otherwise;
  const Result<SessionId> parsed = ParseSessionId(Named(name), *text);
  if (parsed.ok()) return *parsed;
  Fail(parsed.status());
  return otherwise;
}

std::string QueryFields::BytesOr(const std::string& name, std::string_view otherwise) {
  const std::string encoded_name = name + "_b64";
  const std::string* encoded = Find(encoded_name);
  if (encoded == nullptr) return TextOr(name, otherwise);
  if (Has(name)) {
    Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                "give either " + Named(name) + " or " + Named(encoded_name) + ", not both"));
    return "";
  }
  Result<std::string> bytes = Base64UrlDecode(*encoded);
  if (bytes.ok()) return *std::move(bytes);
  Fail(Status(bytes.status().code(), bytes.status().reason(),
              Named(encoded_name) + ": " + bytes.status().message()));
  return "";
}

int64_t QueryFields::TimeoutMs() {
  const std::string* header = request_.Header("request-timeout");
  if (Has("timeout") || header == nullptr) {
    return DurationMsOr("timeout", kTimeoutDefaultMs, kTimeoutBounds);
  }
  const Result<int64_t> parsed = ParseDurationMs("header Request-Timeout", *header, kTimeoutBounds);
  if (parsed.ok()) return *parsed;
  Fail(parsed.status());
  return kTimeoutDefaultMs;
}

node::Consistency QueryFields::ReadConsistency() {
  const std::string text = TextOr("consistency", "linearizable");
  if (text == "stale") return node::Consistency::kStale;
  if (text != "linearizable") FailMalformed("consistency", "\"linearizable\" or \"stale\"");
  return node::Consistency::kLinearizable;
}

Revision QueryFields::MinRevision() {
  return Revision(NumberOr("min_revision", 0, 0, kRevisionMax));
}

}  // namespace baton::http
