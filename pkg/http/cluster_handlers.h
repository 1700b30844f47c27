// File: cluster_handlers.h
//
// What a node tells of the cluster and of itself, and the one thing it can be told to do: hand its
// leadership over.
#pragma once

#include "pkg/http/api.h"

namespace baton::http {

// GET /v1/cluster, POST /v1/cluster/leader/transfer, GET /v1/admin/hash.
void AddClusterRoutes(ApiContext* context, Router* router);

}  // namespace baton::http
