// File: accept.h
//
// Which of several forms a client wants (RFC 9110, section 12.5.1). Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "pkg/http/server.h"

namespace baton::http {

// The offered media type that the Accept header likes best, the earlier one of equals; without the
// header the first one. Empty: none is acceptable. What is malformed in the header is passed over.
std::string_view BestMediaType(const Request& request,
                               std::initializer_list<std::string_view> offered);

}  // namespace baton::http
