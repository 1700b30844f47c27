// The resident memory of an idle node, printed. Three real processes, after an election and one
// write.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "pkg/base/check.h"
#include "test/integration/cluster.h"

int main() {
  using namespace baton::integration;
  constexpr int64_t kTimeoutMs = 30'000;
  constexpr double kIdleMiBMax = 40;
  Cluster cluster;
  cluster.StartAll();
  CHECK_GE(cluster.WaitForLeader(kTimeoutMs), 0);
  for (int i = 0; i < cluster.size(); ++i) CHECK(cluster.WaitUntilReady(i, kTimeoutMs));
  CHECK(Request(cluster.client_url(0), "PUT", "/v1/kv/a", "1").ok());
  double max_mib = 0;
  for (int i = 0; i < cluster.size(); ++i) {
    const double mib = static_cast<double>(cluster.process(i).ResidentBytes()) / (1 << 20);
    std::printf("node %d: %.1f MiB resident, %d threads\n", i + 1, mib,
                cluster.process(i).Threads());
    max_mib = std::max(max_mib, mib);
  }
  std::printf("largest: %.1f MiB; promised: under %.0f MiB\n", max_mib, kIdleMiBMax);
  return max_mib < kIdleMiBMax ? EXIT_SUCCESS : EXIT_FAILURE;
}
