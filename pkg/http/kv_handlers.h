// File: kv_handlers.h
//
// Between the files of the /v1/kv handlers.
#pragma once

#include "pkg/http/api_call.h"

namespace baton::http {

// GET /v1/kv?prefix=&limit=&cursor=&keys_only=
void ListKeys(const Call& call);

}  // namespace baton::http
