// File: story_settings.h
//
// The settings and configurations of a story's nodes, from the arguments of its commands. All are
// named as the fields of raft::Config, raft::ConfigState and raft::MembershipChange.
#pragma once

#include <string>
#include <vector>

#include "pkg/raft/raft.h"
#include "test/scenario/transcript.h"

namespace baton::scenario {

// (1, 2) -> node ids.
std::vector<NodeId> NodeIds(const Stanza& stanza, const std::string& key);
// Sets every field of Config that the stanza names. Gives the first key that is neither such a
// field nor in `others`; empty if there is none.
std::string ReadSettings(const Stanza& stanza, const std::vector<std::string>& others,
                         raft::Config* config);
// voters=, joint=, learners=, learners_next=, witnesses=, auto_leave=, commit_quorum=.
raft::ConfigState ReadMembership(const Stanza& stanza);
// add_voter=, add_learner=, add_witness=, remove=, commit_quorum=, expected_config_index=; the word
// "implicit" or "explicit" for a transition other than automatic.
raft::MembershipChange ReadChange(const Stanza& stanza);

}  // namespace baton::scenario
