#include "test/scenario/story_settings.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>

namespace baton::scenario {
namespace {

using raft::Config;
using raft::MemberChange;

template <auto kField>
void Set(Config* config, uint64_t value) {
  auto& field = config->*kField;
  field = static_cast<std::remove_reference_t<decltype(field)>>(value);
}

const std::map<std::string, void (*)(Config*, uint64_t)>& Fields() {
  static const std::map<std::string, void (*)(Config*, uint64_t)> fields = {
      {"election_timeout_ticks", &Set<&Config::election_timeout_ticks>},
      {"heartbeat_interval_ticks", &Set<&Config::heartbeat_interval_ticks>},
      {"pre_vote", &Set<&Config::pre_vote>},
      {"check_quorum", &Set<&Config::check_quorum>},
      {"priority", &Set<&Config::priority>},
      {"lease_reads", &Set<&Config::lease_reads>},
      {"clock_drift_ticks", &Set<&Config::clock_drift_ticks>},
      {"append_bytes_max", &Set<&Config::append_bytes_max>},
      {"inflight_messages_max", &Set<&Config::inflight_messages_max>},
      {"inflight_bytes_max", &Set<&Config::inflight_bytes_max>},
      {"committed_bytes_max", &Set<&Config::committed_bytes_max>},
      {"uncommitted_bytes_max", &Set<&Config::uncommitted_bytes_max>},
      {"pending_reads_max", &Set<&Config::pending_reads_max>},
      {"promotion_lag_entries_max", &Set<&Config::promotion_lag_entries_max>},
      {"apply_unpersisted_entries_max", &Set<&Config::apply_unpersisted_entries_max>},
      {"commit_news", &Set<&Config::commit_news>},
      {"forward_proposals", &Set<&Config::forward_proposals>},
      {"hibernate_after_ticks", &Set<&Config::hibernate_after_ticks>},
      {"trace", &Set<&Config::trace>},
      {"delegate_snapshots", &Set<&Config::delegate_snapshots>},
  };
  return fields;
}

uint64_t SettingValue(const Stanza& stanza, const std::string& key) {
  const std::string text = stanza.Value(key, "");
  if (text == "true") return 1;
  if (text == "false") return 0;
  return stanza.Number(key, 0);
}

bool HasWord(const Stanza& stanza, std::string_view word) {
  return std::find(stanza.words.begin(), stanza.words.end(), word) != stanza.words.end();
}

}  // namespace

std::vector<NodeId> NodeIds(const Stanza& stanza, const std::string& key) {
  std::vector<NodeId> ids;
  for (const uint64_t number : stanza.Numbers(key)) ids.push_back(NodeId(number));
  return ids;
}

std::string ReadSettings(const Stanza& stanza, const std::vector<std::string>& others,
                         Config* config) {
  for (const auto& [key, unused] : stanza.values) {
    const auto field = Fields().find(key);
    if (field != Fields().end()) {
      field->second(config, SettingValue(stanza, key));
    } else if (std::find(others.begin(), others.end(), key) == others.end()) {
      return key;
    }
  }
  return "";
}

raft::ConfigState ReadMembership(const Stanza& stanza) {
  raft::ConfigState config;
  config.voters = NodeIds(stanza, "voters");
  config.voters_outgoing = NodeIds(stanza, "joint");
  config.learners = NodeIds(stanza, "learners");
  config.learners_next = NodeIds(stanza, "learners_next");
  config.witnesses = NodeIds(stanza, "witnesses");
  config.auto_leave = SettingValue(stanza, "auto_leave") != 0;
  config.commit_quorum = static_cast<uint32_t>(stanza.Number("commit_quorum", 0));
  return config;
}

raft::MembershipChange ReadChange(const Stanza& stanza) {
  raft::MembershipChange change;
  const auto add = [&](const std::string& key, MemberChange::Type type) {
    for (const NodeId id : NodeIds(stanza, key)) change.changes.push_back({type, id});
  };
  add("add_voter", MemberChange::kAddVoter);
  add("add_learner", MemberChange::kAddLearner);
  add("add_witness", MemberChange::kAddWitness);
  add("remove", MemberChange::kRemove);
  if (HasWord(stanza, "implicit")) change.transition = raft::JointTransition::kImplicit;
  if (HasWord(stanza, "explicit")) change.transition = raft::JointTransition::kExplicit;
  if (stanza.Has("commit_quorum")) {
    change.commit_quorum = static_cast<uint32_t>(stanza.Number("commit_quorum", 0));
  }
  if (stanza.Has("expected_config_index")) {
    change.expected_config_index = Index(stanza.Number("expected_config_index", 0));
  }
  return change;
}

}  // namespace baton::scenario
