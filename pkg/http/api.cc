#include "pkg/http/api.h"

#include <utility>

#include "pkg/http/query_fields.h"
#include "pkg/http/route_table.h"

namespace baton::http {

Router MakeClientRouter(ApiContext* context) {
  RouteTable table(context);
  AddKvRoutes(&table);
  AddSessionRoutes(&table);
  AddQueueRoutes(&table);
  AddWatchRoutes(&table);
  AddClusterRoutes(&table);
  AddMemberRoutes(&table);
  AddHistoryRoutes(&table);
  AddBackupRoutes(&table);
  AddProbeRoutes(&table);
  return table.Take();
}

Router MakePeerRouter(ApiContext* context) {
  RouteTable table(context);
  AddPeerRoutes(&table);
  return table.Take();
}

Router MakeOpsRouter(ApiContext* context, MetricsText metrics) {
  RouteTable table(context);
  AddProbeRoutes(&table);
  table.Add("GET", "/metrics", [metrics = std::move(metrics)](const Call& call) {
    const Status query = CheckNoQuery(call.request());
    if (!query.ok()) return call.Fail(query);
    Response response;
    response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics();
    call.Answer(std::move(response));
  });
  return table.Take();
}

}  // namespace baton::http
