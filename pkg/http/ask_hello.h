// File: ask_hello.h
//
// Says hello to several nodes at once, and waits for what they answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "pkg/node/founding.h"

namespace baton::http {

struct AskHelloOptions {
  int64_t connect_timeout_ms = 500;
  int64_t request_timeout_ms = 1'000;
};

// By any name of the caller's: where to ask ("HOST:PORT"), and what was answered; nothing: no node
// is there, or none of a cluster of this name. Names are resolved anew each time. A thread each,
// which takes as long as the slowest, of which the resolver's part is bounded by the system only;
// those for whom the system has no thread are asked one after the other.
std::map<std::string, std::optional<node::Hello>> AskHello(
    const std::map<std::string, std::string>& addresses, const node::Hello& said,
    const AskHelloOptions& options = {});

}  // namespace baton::http
