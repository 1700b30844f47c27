#include "pkg/http/request_head.h"

#include <algorithm>
#include <array>
#include <limits>

namespace baton::http {
namespace {

using MaybeError = std::optional<FramingError>;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ToLower);
  return lower;
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// TRACE and CONNECT are left out: the one reflects headers, the other is for proxies.
bool IsKnownMethod(std::string_view method) {
  static constexpr std::array<std::string_view, 7> kMethods = {"GET",   "PUT",  "POST",   "DELETE",
                                                               "PATCH", "HEAD", "OPTIONS"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

MaybeError CheckMethod(std::string_view method) {
  if (method.empty() || !std::all_of(method.begin(), method.end(), IsTokenCharacter)) {
    return BadFraming("malformed_request_line", "the method is not a token");
  }
  if (IsKnownMethod(method)) return std::nullopt;
  return FramingError{501, Status(Code::kUnimplemented, "unknown_method",
                                  "this server knows GET, HEAD, PUT, POST, DELETE, PATCH, "
                                  "OPTIONS")};
}

MaybeError ParseVersion(std::string_view version, int* minor) {
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && IsDigit(version[5]) &&
                      version[6] == '.' && IsDigit(version[7]);
  if (!shaped) {
    return BadFraming("malformed_request_line", "the request line does not end in HTTP/1.1");
  }
  if (version[5] != '1' || version[7] > '1') {
    return FramingError{505, Status(Code::kUnimplemented, "http_version_not_supported",
                                    "this server speaks HTTP/1.1 and HTTP/1.0")};
  }
  *minor = version[7] - '0';
  return std::nullopt;
}

// Only origin-form: an absolute URL may name another host than Host does, and '*' names nothing.
MaybeError CheckTarget(std::string_view target) {
  if (target.empty() || target.front() != '/') {
    return BadFraming("malformed_target", "the request target does not start with '/'");
  }
  const bool visible = std::all_of(target.begin(), target.end(), [](char c) {
    return !IsControl(c) && static_cast<unsigned char>(c) < 0x80 && c != ' ';
  });
  if (!visible) {
    return BadFraming("malformed_target",
                      "the request target has bytes that must be percent-encoded");
  }
  if (target.find('#') != std::string_view::npos) {
    return BadFraming("malformed_target", "the request target has a fragment ('#')");
  }
  return std::nullopt;
}

// The one value of a field that may be there at most once. Repeated, even with equal values, it is
// refused: which one the next parser takes is not known.
MaybeError FindOnce(const RequestHead& head, std::string_view name, const std::string** value) {
  *value = nullptr;
  for (const auto& [field_name, field_value] : head.fields) {
    if (field_name != name) continue;
    if (*value != nullptr) {
      return BadFraming("repeated_header", "the header " + std::string(name) + " is repeated");
    }
    *value = &field_value;
  }
  return std::nullopt;
}

MaybeError CheckHost(const RequestHead& head) {
  const std::string* host = nullptr;
  if (MaybeError error = FindOnce(head, "host", &host)) return error;
  if (host == nullptr) {
    if (head.version_minor == 0) return std::nullopt;
    return BadFraming("missing_host", "an HTTP/1.1 request needs a Host header");
  }
  const bool plain = !host->empty() && std::all_of(host->begin(), host->end(), [](char c) {
    return IsAlpha(c) || IsDigit(c) ||
           std::string_view("-._~%[]:!$&'()*+;=").find(c) != std::string_view::npos;
  });
  if (!plain) return BadFraming("malformed_host", "the Host header is not a host and port");
  return std::nullopt;
}

MaybeError ParseContentLength(const std::string& value, const Limits& limits, size_t* length) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), IsDigit)) {
    return BadFraming("malformed_content_length", "Content-Length is not a decimal number");
  }
  size_t number = 0;
  for (const char c : value) {
    const auto digit = static_cast<size_t>(c - '0');
    if (number > (std::numeric_limits<size_t>::max() - digit) / 10) {
      return BadFraming("malformed_content_length", "Content-Length is beyond any number");
    }
    number = number * 10 + digit;
  }
  if (number > limits.body_bytes_max) {
    return TooLarge(413, "body_too_large",
                    "the body is larger than " + std::to_string(limits.body_bytes_max) + " bytes");
  }
  *length = number;
  return std::nullopt;
}

