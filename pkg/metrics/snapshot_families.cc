// Snapshots between nodes: how many, how far, how they ended. What is sent has the peer as label;
// what is received comes one at a time, from whoever sends.
#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

void AddSending(const http::PeerStats& peer, const Labels& labels, FamilyList* list) {
  const node::SnapshotTransfer sending = peer.snapshot_out.value_or(node::SnapshotTransfer());
  list->Gauge("baton_snapshot_sending", "1 while a snapshot is on its way to the peer, else 0.",
              peer.snapshot_out ? 1 : 0, labels);
  list->Gauge("baton_snapshot_sending_bytes",
              "Bytes of the snapshot on its way that the peer has; 0 if there is none.",
              Number(sending.bytes), labels);
  list->Gauge("baton_snapshot_sending_total_bytes",
              "Bytes of the whole snapshot on its way, about; 0 while that is not known.",
              Number(sending.total_bytes), labels);
}

}  // namespace

void AddSnapshotStatusFamilies(const node::StatusView& status, FamilyList* list) {
  const node::SnapshotTransfer receiving = status.snapshot_in.value_or(node::SnapshotTransfer());
  list->Gauge("baton_snapshot_receiving", "1 while a snapshot is being received, else 0.",
              status.snapshot_in ? 1 : 0);
  list->Gauge("baton_snapshot_receiving_bytes",
              "Bytes of the snapshot being received that are on disk; 0 if there is none.",
              Number(receiving.bytes));
  list->Gauge("baton_snapshot_receiving_total_bytes",
              "Bytes of the whole snapshot being received, about; 0 while that is not known.",
              Number(receiving.total_bytes));
  list->Gauge("etcd_network_snapshot_receive_inflights_total",
              "Total number of inflight snapshot receives.", status.snapshot_in ? 1 : 0);
  list->Gauge("etcd_server_snapshot_apply_in_progress_total",
              "1 while an incoming snapshot is received and written. 0 if none.",
              status.snapshot_in ? 1 : 0);
}

void AddSnapshotNodeFamilies(const node::NodeMetrics& node, FamilyList* list) {
  list->Counter("baton_snapshots_sent_total", "Snapshots whose sending to a peer has begun.",
                Number(node.snapshots_sent.value()));
  list->Counter("baton_snapshots_received_total", "Snapshots that arrived here as a whole.",
                Number(node.snapshots_received.value()));
  list->Counter("baton_snapshots_given_up_total",
                "Snapshots that were damaged, could not be written, or whose rest did not come.",
                Number(node.snapshots_given_up.value()));
  list->Counter("baton_snapshots_installed_total", "Snapshots this node took over as its state.",
                Number(node.snapshots_installed.value()));
  list->Counter("baton_snapshot_received_pieces_total", "Pieces of snapshots written to disk.",
                Number(node.snapshot_pieces_received.value()));
  list->Counter("baton_snapshot_received_bytes_total", "Bytes of snapshots written to disk.",
                Number(node.snapshot_bytes_received.value()));
  list->Counter("baton_snapshot_refused_pieces_total",
                "Pieces of snapshots that came twice, out of order, too early or from elsewhere.",
                Number(node.snapshot_pieces_refused.value()));
  list->Histogram("baton_snapshot_receive_duration_seconds",
                  "Time from the first piece of a snapshot until the last was on disk.",
                  SelectBuckets(node.snapshot_receive.Read(), kCoarseBuckets));
  list->Counter("etcd_network_snapshot_receive_success",
                "Total number of snapshots received as a whole.",
                Number(node.snapshots_received.value()));
  list->Counter("etcd_network_snapshot_receive_failures",
                "Total number of snapshots given up by their receiver.",
                Number(node.snapshots_given_up.value()));
  list->Histogram("etcd_network_snapshot_receive_total_duration_seconds",
                  "Total latency of receiving a snapshot.",
                  SelectBuckets(node.snapshot_receive.Read(), kEtcdDiskBuckets));
  list->Histogram("etcd_snap_db_save_total_duration_seconds",
                  "The total latency of receiving and saving a snapshot.",
                  SelectBuckets(node.snapshot_receive.Read(), kEtcdDiskBuckets));
}

void AddSnapshotPeerFamilies(const std::vector<http::PeerStats>& peers,
                             const MemberName& member_name, FamilyList* list) {
  size_t shown = 0;
  for (const http::PeerStats& peer : peers) {
    if (++shown > kPeersMax) return;
    const Labels labels = PeerLabels(peer.peer, member_name);
    AddSending(peer, labels, list);
    list->Counter("baton_snapshots_delivered_total", "Snapshots that the peer has as a whole.",
                  Number(peer.snapshots_delivered), labels);
    list->Counter("baton_snapshots_failed_total", "Snapshots that could not be delivered.",
                  Number(peer.snapshots_failed), labels);
    list->Counter("baton_snapshots_cancelled_total",
                  "Snapshots whose sending was stopped because nobody needed them any more.",
                  Number(peer.snapshots_cancelled), labels);
    list->Counter("baton_snapshot_sent_pieces_total",
                  "Pieces of snapshots that the peer has taken.", Number(peer.snapshot_pieces),
                  labels);
    list->Counter("baton_snapshot_sent_bytes_total", "Bytes of snapshots that the peer has taken.",
                  Number(peer.snapshot_bytes), labels);
    list->Counter("baton_snapshot_resumes_total",
                  "Times that a piece got no answer and the peer was asked how far it is.",
                  Number(peer.snapshot_resumes), labels);
    const Labels to = {{"To", EtcdMemberId(peer.peer)}};
    list->Gauge("etcd_network_snapshot_send_inflights_total",
                "Total number of inflight snapshot sends.", peer.snapshot_out ? 1 : 0, to);
    list->Counter("etcd_network_snapshot_send_success",
                  "Total number of successful snapshot sends.", Number(peer.snapshots_delivered),
                  to);
    list->Counter("etcd_network_snapshot_send_failures", "Total number of snapshot send failures.",
                  Number(peer.snapshots_failed), to);
  }
}

}  // namespace baton::metrics
