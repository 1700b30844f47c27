// File: client.h
//
// A client of a simulated cluster: does one operation after the other, as its seed says, through
// one node or through all, and records what it did and saw. It knows what a program knows: the
// answers. Keeps a session, takes locks and campaigns with it, guards writes with its token, and
// asks again with the same idempotency key when it got no answer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/node/testing/sim_cluster.h"
#include "test/sim/plan.h"
#include "test/sim/recorder.h"

namespace baton::sim {

class Client {
 public:
  // All must outlive it. `keys` and `lines` as in Plan.
  Client(uint64_t id, const ClientPlan& plan, const Plan& world, node::testing::SimCluster* cluster,
         Recorder* recorder);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Start();
  // Begins nothing new.
  void Stop() { stopped_ = true; }
  bool idle() const { return !busy_; }
  // One operation, now, through a given node and once; for those who look after the storm. The
  // client must be idle.
  void Get(NodeId node, const std::string& key);
  void Put(NodeId node, const std::string& key);
  // Whether the last operation went well.
  bool last_was_ok() const { return last_ != nullptr && last_->outcome == history::Outcome::kOk; }

 private:
  struct Attempt;  // one request on its way
  // How a request is put to a node; the answer goes to Finish, once.
  using Ask = std::function<void(node::Node&, const std::shared_ptr<Attempt>&)>;

  void Next();
  history::Operation Choose();
  history::Operation ChooseWrite();
  history::Operation ChooseWithSession();
  history::Operation ChooseInLine();
  history::Operation ChooseWithFormer();
  void Begin(history::Operation operation);
  void Try();
  void Reach(const std::shared_ptr<Attempt>& attempt);
  NodeId PickNode();

  Ask MakeAsk();
  Ask AskCommand();
  Ask AskAcquire();
  Ask AskKeepAlive();
  Ask AskRead();

  // The node has answered; the answer travels back, or is lost.
  void Answer(const std::shared_ptr<Attempt>& attempt,
              std::function<void(history::Operation&)> take);
  void Fail(const std::shared_ptr<Attempt>& attempt, const Status& status);
  void Settle(const std::shared_ptr<Attempt>& attempt);
  void Learn(const history::Operation& operation);

  std::string Key();
  std::string Line();
  std::string Unique();

  const uint64_t id_;
  const ClientPlan plan_;
  const uint64_t keys_;
  const uint64_t lines_;
  node::testing::SimCluster* const cluster_;
  Recorder* const recorder_;
  Random random_;

  bool stopped_ = false;
  bool busy_ = false;
  uint64_t operations_ = 0;
  uint64_t values_ = 0;
  history::Operation* last_ = nullptr;  // under way while busy_
  std::string idempotency_key_;         // of it
  bool may_have_happened_ = false;      // an earlier attempt had no certain end
  std::optional<NodeId> only_node_;
  std::shared_ptr<Attempt> attempt_;

  // What it knows.
  std::map<std::string, uint64_t> mod_revisions_;  // as last seen
  uint64_t session_ = 0;
  int64_t session_ttl_ms_ = 0;
  struct Held {
    history::Space space = history::Space::kLock;
    std::string name;
    uint64_t token = 0;
  };
  std::optional<Held> held_;
  std::vector<Held> former_;      // the newest last; what it holds now is among them
  uint64_t newest_revision_ = 0;  // of all answers
};

}  // namespace baton::sim
