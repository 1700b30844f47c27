#include "pkg/node/testing/sim_network.h"

#include <algorithm>

namespace baton::node::testing {

const LinkFault* SimNetwork::Find(NodeId from, NodeId to) const {
  if (links_.empty()) return nullptr;
  const auto link = links_.find({from, to});
  return link == links_.end() ? nullptr : &link->second;
}

bool SimNetwork::Connected(NodeId from, NodeId to) const {
  const LinkFault* fault = Find(from, to);
  return fault == nullptr || !fault->cut;
}

SimNetwork::Copies SimNetwork::Send(NodeId from, NodeId to, int64_t now_us) {
  Copies copies;
  const LinkFault* fault = Find(from, to);
  if (fault != nullptr && (fault->cut || random_.Chance(fault->loss_percent, 100))) return copies;
  if (random_.Chance(options_.loss_percent, 100)) return copies;
  const bool repeated = random_.Chance(options_.repeat_percent, 100) ||
                        (fault != nullptr && random_.Chance(fault->repeat_percent, 100));
  copies.count = repeated ? 2 : 1;
  for (int i = 0; i < copies.count; ++i) copies.delays_us[i] = DelayUs(fault, now_us);
  return copies;
}

int64_t SimNetwork::DelayUs(NodeId from, NodeId to, int64_t now_us) {
  return DelayUs(Find(from, to), now_us);
}

int64_t SimNetwork::DelayUs(const LinkFault* fault, int64_t now_us) {
  const auto draw = [this](int64_t low, int64_t high) {
    return static_cast<int64_t>(
        random_.Between(static_cast<uint64_t>(low), static_cast<uint64_t>(high) + 1));
  };
  int64_t delay_us = draw(options_.delay_min_us, options_.delay_max_us);
  if (fault == nullptr) return delay_us;
  if (fault->delay_max_us > 0) delay_us += draw(0, fault->delay_max_us);
  return std::max(delay_us, fault->clogged_until_us - now_us);
}

}  // namespace baton::node::testing
