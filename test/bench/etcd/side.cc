#include "test/bench/etcd/side.h"

namespace baton::bench {
namespace {

constexpr int kNobody = -1;
constexpr int64_t kLeaderTimeoutMs = 60'000;

}  // namespace

std::vector<std::string> UrlsWithout(int without, const Side& side) {
  std::vector<std::string> urls;
  for (int i = 0; i < side.size(); ++i) {
    if (i != without) urls.push_back(side.url(i));
  }
  return urls;
}

Result<std::vector<std::string>> UrlsFor(const Load& load, Side* side) {
  if (load.at == At::kAll) return UrlsWithout(kNobody, *side);
  const int leader = side->WaitForLeader(kLeaderTimeoutMs);
  if (leader < 0) return Status(Code::kDeadlineExceeded, "no member leads");
  const int member = load.at == At::kLeader ? leader : (leader + 1) % side->size();
  return std::vector<std::string>{side->url(member)};
}

}  // namespace baton::bench
