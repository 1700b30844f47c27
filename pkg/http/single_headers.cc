#include "pkg/http/single_headers.h"

#include <string>
#include <utility>

namespace baton::http {
namespace {

// As requests hold them, and as people write them.
constexpr std::pair<const char*, const char*> kSingleHeaders[] = {
    {"idempotency-key", "Idempotency-Key"}, {"if-match", "If-Match"},
    {"if-none-match", "If-None-Match"},     {"request-timeout", "Request-Timeout"},
    {"last-event-id", "Last-Event-ID"},     {"content-type", "Content-Type"},
};

}  // namespace

Status CheckSingleHeaders(const Request& request) {
  for (const auto& [name, written] : kSingleHeaders) {
    const size_t count = request.headers.count(name);
    if (count <= 1) continue;
    return Status(Code::kInvalidArgument, "repeated_header",
                  "the header " + std::string(written) + " is given " + std::to_string(count) +
                      " times; it must be given once");
  }
  return Status::Ok();
}

}  // namespace baton::http
