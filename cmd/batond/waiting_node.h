// File: waiting_node.h
//
// What a process is before its node is a member: it listens, tells everybody who asks what it waits
// for, and asks its peers (pkg/node/founding.h) until it is known what to do. Its listeners are
// closed before the node opens its own.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "cmd/batond/config.h"
#include "cmd/batond/listeners.h"
#include "cmd/batond/waiting_service.h"
#include "pkg/base/clock.h"
#include "pkg/base/logger.h"
#include "pkg/http/api.h"
#include "pkg/node/founding.h"
#include "pkg/storage/birth.h"

namespace baton::batond {

class WaitingNode {
 public:
  // `place`: the data directory, locked until the WaitingNode ends. One that holds a removed
  // member's data has an identity.
  static Result<std::unique_ptr<WaitingNode>> Open(const Config& config,
                                                   std::unique_ptr<storage::Birthplace> place,
                                                   Clock* clock, Logger* logger);

  void Start() { listeners_->Start(); }
  void Stop(int64_t timeout_ms) { listeners_->Stop(timeout_ms); }

  // Asks everybody once, and does what follows. Returns the configuration of the node to open, or
  // nothing: ask again. An error is the disk's.
  Result<std::optional<Config>> Round();

 private:
  WaitingNode(const Config& config, std::unique_ptr<storage::Birthplace> place, Clock* clock,
              Logger* logger);
  Status DrawId();
  node::Hello Self();
  node::Hello OnHello(const node::Hello& said);
  // Of a cluster that this disk has heard of it founds no other, even after a restart.
  Status KeepCluster(const std::string& cluster_id);
  void Say(node::Phase phase, const std::string& cluster_id, const std::string& detail);
  Result<std::optional<Config>> Act(const node::Decision& decision);

  const Config config_;
  const std::unique_ptr<storage::Birthplace> place_;
  Clock* const clock_;
  Logger* const logger_;
  WaitingService service_;
  http::ApiContext context_;

  std::mutex mutex_;
  node::Hello self_;                      // guarded by mutex_
  std::string heard_;                     // the same: the cluster of which a member has said hello
  std::unique_ptr<Listeners> listeners_;  // last: its threads use all of the above
};

// `config` of the node whose data are, or will be, in the directory.
Config ConfigOfMember(const Config& config, const storage::Identity& identity,
                      const std::optional<storage::Birth>& birth);

}  // namespace baton::batond
