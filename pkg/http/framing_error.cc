#include "pkg/http/framing_error.h"

#include <utility>

namespace baton::http {

FramingError BadFraming(std::string reason, std::string message) {
  return {400, Status(Code::kInvalidArgument, std::move(reason), std::move(message))};
}

FramingError TooLarge(int http_status, std::string reason, std::string message) {
  return {http_status, Status(Code::kTooLarge, std::move(reason), std::move(message))};
}

}  // namespace baton::http
