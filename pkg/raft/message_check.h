// File: message_check.h
//
// What can be said of a message without knowing the log: whether any correct peer can have sent it
// to this node. Everything that reads messages later relies on it.
#pragma once

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/message.h"

namespace baton::raft {

// kInvalidArgument naming the field. Checked: sender and receiver; numbers within 2^62; terms that
// do not exceed the sender's; entries that follow each other with terms that never decrease; an
// index of 0 exactly where the term is 0; a snapshot's configuration.
Status CheckMessage(const Message& message, NodeId self);

}  // namespace baton::raft
