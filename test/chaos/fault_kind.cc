#include "test/chaos/fault_kind.h"

namespace baton::chaos {

const std::vector<FaultKind>& FaultKinds() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> all = NodeFaultKinds();
    for (const FaultKind& kind : NetworkFaultKinds()) all.push_back(kind);
    return all;
  }();
  return kinds;
}

std::string WhyNot(const FaultKind& kind, const Nodes& nodes) {
  switch (kind.needs) {
    case Needs::kNothing:
      return "";
    case Needs::kSmallDisks:
      return nodes.no_small_disks();
    case Needs::kNetwork:
      return nodes.no_network();
    case Needs::kFilters:
      return nodes.no_filters();
  }
  return "";
}

}  // namespace baton::chaos
