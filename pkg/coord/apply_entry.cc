#include "pkg/coord/apply_entry.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/coord/command_codec.h"
#include "pkg/coord/command_version.h"
#include "pkg/coord/history.h"
#include "pkg/coord/idempotency.h"
#include "pkg/coord/kv_commands.h"
#include "pkg/coord/queue_commands.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/session_commands.h"

namespace baton::coord {
namespace {

Decision Execute(ApplyContext&, AdvanceTime) { return {}; }

Decision Execute(ApplyContext& context, RaiseVersion raise) {
  if (raise.version <= context.command_version) return {};
  context.command_version = static_cast<uint32_t>(raise.version);
  std::string row;
  ByteWriter(&row).Varint(raise.version);
  context.rows.Put(kVersionKey, row);
  return {};
}

Reply MakeReply(const ApplyContext& context, Decision decision) {
  Reply reply;
  reply.status = std::move(decision.status);
  reply.revision = context.meta.revision;
  reply.now_ms = context.meta.now_ms;
  reply.body = std::move(decision.body);
  return reply;
}

Reply ExecuteCommand(ApplyContext& context, CommandBody body) {
  Decision decision =
      std::visit([&context](auto& command) { return Execute(context, std::move(command)); }, body);
  CHECK(decision.status.ok() || !context.changed) << "a refused command changed something";
  AppendHistory(context);
  if (context.changed) ++context.meta.revision;
  return MakeReply(context, std::move(decision));
}

Reply ExecuteOnce(ApplyContext& context, Command command) {
  const std::string fingerprint = FingerprintOf(command);
  if (std::optional<Reply> reply = FindReply(context, command, fingerprint)) {
    const auto* acquire = std::get_if<Acquire>(&command.body);
    const auto* answer = std::get_if<AcquireReply>(&reply->body);
    if (acquire != nullptr && answer != nullptr && answer->ticket) {
      ListenToo(context, *acquire, answer->ticket);
    }
    return std::move(*reply);
  }
  const bool is_put = std::holds_alternative<KvPut>(command.body);
  Reply reply = ExecuteCommand(context, std::move(command.body));
  RememberReply(context, {std::move(command.principal), std::move(command.idempotency_key)}, is_put,
                fingerprint, &reply);
  return reply;
}

}  // namespace

Reply ApplyEntry(ApplyContext& context, std::string_view entry) {
  Result<StampedCommand> decoded = DecodeEntry(entry);
  if (!decoded.ok()) return MakeReply(context, {decoded.status(), {}});
  Command& command = decoded->command;
  if (VersionOf(command.body) > context.command_version) {
    return MakeReply(context, {Status(Code::kCorruption, "unknown_command",
                                      "the command is of a version that is not in force"),
                               {}});
  }
  if (Status valid = Validate(command); !valid.ok()) {
    return MakeReply(context, {std::move(valid), {}});
  }
  context.stamp_ms = decoded->stamp_ms;
  context.meta.now_ms = std::max(context.meta.now_ms, decoded->stamp_ms);
  Reply reply = command.idempotency_key.empty() ? ExecuteCommand(context, std::move(command.body))
                                                : ExecuteOnce(context, std::move(command));
  TrimHistory(context);
  TrimReplies(context);
  return reply;
}

}  // namespace baton::coord
