#include "test/bench/etcd/baton_writers.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/system_clock.h"
#include "pkg/http/client.h"
#include "pkg/load/schedule.h"

namespace baton::bench {
namespace {

using Clients = std::vector<std::unique_ptr<http::Client>>;

int64_t NowUs() { return SystemClock().MonotonicUs(); }

class BatonWriters final : public Writers {
 public:
  BatonWriters(const std::vector<std::string>& urls, double seconds)
      : start_us_(NowUs()), end_us_(start_us_ + static_cast<int64_t>(seconds * 1e6)) {
    for (int i = 0; i < kCount; ++i) {
      threads_.emplace_back([this, urls, i] { Write(urls, static_cast<size_t>(i)); });
    }
  }
  ~BatonWriters() override {
    {
      const std::lock_guard lock(mutex_);
      gone_ = true;
    }
    gone_changed_.notify_all();
    Join();
  }

  // False when they cannot.
  bool WaitUntilWriting() {
    std::unique_lock lock(mutex_);
    return wrote_.wait_for(lock, std::chrono::seconds(10), [this] { return succeeded_ >= kCount; });
  }

  Result<double> LongestGapMs() override {
    Join();
    const std::lock_guard lock(mutex_);
    const int64_t open_us = end_us_ - last_us_;
    if (open_us > longest_us_) return Status(Code::kUnavailable, "no write succeeds any more");
    return static_cast<double>(longest_us_) / 1000;
  }

 private:
  void Write(const std::vector<std::string>& urls, size_t number) {
    Clients clients;
    for (const std::string& url : urls) {
      auto client = http::Client::Create(
          url, {.connect_timeout_ms = kWriteTimeoutMs, .request_timeout_ms = kWriteTimeoutMs});
      CHECK(client.ok()) << url;
      clients.push_back(*std::move(client));
    }
    load::Schedule schedule({.rate_per_s = kCount * 1000 / kIntervalMs,
                             .start_ns = start_us_ * 1000,
                             .end_ns = end_us_ * 1000,
                             .operations_max = 0,
                             .worker = number,
                             .workers = kCount});
    for (size_t round = number; WaitUntilDue(&schedule); ++round) {
      const auto answer = clients[round % clients.size()]->Send(
          {.method = "PUT", .target = "/v1/kv/gap", .headers = {}, .body = std::to_string(round)});
      if (answer.ok() && answer->status == 200) Succeeded();
    }
  }

  // For the next write that is not late; those that are, are left out. False: there is none.
  bool WaitUntilDue(load::Schedule* schedule) {
    while (schedule->Take(NowUs() * 1000)) {
    }
    if (schedule->Ended(NowUs() * 1000)) return false;
    const auto left = std::chrono::nanoseconds(schedule->NextNs() - NowUs() * 1000);
    std::unique_lock lock(mutex_);
    return !gone_changed_.wait_for(lock, left, [this] { return gone_; });
  }

  void Succeeded() {
    const std::lock_guard lock(mutex_);
    const int64_t now_us = NowUs();
    if (succeeded_ > 0) longest_us_ = std::max(longest_us_, now_us - last_us_);
    last_us_ = now_us;
    ++succeeded_;
    wrote_.notify_all();
  }

  void Join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  const int64_t start_us_;
  const int64_t end_us_;
  std::mutex mutex_;  // of what is below
  std::condition_variable wrote_;
  std::condition_variable gone_changed_;
  bool gone_ = false;  // nobody wants the rest of the writes
  int64_t last_us_ = start_us_;
  int64_t longest_us_ = 0;
  int64_t succeeded_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Writers>> StartBatonWriters(const std::vector<std::string>& urls,
                                                   double seconds) {
  auto writers = std::make_unique<BatonWriters>(urls, seconds);
  if (!writers->WaitUntilWriting()) return Status(Code::kUnavailable, "no writers");
  return std::unique_ptr<Writers>(std::move(writers));
}

}  // namespace baton::bench
