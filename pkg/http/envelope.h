// File: envelope.h
//
// A single Raft message in JSON, for where it travels beside something else (a snapshot's last
// piece). Envelopes, which hold many, are in peer_transport.h.
#pragma once

#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/raft/message.h"

namespace baton::http {

// Without `from` and `to`, which the carrier knows.
std::string EncodeRaftMessage(const raft::Message& message);
// kInvalidArgument/"malformed_json" or "malformed_envelope" naming the field.
Result<raft::Message> DecodeRaftMessage(std::string_view bytes, NodeId from, NodeId to);

}  // namespace baton::http
