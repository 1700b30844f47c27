// File: retrying_client.h
//
// A client as the documentation tells users to write one: every change carries an Idempotency-Key
// and is repeated, with the same key and at the next node, until the answer is definite.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/http/client.h"

namespace baton::integration {

class RetryingClient {
 public:
  // `name` makes the idempotency keys unique; `first` is the node to begin with.
  RetryingClient(std::vector<std::string> urls, std::string name, size_t first);

  // Repeats until a definite answer (2xx or 4xx but 429) or until timeout_ms is over: then status
  // 0.
  http::ClientResponse Change(const std::string& method, const std::string& target,
                              const std::string& body, int64_t timeout_ms,
                              std::map<std::string, std::string> headers = {});
  // As Change, without an idempotency key.
  http::ClientResponse Get(const std::string& target, int64_t timeout_ms);

  uint64_t retries() const { return retries_; }

 private:
  http::ClientResponse Repeat(const http::ClientRequest& request, int64_t timeout_ms);
  void NextNode();

  std::vector<std::string> urls_;
  std::string name_;
  size_t current_;
  uint64_t sequence_ = 0;
  uint64_t retries_ = 0;
  std::unique_ptr<http::Client> client_;
};

}  // namespace baton::integration
