// File: greeter.h
//
// A running node's side of the hellos (pkg/http/hello.h): says to its peers who and where it is,
// learns where they are now, and hears when it was removed.
//
// Once a second while a peer is not reached or nobody leads, and until every peer has answered
// once; else every ten seconds. So a node that was started again elsewhere is found within a second
// or two, by the peers that it finds; whoever it does not find hears of it from the others.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "cmd/batond/config.h"
#include "pkg/base/clock.h"
#include "pkg/http/api.h"
#include "pkg/http/peer_transport.h"
#include "pkg/node/founding.h"
#include "pkg/node/service.h"

namespace baton::batond {

class Greeter {
 public:
  // All must outlive it.
  Greeter(const Config& config, const http::ApiContext* context, node::Service* service,
          http::PeerTransport* transport)
      : config_(config), context_(context), service_(service), transport_(transport) {}
  ~Greeter() { Stop(); }

  void Start();
  // No more rounds. Stop waits for the end of one, which a name server that is silent can hold up.
  void BeginStop();
  void Stop();
  // What this node answers. Any thread.
  node::Hello OnHello(const node::Hello& said);

 private:
  // As they are at the beginning of a round.
  using Peers = std::map<NodeId, http::PeerStats>;

  void Run();
  Peers ReadPeers() const;
  node::Hello Self(const Peers& peers) const;
  // By name or number; without this node.
  std::map<std::string, std::string> Addresses(const Peers& peers) const;
  // A member says where it is. One that this node has not heard of may have joined since it was
  // away, and lead.
  void Learn(const node::StatusView& view, NodeId id, const std::string& address);
  // What the answers of one round say about this node.
  struct Round {
    bool listed = false;
    bool removed = false;
  };
  void LearnFrom(const node::Hello& answer, const Peers& peers, Round* round);
  bool AllIsWell(const Peers& peers) const;

  const Config config_;
  const http::ApiContext* const context_;
  node::Service* const service_;
  http::PeerTransport* const transport_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace baton::batond