MaybeError PlanFraming(const RequestHead& head, const Limits& limits, BodyPlan* plan) {
  const std::string* length = nullptr;
  const std::string* encoding = nullptr;
  if (MaybeError error = FindOnce(head, "content-length", &length)) return error;
  if (MaybeError error = FindOnce(head, "transfer-encoding", &encoding)) return error;
  if (length != nullptr && encoding != nullptr) {
    return BadFraming("ambiguous_length", "both Content-Length and Transfer-Encoding are given");
  }
  if (encoding != nullptr) {
    if (head.version_minor == 0 || Lower(*encoding) != "chunked") {
      return BadFraming("unknown_transfer_encoding",
                        "Transfer-Encoding may only be chunked, and only in HTTP/1.1");
    }
    plan->chunked = true;
  }
  if (length != nullptr) return ParseContentLength(*length, limits, &plan->length);
  return std::nullopt;
}

MaybeError PlanExpectation(const RequestHead& head, BodyPlan* plan) {
  const std::string* expect = nullptr;
  if (MaybeError error = FindOnce(head, "expect", &expect)) return error;
  if (expect == nullptr || head.version_minor == 0) return std::nullopt;  // RFC 9110, 10.1.1
  if (Lower(*expect) != "100-continue") {
    return FramingError{417, Status(Code::kUnprocessable, "unknown_expectation",
                                    "the only expectation this server knows is 100-continue")};
  }
  plan->expects_continue = plan->chunked || plan->length > 0;
  return std::nullopt;
}

// Calls `use` with each element of a comma-separated list, in lower case.
template <typename Use>
void ForEachElement(std::string_view list, const Use& use) {
  while (true) {
    const size_t comma = list.find(',');
    use(Lower(TrimBlanks(list.substr(0, comma))));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

void PlanConnection(const RequestHead& head, BodyPlan* plan) {
  bool close = false;
  bool keep = false;
  for (const auto& [name, value] : head.fields) {
    if (name != "connection") continue;
    ForEachElement(value, [&](const std::string& option) {
      close = close || option == "close";
      keep = keep || option == "keep-alive";
    });
  }
  plan->keep_alive = !close && (head.version_minor == 1 || keep);
}

}  // namespace

bool IsTokenCharacter(char c) {
  static constexpr std::array<bool, 256> kTokenCharacters = [] {
    std::array<bool, 256> is_one{};
    for (char letter = 'a'; letter <= 'z'; ++letter)
      is_one[static_cast<unsigned char>(letter)] = true;
    for (char letter = 'A'; letter <= 'Z'; ++letter)
      is_one[static_cast<unsigned char>(letter)] = true;
    for (const char other : std::string_view("0123456789!#$%&'*+-.^_`|~")) {
      is_one[static_cast<unsigned char>(other)] = true;
    }
    return is_one;
  }();
  return kTokenCharacters[static_cast<unsigned char>(c)];
}

std::optional<FramingError> ParseRequestLine(std::string_view line, RequestHead* head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  // One space means HTTP/0.9, which has no headers to frame by.
  if (first == std::string_view::npos || first == last) {
    return BadFraming("malformed_request_line",
                      "the request line is not a method, a target and a version");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  // The version first: the preface of HTTP/2 ("PRI * HTTP/2.0") has a method of its own, too.
  if (MaybeError error = ParseVersion(line.substr(last + 1), &head->version_minor)) return error;
  if (MaybeError error = CheckMethod(method)) return error;
  if (MaybeError error = CheckTarget(target)) return error;
  head->method = method;
  head->target = target;
  return std::nullopt;
}

std::optional<FramingError> ParseFieldLine(std::string_view line, RequestHead* head) {
  if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
    return BadFraming("folded_header", "a header line starts with a blank (obsolete folding)");
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return BadFraming("malformed_header", "a header line has no ':'");
  }
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenCharacter)) {
    return BadFraming("malformed_header",
                      "a header name is empty or has a byte that is not "
                      "allowed in one (a blank before ':' is such a byte)");
  }
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  const auto forbidden = [](char c) { return IsControl(c) && c != '\t'; };
  if (std::any_of(value.begin(), value.end(), forbidden)) {
    return BadFraming("malformed_header", "a header value has a control byte (NUL, bare CR, ...)");
  }
  head->fields.emplace_back(Lower(name), value);
  return std::nullopt;
}

std::optional<FramingError> PlanBody(const RequestHead& head, const Limits& limits,
                                     BodyPlan* plan) {
  if (MaybeError error = CheckHost(head)) return error;
  if (MaybeError error = PlanFraming(head, limits, plan)) return error;
  if (MaybeError error = PlanExpectation(head, plan)) return error;
  for (const auto& [name, value] : head.fields) {
    if (name == "content-encoding" && Lower(value) != "identity") {
      return FramingError{415, Status(Code::kUnprocessable, "content_encoding_not_supported",
                                      "a request body must not be compressed")};
    }
  }
  PlanConnection(head, plan);
  return std::nullopt;
}

}  // namespace baton::http
