// File: settle.h
//
// Between what is prepared and the load: a stale read shows what its server has applied, which need
// not yet be what another server acknowledged.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/load/api.h"
#include "pkg/load/endpoint.h"

namespace baton::load {

// Reads the newest state of key 0, which must be there, at each endpoint: who has answered has
// applied all that was acknowledged before. Blocks, and tries again, for timeout_ms in all, or a
// second at most after it is `interrupted`; of one thread. kUnavailable "not_prepared": which
// endpoint did not answer, and why.
Status Settle(const Api& api, const std::vector<Endpoint>& endpoints, int64_t timeout_ms,
              const std::function<bool()>& interrupted);

}  // namespace baton::load
