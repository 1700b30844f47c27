// batonctl lock, batonctl elect.

#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/hold.h"
#include "cmd/batonctl/problem.h"

namespace baton::batonctl {
namespace {

constexpr int64_t kTtlDefaultMs = 15'000;
// Below, one slow answer would cost the lock.
constexpr int64_t kTtlMinMs = 500;

int RunHoldCommand(HoldKind kind, const Arguments& arguments, Context* context) {
  HoldSpec spec;
  spec.kind = kind;
  spec.name = arguments.positionals[0];
  spec.value = arguments.Text("value");
  spec.command = arguments.command;
  const Result<int64_t> wait = DurationOption(arguments, "wait", 0);
  if (!wait.ok()) return FailUsage(wait.status().message(), context);
  if (arguments.Has("wait")) spec.wait_ms = *wait;
  const Result<int64_t> ttl = DurationOption(arguments, "ttl", kTtlDefaultMs);
  if (!ttl.ok()) return FailUsage(ttl.status().message(), context);
  if (*ttl < kTtlMinMs) return FailUsage("--ttl must be at least 500ms", context);
  spec.ttl_ms = *ttl;
  const Result<int64_t> grace = DurationOption(arguments, "grace", *ttl / 4);
  if (!grace.ok()) return FailUsage(grace.status().message(), context);
  // Keepalives are sent every quarter of the TTL; they need the other half to be answered.
  if (*grace > *ttl / 2) return FailUsage("--grace must be at most half of --ttl", context);
  spec.grace_ms = *grace;
  return RunHold(arguments, spec, context);
}

}  // namespace

int RunLock(const Arguments& arguments, Context* context) {
  return RunHoldCommand(HoldKind::kLock, arguments, context);
}

int RunElect(const Arguments& arguments, Context* context) {
  return RunHoldCommand(HoldKind::kElection, arguments, context);
}

}  // namespace baton::batonctl
