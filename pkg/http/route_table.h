// File: route_table.h
//
// Collects the routes of a listener. A handler here gets a Call, which knows the context; requests
// that repeat a header of one value (single_headers.h) are refused before.
#pragma once

#include <functional>
#include <string>

#include "pkg/http/api_call.h"
#include "pkg/http/server.h"

namespace baton::http {

using CallHandler = std::function<void(const Call&)>;

class RouteTable {
 public:
  explicit RouteTable(ApiContext* context) : context_(context) {}

  // Of this node: answered here, whatever is asked.
  void Add(std::string method, std::string pattern, CallHandler handler);
  // Of the cluster: any node answers it, and one that does not lead redirects to the leader when
  // the client prefers that ("Prefer: redirect").
  void AddShared(std::string method, std::string pattern, CallHandler handler);

  const ApiContext& context() const { return *context_; }
  Router Take() { return std::move(router_); }

 private:
  ApiContext* context_;
  Router router_;
};

// The target of a request, percent-encoded again. What the client sent is not kept; this means the
// same.
std::string TargetOf(const Request& request);

// The rooms of the table, one file each.
void AddKvRoutes(RouteTable* table);
void AddSessionRoutes(RouteTable* table);
void AddQueueRoutes(RouteTable* table);  // locks and elections
void AddWatchRoutes(RouteTable* table);
void AddClusterRoutes(RouteTable* table);
void AddMemberRoutes(RouteTable* table);
void AddBackupRoutes(RouteTable* table);
void AddHistoryRoutes(RouteTable* table);
void AddProbeRoutes(RouteTable* table);  // /version, /livez, /readyz, /startupz
void AddPeerRoutes(RouteTable* table);

}  // namespace baton::http
