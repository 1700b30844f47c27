// File: sim_trace.h
//
// What goes over the wires of a simulation, for people to read.
#pragma once

#include <string>

#include "pkg/node/peer.h"

namespace baton::node::testing {

// One line: "1->2 AppendRequest ..., ForwardRequest 17 ...".
std::string Describe(const PeerEnvelope& envelope);

}  // namespace baton::node::testing
