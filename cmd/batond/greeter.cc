#include "cmd/batond/greeter.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "pkg/http/ask_hello.h"
#include "pkg/raft/membership.h"

namespace baton::batond {
namespace {

constexpr auto kPause = std::chrono::seconds(1);
constexpr int kPausesWhileAllIsWell = 10;

}  // namespace

void Greeter::Start() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "greeter");
}

void Greeter::BeginStop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void Greeter::Stop() {
  BeginStop();
  if (thread_.joinable()) thread_.join();
}

void Greeter::Run() {
  bool all_answered = false;
  int pauses = 0;  // since the last hello
  while (true) {
    const Peers peers = ReadPeers();
    if (!all_answered || !AllIsWell(peers) || ++pauses >= kPausesWhileAllIsWell) {
      pauses = 0;
      bool all = true;
      Round round;
      for (const auto& [name, answer] : http::AskHello(Addresses(peers), Self(peers))) {
        if (answer) LearnFrom(*answer, peers, &round);
        all = all && answer.has_value();
      }
      all_answered = all_answered || all;
      // Who lags may know of the removal and not yet that this node was added again.
      if (round.removed && !round.listed) service_->OnToldRemoved();
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kPause, [this] { return stopping_; })) return;
  }
}

Greeter::Peers Greeter::ReadPeers() const {
  Peers peers;
  for (http::PeerStats& peer : transport_->Stats()) peers[peer.peer] = std::move(peer);
  return peers;
}

bool Greeter::AllIsWell(const Peers& peers) const {
  const auto view = service_->GetStatus();
  // Followers have nothing to say to each other, and so do not know.
  return view->raft.leader && std::all_of(peers.begin(), peers.end(), [](const auto& peer) {
           return peer.second.reachable || peer.second.sent_envelopes == 0;
         });
}

node::Hello Greeter::Self(const Peers& peers) const {
  const auto view = service_->GetStatus();
  node::Hello hello;
  hello.id = config_.node_id;
  hello.info = config_.Self();
  hello.cluster_name = config_.cluster_name;
  hello.cluster_id = config_.cluster_id;
  hello.phase =
      view->standing == node::Standing::kRemoved ? node::Phase::kRemoved : node::Phase::kMember;
  for (const NodeId id : raft::Members(view->raft.config)) {
    node::HelloMember member{.id = id};
    if (const auto known = view->members->known.find(id); known != view->members->known.end()) {
      member.info = known->second;
    }
    member.info.name = http::NodeNameOf(*context_, *view, id);
    if (id == config_.node_id) member.info.peer_address = hello.info.peer_address;
    if (const auto peer = peers.find(id); peer != peers.end()) {
      member.info.peer_address = peer->second.address;
      member.reached = peer->second.reachable;
    }
    hello.members.push_back(std::move(member));
  }
  hello.removed = view->members->removed;
  return hello;
}

std::map<std::string, std::string> Greeter::Addresses(const Peers& peers) const {
  std::map<std::string, std::string> addresses;
  for (const auto& [id, peer] : peers) addresses[std::to_string(id.value())] = peer.address;
  for (const auto& [name, address] : config_.peers) {
    const std::string text = address.ToString();
    const bool asked = std::any_of(addresses.begin(), addresses.end(),
                                   [&](const auto& other) { return other.second == text; });
    if (!asked && name != config_.node_name) addresses[name] = text;
  }
  return addresses;
}

void Greeter::Learn(const node::StatusView& view, NodeId id, const std::string& address) {
  if (id == config_.node_id || address.empty() || view.members->WasRemoved(id)) return;
  transport_->Learn(id, address);
}

node::Hello Greeter::OnHello(const node::Hello& said) {
  if (said.cluster_id == config_.cluster_id && said.phase == node::Phase::kMember) {
    Learn(*service_->GetStatus(), said.id, said.info.peer_address);
  }
  return Self(ReadPeers());
}

void Greeter::LearnFrom(const node::Hello& answer, const Peers& peers, Round* round) {
  if (answer.cluster_id != config_.cluster_id || answer.phase != node::Phase::kMember) return;
  const auto view = service_->GetStatus();
  Learn(*view, answer.id, answer.info.peer_address);
  for (const node::HelloMember& member : answer.members) {
    round->listed = round->listed || member.id == config_.node_id;
    // Whom this node does not reach may be where the other one reaches it.
    const auto peer = peers.find(member.id);
    const bool reached = peer != peers.end() && peer->second.reachable;
    if (member.id != answer.id && member.reached && !reached) {
      Learn(*view, member.id, member.info.peer_address);
    }
  }
  const auto& removed = answer.removed;
  round->removed =
      round->removed || std::find(removed.begin(), removed.end(), config_.node_id) != removed.end();
}

}  // namespace baton::batond
