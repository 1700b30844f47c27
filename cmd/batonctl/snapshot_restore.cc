// batonctl snapshot restore: the data directory of one node of a new cluster, out of a backup.

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "cmd/batonctl/backup_file.h"
#include "cmd/batonctl/backup_text.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/hex.h"
#include "cmd/batonctl/problem.h"
#include "pkg/base/bytes.h"
#include "pkg/base/sha256.h"
#include "pkg/coord/restore.h"
#include "pkg/storage/restore_dir.h"

namespace baton::batonctl {
namespace {

constexpr size_t kMembersMax = 15;  // of batond's initial-cluster
constexpr uint64_t kNodeIdMax = 1'000'000'000;
constexpr size_t kClusterIdDigits = 16;

using Members = std::map<NodeId, std::string>;  // with their addresses

struct Request {
  std::string file;
  std::string data_dir;
  NodeId node_id;
  Members members;
  std::string cluster_id;  // empty: made from the rest
  uint64_t step = 0;
};

Status Usage(const std::string& what) { return Status(Code::kInvalidArgument, what); }

std::optional<NodeId> ParseNodeId(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number == 0 || number > kNodeIdMax) return std::nullopt;
  return NodeId(number);
}

Result<Members> ParseMembers(std::string_view text) {
  const Status wrong =
      Usage("--initial-cluster takes ID=HOST:PORT,..., as batond's setting does, at most " +
            std::to_string(kMembersMax) + " members with different ids");
  Members members;
  while (true) {
    const std::string_view member = text.substr(0, text.find(','));
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos || equals + 1 == member.size()) return wrong;
    const std::optional<NodeId> id = ParseNodeId(member.substr(0, equals));
    if (!id || !members.emplace(*id, member.substr(equals + 1)).second) return wrong;
    if (member.size() == text.size()) break;
    text.remove_prefix(member.size() + 1);
  }
  if (members.size() > kMembersMax) return wrong;
  return members;
}

bool IsClusterId(std::string_view text) {
  return text.size() == kClusterIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<Request> ParseRequest(const Arguments& arguments) {
  Request request;
  request.file = arguments.positionals[0];
  request.data_dir = arguments.Text("data-dir");
  if (request.data_dir.empty()) return Usage("--data-dir says where the node's data goes; give it");
  const std::optional<NodeId> node_id = ParseNodeId(arguments.Text("node-id"));
  if (!node_id) return Usage("--node-id takes the number of the node, from 1 to 1000000000");
  request.node_id = *node_id;
  const Result<Members> members = ParseMembers(arguments.Text("initial-cluster"));
  if (!members.ok()) return members.status();
  request.members = *members;
  if (!request.members.contains(request.node_id)) {
    return Usage("--initial-cluster does not name node " + std::to_string(request.node_id.value()) +
                 ", the one of --node-id");
  }
  request.cluster_id = arguments.Text("cluster-id");
  if (!request.cluster_id.empty() && !IsClusterId(request.cluster_id)) {
    return Usage("--cluster-id takes 16 digits of 0-9 and a-f");
  }
  const Result<uint64_t> step =
      NumberOption(arguments, "revision-step", coord::kRestoreStepDefault);
  if (!step.ok()) return step.status();
  request.step = *step;
  if (request.step == 0 || request.step > coord::kRestoredNumberMax) {
    return Usage("--revision-step takes a number from 1 to " +
                 std::to_string(coord::kRestoredNumberMax));
  }
  return request;
}

// Of what must be the same on all nodes, so that they agree on it without being told.
std::string MakeClusterId(const Request& request, const BackupContents& backup) {
  std::string facts;
  ByteWriter out(&facts);
  out.String("baton-restore-1");
  out.String(backup.header.cluster_id);
  out.U64(backup.header.index.value());
  out.U64(backup.header.term.value());
  out.U64(backup.bytes);
  out.U32(backup.crc);
  out.U64(request.step);
  for (const auto& [id, address] : request.members) {
    out.U64(id.value());
    out.String(address);
  }
  return ToHex(Sha256(facts)).substr(0, kClusterIdDigits);
}

Result<storage::Restored> Restore(const Request& request, const std::string& cluster_id) {
  const Result<std::unique_ptr<BackupFileReader>> file = BackupFileReader::Open(request.file);
  if (!file.ok()) return file.status();
  storage::RestoreOptions options;
  options.data_dir = request.data_dir;
  options.identity = {.cluster_id = cluster_id, .node_id = request.node_id};
  for (const auto& [id, address] : request.members) options.voters.push_back(id);
  options.step = request.step;
  return storage::RestoreDataDir(options, [&] { return (*file)->Next(); });
}

void PrintRestored(const Arguments& arguments, const Request& request,
                   const std::string& cluster_id, const storage::Restored& restored,
                   Context* context) {
  const auto& dropped = restored.dropped;
  if (arguments.output == OutputFormat::kJson) {
    const nlohmann::json json = {{"data_dir", request.data_dir},
                                 {"node_id", request.node_id.value()},
                                 {"cluster_id", cluster_id},
                                 {"old_cluster_id", restored.header.cluster_id},
                                 {"old_revision", restored.before.revision.value()},
                                 {"revision", restored.after.revision.value()},
                                 {"old_last_token", restored.before.last_token.value()},
                                 {"last_token", restored.after.last_token.value()},
                                 {"rolling_hash", Hex64(restored.after.hash)},
                                 {"keys", restored.after.counts.keys},
                                 {"dropped",
                                  {{"keys_of_sessions", dropped.keys},
                                   {"sessions", dropped.sessions},
                                   {"locks", dropped.locks},
                                   {"elections", dropped.elections},
                                   {"waiters", dropped.waiters},
                                   {"events", dropped.events}}}};
    *context->out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  *context->out << "restored node " << request.node_id << " into " << request.data_dir << "\n"
                << "  keys      " << restored.after.counts.keys << " kept, " << dropped.keys
                << " of sessions dropped\n"
                << "  ended     " << dropped.sessions << " sessions, " << dropped.locks
                << " locks, " << dropped.elections << " elections, " << dropped.waiters
                << " waits\n"
                << "  revision  " << restored.after.revision << ", was " << restored.before.revision
                << "\n"
                << "  token     " << restored.after.last_token << ", was "
                << restored.before.last_token << "\n"
                << "  hash      " << Hex64(restored.after.hash)
                << " (the same on every node of the new cluster)\n"
                << "When every node is restored, start each with the same initial-cluster and\n"
                << "  --cluster-id " << cluster_id << "\n";
}

}  // namespace

int RunSnapshotRestore(const Arguments& arguments, Context* context) {
  const Result<Request> request = ParseRequest(arguments);
  if (!request.ok()) return FailUsage(request.status().message(), context);
  const auto fail = [&](const Status& status) {
    *context->err << "batonctl: " << status.message() << "\n";
    return kExitRefused;
  };
  // First all of the file: what is damaged or cut must not leave half a directory.
  const Result<BackupContents> backup = CheckBackupFile(request->file);
  if (!backup.ok()) return fail(backup.status());
  const std::string cluster_id =
      request->cluster_id.empty() ? MakeClusterId(*request, *backup) : request->cluster_id;
  if (cluster_id == backup->header.cluster_id) {
    return FailUsage(
        "--cluster-id is the id of the cluster that the backup is of; a restore makes "
        "a new one, so give another, or none",
        context);
  }
  const Result<storage::Restored> restored = Restore(*request, cluster_id);
  if (!restored.ok()) return fail(restored.status());
  PrintRestored(arguments, *request, cluster_id, *restored, context);
  return kExitOk;
}

}  // namespace baton::batonctl
