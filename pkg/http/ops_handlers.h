// File: ops_handlers.h
//
// Probes, metrics and the version. /livez is local only: a node that has lost its quorum is alive.
// A node is ready when it can serve: it knows a leader, has applied what is committed, its disk
// answers, and it is not on its way out.
#pragma once

#include <string>
#include <vector>

#include "pkg/http/api.h"

namespace baton::http {

struct Check {
  std::string name;
  std::string failure;  // empty: passed
};

// In the order in which they are printed: leader, caught_up, disk, draining.
std::vector<Check> ReadinessChecks(const node::StatusView& status);

// GET /livez, /readyz[?verbose][&exclude=NAME], /startupz, /version.
void AddProbeRoutes(ApiContext* context, Router* router);

}  // namespace baton::http
