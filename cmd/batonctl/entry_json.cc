// Log entries as JSON.

#include <nlohmann/json.hpp>

#include "cmd/batonctl/data_json.h"
#include "cmd/batonctl/json_bytes.h"
#include "pkg/coord/command.h"
#include "pkg/http/base64.h"
#include "pkg/raft/membership_codec.h"

namespace baton::batonctl {
namespace {

using nlohmann::json;

std::string_view KindName(coord::QueueKind kind) {
  return kind == coord::QueueKind::kLock ? "lock" : "election";
}

json Queue(std::string_view kind, coord::QueueKind queue, const std::string& name) {
  json object{{"kind", kind}, {"of", KindName(queue)}};
  PutBytes("name", name, &object);
  return object;
}

void PutPrecondition(const coord::Precondition& precondition, json* object) {
  using Kind = coord::Precondition::Kind;
  if (precondition.kind == Kind::kAbsent) (*object)["if_absent"] = true;
  if (precondition.kind == Kind::kModRevision) {
    (*object)["if_revision"] = precondition.revision.value();
  }
}

void PutGuard(const std::optional<coord::Guard>& guard, json* object) {
  if (!guard) return;
  PutBytes("lock", guard->lock, object);
  (*object)["token"] = guard->token.value();
}

// One overload per alternative of coord::CommandBody.
struct CommandWriter {
  json operator()(const coord::AdvanceTime&) const { return {{"kind", "advance_time"}}; }

  json operator()(const coord::KvPut& put) const {
    json object{{"kind", "kv_put"}};
    PutBytes("key", put.key, &object);
    PutBytes("value", put.value, &object);
    PutPrecondition(put.precondition, &object);
    if (put.session) object["session"] = SessionText(put.session);
    PutGuard(put.guard, &object);
    return object;
  }
  json operator()(const coord::KvDelete& del) const {
    json object{{"kind", "kv_delete"}};
    PutBytes("key", del.key, &object);
    PutPrecondition(del.precondition, &object);
    PutGuard(del.guard, &object);
    return object;
  }
  json operator()(const coord::SessionCreate& create) const {
    json object{
        {"kind", "session_create"}, {"session", SessionText(create.id)}, {"ttl_ms", create.ttl_ms}};
    PutBytes("name", create.name, &object);
    PutBytes("metadata", create.metadata, &object);
    return object;
  }
  json operator()(const coord::SessionRenew& renew) const {
    json ids = json::array();
    for (const SessionId id : renew.ids) ids.push_back(SessionText(id));
    return {{"kind", "session_renew"}, {"sessions", std::move(ids)}};
  }
  json operator()(const coord::SessionDestroy& destroy) const {
    return {{"kind", "session_destroy"}, {"session", SessionText(destroy.id)}};
  }
  json operator()(const coord::SessionExpire& expire) const {
    json items = json::array();
    for (const auto& item : expire.items) {
      items.push_back({{"session", SessionText(item.id)}, {"renewal_epoch", item.renewal_epoch}});
    }
    return {{"kind", "session_expire"}, {"sessions", std::move(items)}};
  }
  json operator()(const coord::Acquire& acquire) const {
    json object = Queue("acquire", acquire.kind, acquire.name);
    object["session"] = SessionText(acquire.session);
    object["wait_ms"] = acquire.wait_ms;
    object["stay_queued"] = acquire.stay_queued;
    PutBytes("value", acquire.value, &object);
    return object;
  }
  json operator()(const coord::Release& release) const {
    json object = Queue("release", release.kind, release.name);
    object["session"] = SessionText(release.session);
    object["token"] = release.token.value();
    return object;
  }
  json operator()(const coord::CancelWait& cancel) const {
    json object = Queue("cancel_wait", cancel.kind, cancel.name);
    object["ticket"] = cancel.ticket.value();
    return object;
  }
  json operator()(const coord::WaitExpire& expire) const {
    json items = json::array();
    for (const auto& item : expire.items) {
      json object = Queue("wait", item.kind, item.name);
      object["ticket"] = item.ticket.value();
      items.push_back(std::move(object));
    }
    return {{"kind", "wait_expire"}, {"waits", std::move(items)}};
  }
  json operator()(const coord::Proclaim& proclaim) const {
    json object = Queue("proclaim", proclaim.kind, proclaim.name);
    object["session"] = SessionText(proclaim.session);
    object["token"] = proclaim.token.value();
    PutBytes("value", proclaim.value, &object);
    return object;
  }
  json operator()(const coord::CompactHistory& compact) const {
    return {{"kind", "compact_history"}, {"revision", compact.revision.value()}};
  }
  json operator()(const coord::RaiseVersion& raise) const {
    return {{"kind", "raise_version"}, {"version", raise.version}};
  }
};

json CommandJson(const coord::Command& command) {
  json object = std::visit(CommandWriter{}, command.body);
  if (!command.principal.empty()) PutBytes("principal", command.principal, &object);
  if (!command.idempotency_key.empty()) {
    PutBytes("idempotency_key", command.idempotency_key, &object);
  }
  return object;
}

json Ids(const std::vector<NodeId>& ids) {
  json list = json::array();
  for (const NodeId id : ids) list.push_back(id.value());
  return list;
}

}  // namespace

json ConfigJson(const raft::ConfigState& config) {
  json object{{"voters", Ids(config.voters)}, {"learners", Ids(config.learners)}};
  if (config.joint()) object["voters_outgoing"] = Ids(config.voters_outgoing);
  if (!config.learners_next.empty()) object["learners_next"] = Ids(config.learners_next);
  if (!config.witnesses.empty()) object["witnesses"] = Ids(config.witnesses);
  return object;
}

json EntryJson(const raft::Entry& entry) {
  json object{{"index", entry.index.value()}, {"term", entry.term.value()}};
  const std::string_view data = entry.data.view();
  if (entry.type == raft::EntryType::kConfigChange) {
    object["type"] = "config";
    const Result<raft::MembershipEntry> change = raft::DecodeMembershipEntry(data);
    if (change.ok()) {
      object["config"] = ConfigJson(change->config);
      if (!change->context.empty()) PutBytes("context", change->context, &object);
      return object;
    }
  } else if (data.empty()) {
    object["type"] = "empty";  // the first entry of a leader's term
    return object;
  } else {
    object["type"] = "command";
    const Result<coord::StampedCommand> command = coord::DecodeEntry(data);
    if (command.ok()) {
      object["time_ms"] = command->stamp_ms;
      object["command"] = CommandJson(command->command);
      return object;
    }
  }
  object["data_b64"] = http::Base64Encode(data);
  return object;
}

Status CheckEntryData(const raft::Entry& entry) {
  if (entry.type == raft::EntryType::kConfigChange) {
    return raft::DecodeMembershipEntry(entry.data.view()).status();
  }
  return entry.data.empty() ? Status::Ok() : coord::DecodeEntry(entry.data.view()).status();
}

}  // namespace baton::batonctl
