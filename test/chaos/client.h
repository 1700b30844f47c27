// File: client.h
//
// A client as the documentation tells users to write one: a change carries an Idempotency-Key and
// is sent again, with the same key and at another node, until the answer is definite or patience is
// over. Whatever came of it becomes one operation of the history. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/http/client.h"
#include "test/chaos/recorder.h"
#include "test/history/operation.h"

namespace baton::chaos {

struct ClientOptions {
  uint64_t number = 0;  // of this client in the history
  std::vector<std::string> urls;
  // The node that is asked first, always; nothing: any.
  std::optional<int> home;
  uint64_t seed = 1;
  int64_t attempt_timeout_ms = 1000;
  int64_t patience_ms = 4000;
};

class Client {
 public:
  Client(const ClientOptions& options, Recorder* recorder);

  struct Call {
    int64_t wait_ms = 0;           // of an acquire
    bool is_retried = true;        // else one attempt, without an idempotency key
    std::optional<int> node = {};  // ask this one first
  };
  // Does it, records it, and returns what came of it. The caller has set all but client, node,
  // attempts, times and the answer.
  history::Operation Do(history::Operation operation, const Call& call);
  history::Operation Do(history::Operation operation) { return Do(std::move(operation), Call()); }

 private:
  // The answer of one node; kUnknown and kNotApplied leave it open.
  void Attempt(int node, const Call& call, history::Operation* operation);
  int AnyNode() { return static_cast<int>(random_.Below(options_.urls.size())); }
  int NextNode(int node);

  const ClientOptions options_;
  Recorder* const recorder_;
  Random random_;
  uint64_t changes_ = 0;
  std::string key_;  // of the operation under way
  int connected_to_ = -1;
  std::unique_ptr<http::Client> connection_;
};

}  // namespace baton::chaos
