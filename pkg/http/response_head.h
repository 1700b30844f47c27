// File: response_head.h
//
// The bytes of a response's status line and headers. The only place that writes them, so that no
// value can add a line of its own: CR, LF and NUL in a header are a CHECK, and so is a header that
// frames (Content-Length, Transfer-Encoding, Connection, Date): those are made here. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/http/server.h"

namespace baton::http {

enum class BodyFraming {
  kLength,      // Content-Length
  kChunked,     // Transfer-Encoding: chunked
  kUntilClose,  // a stream to an HTTP/1.0 client
};

struct HeadOptions {
  BodyFraming framing = BodyFraming::kLength;
  bool keep_alive = true;
  int version_minor = 1;  // of the request
  std::string_view date;  // HttpDate
  size_t room_bytes = 0;  // that will be appended
};

// Response::body only counts for its length.
std::string SerializeHead(const Response& response, const HeadOptions& options);

// 204, 304 and 1xx never have a body (RFC 9110 section 6.4.1).
bool StatusHasBody(int status);
std::string_view ReasonPhrase(int status);

// "Mon, 23 Nov 2026 14:25:47 GMT".
std::string HttpDate(int64_t unix_seconds);

}  // namespace baton::http
