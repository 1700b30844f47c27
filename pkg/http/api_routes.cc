#include "pkg/http/api.h"
#include "pkg/http/cluster_handlers.h"
#include "pkg/http/ops_handlers.h"

namespace baton::http {

Router MakeClientRouter(ApiContext* context) {
  Router router;
  AddClusterRoutes(context, &router);
  AddProbeRoutes(context, &router);
  return router;
}

}  // namespace baton::http
