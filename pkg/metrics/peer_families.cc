#include <utility>

#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {

Labels PeerLabels(NodeId peer, const MemberName& member_name) {
  std::string name = member_name(peer);
  if (name.size() > kLabelValueBytesMax) name = "other";
  return {{"peer", std::to_string(peer.value())}, {"peer_name", std::move(name)}};
}

void AddPeerFamilies(const std::vector<http::PeerStats>& peers, const MemberName& member_name,
                     FamilyList* list) {
  size_t shown = 0;
  for (const http::PeerStats& peer : peers) {
    if (++shown > kPeersMax) return;
    const Labels labels = PeerLabels(peer.peer, member_name);
    list->Gauge("baton_peer_reachable", "1 when the last call to the peer was answered, else 0.",
                peer.reachable ? 1 : 0, labels);
    list->Counter("baton_peer_sent_bytes_total", "Bytes sent to the peer.",
                  static_cast<double>(peer.sent_bytes), labels);
    list->Counter("baton_peer_received_bytes_total", "Bytes of messages and snapshots of the peer.",
                  static_cast<double>(peer.received_bytes), labels);
    list->Counter("baton_peer_sent_envelopes_total", "Batches of messages sent to the peer.",
                  static_cast<double>(peer.sent_envelopes), labels);
    list->Counter("baton_peer_send_failures_total", "Calls to the peer that failed.",
                  static_cast<double>(peer.failures), labels);
    list->Counter("baton_peer_messages_dropped_total",
                  "Messages dropped because the peer's outbox was full.",
                  static_cast<double>(peer.dropped_messages), labels);
    list->Histogram(
        "baton_peer_round_trip_duration_seconds",
        "Time from sending a batch to the peer until it was answered, for one in 100 ms.",
        SelectBuckets(peer.round_trip, kCoarseBuckets), labels);
  }
}

}  // namespace baton::metrics
