// File: isolation.h
//
// A mount namespace and a network namespace of this process's own: what is mounted, linked and
// filtered in them belongs to nobody else, and is gone with the last process in them, however that
// one ended.
#pragma once

#include <string>

namespace baton::chaos {

struct Isolation {
  // Empty: we are in a namespace of our own. Else why not, in a few words.
  std::string no_mounts;
  std::string no_network;
};

// Enters both, as root or as root of a user namespace. The network has nothing but its loopback,
// which is up. Before there is a second thread.
Isolation EnterNamespaces();

// Whether the loopback of the network namespace that the calling thread is in could be turned on.
bool BringLoopbackUp();

}  // namespace baton::chaos
