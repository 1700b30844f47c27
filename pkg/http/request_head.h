// File: request_head.h
//
// The lines of a request's head and what they mean together: RFC 9112 sections 2 to 7, read as
// strictly as they allow. Two parsers that understand the same bytes differently are how requests
// are smuggled, so whatever has two readings has none here. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/http/framing_error.h"
#include "pkg/http/limits.h"

namespace baton::http {

struct RequestHead {
  std::string method;
  std::string target;     // as sent: '/'..., visible ASCII, no fragment
  int version_minor = 1;  // HTTP/1.0 or HTTP/1.1
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case, in order
};

// How the body is framed, and what else the fields ask of the connection.
struct BodyPlan {
  bool chunked = false;
  size_t length = 0;  // when not chunked
  bool expects_continue = false;
  bool keep_alive = true;
};

// RFC 9110 section 5.6.2: what a method and a field name are made of.
bool IsTokenCharacter(char c);

// Lines come without their CRLF. An error leaves *head in an unspecified state.
std::optional<FramingError> ParseRequestLine(std::string_view line, RequestHead* head);
// Appends one field. Counting and byte bounds are the caller's.
std::optional<FramingError> ParseFieldLine(std::string_view line, RequestHead* head);
// The rules over all fields: Host, Content-Length, Transfer-Encoding, Content-Encoding, Expect,
// Connection.
std::optional<FramingError> PlanBody(const RequestHead& head, const Limits& limits, BodyPlan* plan);

}  // namespace baton::http
