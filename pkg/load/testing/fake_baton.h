// File: fake_baton.h
//
// A server for tests that answers as Baton does, as far as the load generator can tell: keys,
// sessions, locks with a line, watches, in memory; and some calls of etcd's gateway. It can refuse,
// and it can leave calls without an answer.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pkg/base/logger.h"
#include "pkg/http/server.h"

namespace baton::load {

class FakeBaton {
 public:
  FakeBaton();
  ~FakeBaton();

  const std::string& url() const { return url_; }
  uint16_t port() const { return server_->port(); }
  void Stop();  // once or more

  // Every n-th call to a path that begins with `path` is refused; 0: none.
  void RefuseEvery(uint64_t n, const std::string& path, int status, const std::string& code);
  // All but the first n calls.
  void RefuseAfter(uint64_t n, const std::string& path, int status, const std::string& code);
  // The next `count` calls are never answered.
  void Ignore(uint64_t count);

  size_t keys() const;
  size_t sessions() const;
  size_t holders() const;
  // From now on what is written is shown by stale reads only after one that is not stale: as by a
  // server that another one's writes have not reached.
  void Lag();
  // Calls by "METHOD /the/route".
  uint64_t calls(const std::string& route) const;
  bool saw_stale_read() const;
  std::string first_key() const;  // that was ever written
  // Whether a lock was granted while another session had it, or released by one that had not.
  bool broken() const;

 private:
  struct Lock {
    std::string holder;
    uint64_t token = 0;
    std::deque<std::pair<std::string, std::shared_ptr<http::Exchange>>> line;
  };
  using Handler = void (FakeBaton::*)(const std::shared_ptr<http::Exchange>& exchange);

  void On(http::Router* router, const std::string& method, const std::string& route,
          Handler handler);
  bool Refused(const std::shared_ptr<http::Exchange>& exchange);
  void Put(const std::shared_ptr<http::Exchange>& exchange);
  void Get(const std::shared_ptr<http::Exchange>& exchange);
  void Delete(const std::shared_ptr<http::Exchange>& exchange);
  void Watch(const std::shared_ptr<http::Exchange>& exchange);
  void CreateSession(const std::shared_ptr<http::Exchange>& exchange);
  void KeepSession(const std::shared_ptr<http::Exchange>& exchange);
  void CloseSession(const std::shared_ptr<http::Exchange>& exchange);
  void Acquire(const std::shared_ptr<http::Exchange>& exchange);
  void Release(const std::shared_ptr<http::Exchange>& exchange);
  void GatewayPut(const std::shared_ptr<http::Exchange>& exchange);
  void GatewayRange(const std::shared_ptr<http::Exchange>& exchange);
  void GatewayDelete(const std::shared_ptr<http::Exchange>& exchange);
  void GatewayWatch(const std::shared_ptr<http::Exchange>& exchange);
  void Tell(const std::string& key, const std::string& line);  // the watches of the key
  void Grant(Lock* lock, const std::string& session, http::Exchange* exchange);
  void FreeLock(Lock* lock);

  NullLogger logger_;
  std::string url_;
  mutable std::mutex mutex_;  // guards all below but the server
  uint64_t refuse_every_ = 0;
  std::string refuse_path_;
  int refuse_status_ = 0;
  std::string refuse_code_;
  uint64_t refusable_ = 0;
  uint64_t allowed_ = 0;  // before any is refused
  uint64_t ignore_ = 0;
  std::map<std::string, uint64_t> calls_;
  std::map<std::string, std::string> keys_;
  std::string first_key_;
  std::set<std::string> sessions_;
  uint64_t next_session_ = 1;
  uint64_t next_token_ = 1;
  std::map<std::string, Lock> locks_;
  std::vector<std::pair<std::string, std::shared_ptr<http::ResponseStream>>> watches_;
  std::vector<std::shared_ptr<http::Exchange>> ignored_;
  bool saw_stale_read_ = false;
  bool lags_ = false;
  bool behind_ = false;
  bool broken_ = false;
  bool stopped_ = false;  // of the test's thread
  std::unique_ptr<http::Server> server_;
};

}  // namespace baton::load
