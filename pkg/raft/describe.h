// File: describe.h
//
// Values as short text, for transcripts, tests and people. One line each unless said otherwise;
// what is unset, empty or as usual is left out. Not meant to be parsed.
#pragma once

#include <string>

#include "pkg/raft/raft_status.h"
#include "pkg/raft/ready.h"
#include "pkg/raft/types.h"

namespace baton::raft {

// "voters=(1 2 3) learners=(4) commit_quorum=2"; "nobody" if it has no members.
std::string Describe(const ConfigState& config);
// "leader term=2 commit=5 last=7 persisted=6 config=4 transfer=3 amnesia"
std::string Describe(const RaftStatus& status);
// "replicate match=5 next=8 inflight=2"
std::string Describe(const PeerStatus& peer);
// A line for each thing that must be done; nothing for an empty one.
std::string Describe(const Ready& ready);

}  // namespace baton::raft
