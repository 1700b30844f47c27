// File: queue_handlers.h
//
// Between the files of the /v1/locks and /v1/elections handlers.
#pragma once

#include "pkg/http/api_call.h"
#include "pkg/http/queue_json.h"

namespace baton::http {

// POST /v1/locks/{name}/acquire, POST /v1/elections/{name}/campaign. A call that waits holds no
// thread; when its client leaves, so does the call, and its place in the line unless "queue" asked
// to keep it.
void AcquireQueue(const Call& call, const QueueWords& words);

}  // namespace baton::http
