#include "cmd/batond/waiting_node.h"

#include <utility>

#include "cmd/batond/process_setup.h"
#include "cmd/cli/version.h"
#include "pkg/http/ask_hello.h"
#include "pkg/metrics/metrics.h"

namespace baton::batond {
namespace {

using Action = node::Decision::Action;

// Ids that are drawn: exact as JSON numbers, and larger than any that is given by hand.
constexpr uint64_t kDrawnIdMin = uint64_t{1} << 52;

node::Standing StandingOf(node::Phase phase) {
  switch (phase) {
    case node::Phase::kWaiting:
      return node::Standing::kWaiting;
    case node::Phase::kIdentityLost:
      return node::Standing::kIdentityLost;
    case node::Phase::kRemoved:
      return node::Standing::kRemoved;
    default:
      return node::Standing::kForming;
  }
}

}  // namespace

Config ConfigOfMember(const Config& config, const storage::Identity& identity,
                      const std::optional<storage::Birth>& birth) {
  Config member = config;
  member.node_id = identity.node_id;
  member.cluster_id = identity.cluster_id;
  member.founders.clear();
  const bool founder = birth && !birth->roster.empty() &&
                       node::ClusterIdOf(config.cluster_name, birth->roster) == identity.cluster_id;
  if (founder) member.founders = birth->roster;
  return member;
}

Result<std::unique_ptr<WaitingNode>> WaitingNode::Open(const Config& config,
                                                       std::unique_ptr<storage::Birthplace> place,
                                                       Clock* clock, Logger* logger) {
  std::unique_ptr<WaitingNode> node(new WaitingNode(config, std::move(place), clock, logger));
  const bool removed = node->place_->identity().has_value();
  // A disk that has begun and holds no data has lost them: what it was, it is no more.
  const std::optional<storage::Birth>& birth = node->place_->birth();
  if (!removed && (!birth || birth->begun)) BATON_RETURN_IF_ERROR(node->DrawId());
  node->Say(removed                                 ? node::Phase::kRemoved
            : node->place_->birth()->roster.empty() ? node::Phase::kFresh
                                                    : node::Phase::kPromised,
            removed ? node->place_->identity()->cluster_id : node->place_->birth()->cluster_id,
            "it asks its peers");
  metrics::MetricsSource source;
  source.version = cli::kVersion;
  source.status = [node = node.get()] { return node->service_.GetStatus(); };
  source.node = &node->service_.metrics();
  source.peers = [] { return std::vector<http::PeerStats>(); };
  source.process = metrics::ReadProcessFacts;
  Result<std::unique_ptr<Listeners>> listeners = Listeners::Open(
      config, &node->context_, [source] { return metrics::RenderMetrics(source); }, logger);
  if (!listeners.ok()) return listeners.status();
  node->listeners_ = *std::move(listeners);
  return node;
}

WaitingNode::WaitingNode(const Config& config, std::unique_ptr<storage::Birthplace> place,
                         Clock* clock, Logger* logger)
    : config_(config), place_(std::move(place)), clock_(clock), logger_(logger) {
  context_.service = &service_;
  context_.clock = clock_;
  context_.logger = logger_;
  context_.cluster_name = config_.cluster_name;
  context_.node_name = config_.node_name;
  context_.seed = DrawSeed();
  context_.version = cli::kVersion;
  context_.hello = [this](const node::Hello& said) { return OnHello(said); };
}

Status WaitingNode::DrawId() {
  storage::Birth birth;
  birth.id = NodeId(kDrawnIdMin | (DrawSeed() & (kDrawnIdMin - 1)));
  birth.name = config_.node_name;
  if (place_->birth()) birth.cluster_id = place_->birth()->cluster_id;
  logger_->Log(LogLevel::kInfo, "id drawn for an empty disk", {{"id", birth.id}});
  return place_->Keep(birth);
}

node::Hello WaitingNode::Self() {
  const std::lock_guard lock(mutex_);
  return self_;
}

node::Hello WaitingNode::OnHello(const node::Hello& said) {
  const std::lock_guard lock(mutex_);
  if (said.phase == node::Phase::kMember && said.cluster_name == config_.cluster_name) {
    heard_ = said.cluster_id;
  }
  return self_;
}

Status WaitingNode::KeepCluster(const std::string& cluster_id) {
  if (place_->identity() || place_->birth()->cluster_id == cluster_id) return Status::Ok();
  storage::Birth birth = *place_->birth();
  birth.cluster_id = cluster_id;
  return place_->Keep(birth);
}

// What is said is on the disk already.
void WaitingNode::Say(node::Phase phase, const std::string& cluster_id, const std::string& detail) {
  const auto before = service_.GetStatus();
  if (before->standing_detail != detail) {
    logger_->Log(
        LogLevel::kWarning, "not a member",
        {{"standing", node::PhaseName(phase)}, {"cluster_id", cluster_id}, {"why", detail}});
  }
  service_.Say(StandingOf(phase), cluster_id, detail);
  node::Hello self;
  self.info = config_.Self();
  self.cluster_name = config_.cluster_name;
  self.cluster_id = cluster_id;
  self.phase = phase;
  if (place_->identity()) {
    self.id = place_->identity()->node_id;
  } else {
    self.id = place_->birth()->id;
    self.members = place_->birth()->roster;
  }
  const std::lock_guard lock(mutex_);
  self_ = std::move(self);
}

Result<std::optional<Config>> WaitingNode::Round() {
  node::Founder founder;
  founder.self = Self();
  // A promise that was made stands, whatever was heard since.
  if (!place_->identity() && !founder.self.members.empty()) {
    founder.self.phase = node::Phase::kPromised;
  }
  if (founder.self.cluster_id.empty()) {
    const std::lock_guard lock(mutex_);
    founder.self.cluster_id = heard_;
  }
  std::map<std::string, std::string> addresses;
  for (const auto& [name, address] : config_.peers) {
    if (name != config_.node_name) addresses[name] = address.ToString();
  }
  for (const auto& [name, address] : config_.also_asked) addresses[name] = address.ToString();
  // Whose disk holds a member's data founds nothing.
  if (!place_->identity()) founder.initial = config_.InitialNames();
  return Act(Decide(founder, http::AskHello(addresses, Self())));
}

Result<std::optional<Config>> WaitingNode::Act(const node::Decision& decision) {
  const std::optional<Config> nothing;
  const auto keep = [this](const node::FoundingRoster& roster) {
    return place_->Keep({.id = place_->birth()->id, .name = config_.node_name, .roster = roster});
  };
  switch (decision.action) {
    case Action::kAsk: {
      // What was found out stays true when nobody answers any more.
      const node::Hello self = Self();
      Say(self.phase, self.cluster_id, decision.detail);
      return nothing;
    }
    case Action::kPromise:
      BATON_RETURN_IF_ERROR(keep(decision.roster));
      Say(node::Phase::kPromised, "", "it has promised to found cluster " + decision.cluster_id);
      return nothing;
    case Action::kWithdraw:
      BATON_RETURN_IF_ERROR(DrawId());
      Say(node::Phase::kFresh, "", "a disk of the cluster that it would have founded is lost");
      return nothing;
    case Action::kWait:
      BATON_RETURN_IF_ERROR(KeepCluster(decision.cluster_id));
      Say(node::Phase::kWaiting, decision.cluster_id, decision.detail);
      return nothing;
    case Action::kIdentityLost:
      BATON_RETURN_IF_ERROR(KeepCluster(decision.cluster_id));
      Say(node::Phase::kIdentityLost, decision.cluster_id, decision.detail);
      return nothing;
    case Action::kRemoved:
      BATON_RETURN_IF_ERROR(KeepCluster(decision.cluster_id));
      Say(node::Phase::kRemoved, decision.cluster_id, decision.detail);
      return nothing;
    case Action::kFound:
    case Action::kJoin:
      break;
  }
  const NodeId id = Self().id;
  return std::optional<Config>(
      ConfigOfMember(config_, {.cluster_id = decision.cluster_id, .node_id = id}, place_->birth()));
}

}  // namespace baton::batond
