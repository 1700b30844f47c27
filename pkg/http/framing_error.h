// File: framing_error.h
//
// Why a request could not be framed: the answer to give before the connection is closed.
#pragma once

#include <string>

#include "pkg/base/status.h"

namespace baton::http {

struct FramingError {
  int http_status = 400;
  Status status;
};

// 400 and a sentence that names what was wrong. `reason` is a word for programs.
FramingError BadFraming(std::string reason, std::string message);
// 413, 414 or 431, and a sentence that names the limit.
FramingError TooLarge(int http_status, std::string reason, std::string message);

}  // namespace baton::http
