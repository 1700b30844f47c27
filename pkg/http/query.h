// File: query.h
//
// The query of a request target: name=value pairs, percent-encoded, '+' for a blank as in forms.
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

// What the first '=' separates: a value may hold more of them ("token=abc=="), and '?' too. A name
// without '=' has an empty value. kInvalidArgument for malformed percent-encoding.
Result<std::multimap<std::string, std::string>> ParseQuery(std::string_view raw_query);

}  // namespace baton::http
