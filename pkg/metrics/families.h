// File: families.h
//
// The translation, one function per source and one file per function. Each adds the families of its
// topic to a list; names, help texts and label rules are written there and nowhere else.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pkg/http/backup_counters.h"
#include "pkg/http/peer_transport.h"
#include "pkg/http/server.h"
#include "pkg/metrics/family.h"
#include "pkg/metrics/process_facts.h"
#include "pkg/node/status_view.h"
#include "pkg/storage/database_facts.h"

namespace baton::metrics {

// What people call a member; never empty.
using MemberName = std::function<std::string(NodeId id)>;

// node_families.cc: baton_server_*, baton_raft_*, and what the replicated state holds. The standing
// is there always, the status of members only.
void AddStandingFamily(node::Standing standing, FamilyList* list);
void AddStatusFamilies(const node::StatusView& status, const MemberName& member_name,
                       FamilyList* list);
void AddNodeFamilies(const node::NodeMetrics& node, FamilyList* list);

// http_families.cc: baton_http_*, with a label for the listener.
void AddListenerFamilies(const std::string& listener, const http::ServerStats& stats,
                         FamilyList* list);

// peer_families.cc: baton_peer_*, with the peer's number and name as labels.
void AddPeerFamilies(const std::vector<http::PeerStats>& peers, const MemberName& member_name,
                     FamilyList* list);
// {peer, peer_name}: of all families of ours that speak of a peer.
Labels PeerLabels(NodeId peer, const MemberName& member_name);

// snapshot_families.cc: baton_snapshot*, and etcd's names for the same.
void AddSnapshotStatusFamilies(const node::StatusView& status, FamilyList* list);
void AddSnapshotNodeFamilies(const node::NodeMetrics& node, FamilyList* list);
void AddSnapshotPeerFamilies(const std::vector<http::PeerStats>& peers,
                             const MemberName& member_name, FamilyList* list);

// coordination_families.cc: baton_commands_*, baton_events_total, waits, holds and watches.
void AddAppliedFamilies(const node::AppliedMetrics& applied, FamilyList* list);
void AddWaitFamilies(const node::NodeMetrics& node, FamilyList* list);
void AddWatchFamilies(const node::StatusView& status, FamilyList* list);

// storage_families.cc: baton_leveldb_*, baton_backup*.
void AddDatabaseFamilies(const std::string& database, const storage::DatabaseFacts& facts,
                         FamilyList* list);
void AddBackupFamilies(const http::BackupCounters& backups, FamilyList* list);

// grpc_families.cc: what etcd's clients do by gRPC, ours do by HTTP: the same under those names.
void AddGrpcFamilies(const http::ServerStats& client, FamilyList* list);
void AddHealthFamilies(const http::ServerStats& ops, FamilyList* list);

// process_families.cc: process_*, os_fd_*, baton_build_info.
void AddProcessFamilies(const ProcessFacts& facts, FamilyList* list);
void AddThreadFamilies(const std::vector<ThreadFacts>& threads, FamilyList* list);
void AddBuildFamily(const std::string& version, FamilyList* list);

// etcd_families.cc: the same facts under etcd's names, types and labels.
void AddEtcdStatusFamilies(const node::StatusView& status, FamilyList* list);
void AddEtcdNodeFamilies(const node::NodeMetrics& node, FamilyList* list);
void AddEtcdPeerFamilies(const std::string& local_id, const std::vector<http::PeerStats>& peers,
                         FamilyList* list);
void AddEtcdDatabaseFamilies(const storage::DatabaseFacts& state, uint64_t disk_free_bytes,
                             FamilyList* list);
void AddEtcdBuildFamily(const std::string& version, FamilyList* list);

// etcd writes member ids as hexadecimal without leading zeros.
std::string EtcdMemberId(NodeId id);

}  // namespace baton::metrics
