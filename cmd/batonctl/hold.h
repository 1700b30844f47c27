// File: hold.h
//
// `lock` and `elect`: hold something while a command runs, or until a signal.
//
// The promise: the command runs only while the cluster is certain to hold the lock for it. When the
// session cannot be confirmed, the command gets SIGTERM early enough that, after the grace, SIGKILL
// comes before the session's TTL is over and anybody else can be granted the lock. When the server
// says that the session has ended, SIGTERM comes at once and SIGKILL after the grace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cmd/batonctl/acquirer.h"
#include "cmd/batonctl/command_line.h"
#include "cmd/batonctl/context.h"

namespace baton::batonctl {

struct HoldSpec {
  HoldKind kind = HoldKind::kLock;
  std::string name;
  std::string value;
  std::optional<int64_t> wait_ms;  // as AcquireSpec
  int64_t ttl_ms = 15'000;
  int64_t grace_ms = 0;              // between SIGTERM and SIGKILL; less than the TTL
  std::vector<std::string> command;  // empty: hold until a signal
};

// Returns batonctl's exit code.
int RunHold(const Arguments& arguments, const HoldSpec& spec, Context* context);

}  // namespace baton::batonctl
