// File: malformed_requests.h
//
// Requests that must be refused, and how. Where a second request hides behind or inside, it asks
// for /smuggled: a server that runs that one has been fooled.
#pragma once

#include <string>
#include <vector>

namespace baton::http {

struct MalformedRequest {
  std::string name;
  std::string bytes;
  int status = 400;
};

inline constexpr char kSmuggled[] = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

// For the default limits. None of them is larger than 64 KiB.
std::vector<MalformedRequest> MalformedRequests();

// Those of them that try to hide a request from one of two parsers.
std::vector<MalformedRequest> SmugglingRequests();

}  // namespace baton::http
