// File: single_headers.h
//
// Headers of the API that have one value. Pure.
#pragma once

#include "pkg/base/status.h"
#include "pkg/http/server.h"

namespace baton::http {

// kInvalidArgument/"repeated_header" when one of them comes twice, even with equal values: one of
// the two would count for nothing, and which one would be chance. Lists (Accept, Prefer) may come
// in pieces, and what the API does not read may come as it likes.
Status CheckSingleHeaders(const Request& request);

}  // namespace baton::http
