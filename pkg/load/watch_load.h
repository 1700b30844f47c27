// File: watch_load.h
//
// Watchers of one key and a writer of it, on one thread: how long from a write to the last of them.
// One write is under way at a time: the next one starts, by the schedule, when all have it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pkg/load/api.h"
#include "pkg/load/connection.h"
#include "pkg/load/load.h"
#include "pkg/load/poller.h"
#include "pkg/load/schedule.h"
#include "pkg/load/settings.h"

namespace baton::load {

class WatchLoad final : public Load {
 public:
  WatchLoad(const Settings& settings, const Api* api, const std::vector<Endpoint>* endpoints);
  ~WatchLoad() override;

  void Setup() override;
  void Run(int64_t start_ns) override;
  void Undo() override;
  std::string SetupProblem() const override;
  int64_t finished_ns() const override { return finished_ns_; }
  uint64_t NotStarted() const override { return schedule_.NotStarted(); }
  uint64_t LeftBehind() const override { return written_ && !settings_.keep ? 1 : 0; }

 private:
  class Watcher;

  // One end of the poller: a watcher, or the writer (nullptr).
  struct Seat {
    Watcher* watcher = nullptr;
  };

  void Wait(int64_t until_ns);  // for events; at most until then
  void OnWriter(uint32_t events);
  void Connect(Connection* connection, size_t* endpoint);
  void Mend(int64_t now_ns);  // connections that broke
  size_t Begun() const;

  void StartWrite(int64_t intended_ns, int64_t now_ns);
  void OnWritten(int64_t now_ns);
  void OnDelivered(uint64_t write);
  void OnWatchLost(bool expected, std::string_view reason);
  void FinishRound();
  void FailRound(std::string_view reason);
  void Delete();

  const Settings settings_;
  const Api* const api_;
  const std::vector<Endpoint>* const endpoints_;
  const int64_t timeout_ns_;
  Poller poller_;
  Seat writer_seat_;
  Connection writer_;
  size_t writer_endpoint_ = 0;
  int64_t writer_since_ns_ = 0;  // connecting, or calling
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::array<char, 64 * 1024> scratch_{};
  std::string last_error_;
  bool ready_ = false;
  bool running_ = false;
  bool written_ = false;  // the key may be there

  // The write under way.
  Schedule schedule_;
  uint64_t write_ = 0;
  bool under_way_ = false;
  size_t missing_ = 0;  // watchers that do not have it yet
  int64_t intended_ns_ = 0;
  int64_t acked_ns_ = 0;  // 0: not yet
  int64_t last_delivery_ns_ = 0;
  int64_t rest_until_ns_ = 0;
  int64_t finished_ns_ = 0;
};

}  // namespace baton::load
