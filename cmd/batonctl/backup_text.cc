#include "cmd/batonctl/backup_text.h"

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/hex.h"
#include "cmd/batonctl/transfer_progress.h"
#include "cmd/cli/printable.h"
#include "pkg/base/bytes.h"

namespace baton::batonctl {
namespace {

using coord::RowTable;

std::string Hex32(uint32_t number) { return Hex64(number).substr(8); }

// "2026-11-25T23:10:00Z"
std::string UtcText(int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

nlohmann::json MembersJson(const BackupContents& contents) {
  nlohmann::json members = nlohmann::json::array();
  for (const NodeId id : contents.header.members.voters) members.push_back(id.value());
  return members;
}

nlohmann::json CountsJson(const coord::StateSummary& state) {
  return {{"keys", state.Count(RowTable::kKey)},
          {"keys_of_sessions", state.session_keys()},
          {"sessions", state.Count(RowTable::kSession)},
          {"locks_held", state.Count(RowTable::kLock)},
          {"lock_waiters", state.Count(RowTable::kLockWaiter)},
          {"elections_held", state.Count(RowTable::kElection)},
          {"election_candidates_waiting", state.Count(RowTable::kElectionWaiter)},
          {"events", state.Count(RowTable::kEvent)},
          {"idempotency_entries", state.Count(RowTable::kReply)},
          {"rows", state.rows()}};
}

nlohmann::json BackupJson(const std::string& path, const BackupContents& contents) {
  const node::BackupHeader& header = contents.header;
  return {{"file", path},
          {"cluster_id", header.cluster_id},
          {"node_id", header.node.value()},
          {"made_by", header.version},
          {"made_at", UtcText(header.wall_ms)},
          {"index", header.index.value()},
          {"term", header.term.value()},
          {"revision", header.revision.value()},
          {"compact_revision", contents.state.meta().compact_revision.value()},
          {"last_token", contents.state.meta().last_token.value()},
          {"cluster_time_ms", header.cluster_time_ms},
          {"voters", MembersJson(contents)},
          {"counts", CountsJson(contents.state)},
          {"bytes", contents.bytes},
          {"checksum", Hex32(contents.crc)},
          {"state_hash", Hex64(contents.state.hash())},
          {"rolling_hash", Hex64(contents.state.meta().hash)}};
}

}  // namespace

void PrintBackup(const Arguments& arguments, const std::string& path,
                 const BackupContents& contents, Context* context) {
  const nlohmann::json json = BackupJson(path, contents);
  if (arguments.output == OutputFormat::kJson) {
    *context->out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  const auto line = [&](std::string name, const std::string& text) {
    name.resize(14, ' ');
    *context->out << name << cli::Printable(text) << "\n";
  };
  const auto count = [](uint64_t number) { return std::to_string(number); };
  const coord::StateSummary& state = contents.state;
  line("file", path + ", " + BytesText(static_cast<double>(contents.bytes)) + ", checksum " +
                   Hex32(contents.crc) + " verified");
  line("made", UtcText(contents.header.wall_ms) + " by node " +
                   count(contents.header.node.value()) + " of " + contents.header.cluster_id +
                   ", Baton " + contents.header.version);
  line("position", "index " + count(contents.header.index.value()) + ", term " +
                       count(contents.header.term.value()));
  line("revision", count(contents.header.revision.value()));
  line("last token", count(state.meta().last_token.value()));
  line("keys", count(state.Count(RowTable::kKey)) + ", of them " + count(state.session_keys()) +
                   " of sessions");
  line("sessions", count(state.Count(RowTable::kSession)));
  line("locks", count(state.Count(RowTable::kLock)) + " held, " +
                    count(state.Count(RowTable::kLockWaiter)) + " waiting");
  line("elections", count(state.Count(RowTable::kElection)) + " held, " +
                        count(state.Count(RowTable::kElectionWaiter)) + " waiting");
  line("events", count(state.Count(RowTable::kEvent)));
  line("replies", count(state.Count(RowTable::kReply)) + " by idempotency key");
  line("state hash", Hex64(state.hash()));
}

}  // namespace baton::batonctl
