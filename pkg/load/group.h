// File: group.h
//
// Clients that share a schedule and some connections, on one thread: gives each client its turn,
// and a connection for each call, first come, first served. Nothing is allocated per call.
//
// What a client waits for, one after the other: its turn by the schedule (kIdle), a connection
// (kQueued), the answer (kCalling). After an error it rests, so that a server that refuses is not
// hammered with it.
#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "pkg/load/client.h"
#include "pkg/load/connection.h"
#include "pkg/load/schedule.h"

namespace baton::load {

struct GroupOptions {
  const Api* api = nullptr;
  const std::vector<Endpoint>* endpoints = nullptr;  // connections are spread over them in turn
  size_t endpoint_first = 0;                         // where the first connection goes
  size_t connections = 1;
  int64_t timeout_ns = 0;
};

class Group {
 public:
  // A client rests so long after an error, in the run and before and after it.
  static constexpr int64_t kRestNs = 10'000'000;
  static constexpr int64_t kRestBesideRunNs = 50'000'000;
  // How often Sweep is to be called: what timeouts are exact to.
  static constexpr int64_t kSweepNs = 20'000'000;

  // One connection of the group: what the poller gives back.
  struct Lane;

  Group(Poller* poller, const GroupOptions& options, std::vector<std::unique_ptr<Client>> clients);
  ~Group();

  // A phase begins. In kRun `schedule` says when operations start; the other phases have each
  // client do all it has to do at once.
  void Begin(Phase phase, const Schedule& schedule, int64_t now_ns, Recorder* recorder);
  // Starts what is due.
  void Start(int64_t now_ns);
  // Timeouts, connections that are to be made anew, and giving up.
  void Sweep(int64_t now_ns);
  // Ends the phase early: nothing more starts. Operations of a run that are under way go on; the
  // other phases are given up.
  void EndAt(int64_t now_ns);
  // Ends the phase as it stands; calls under way are errors.
  void GiveUp();
  // Whether all clients are through with the phase, and after kSetup all are connected.
  bool Done() const;
  // Whether the phase was given up: by GiveUp, because nothing was answered for a timeout, or
  // because the run was over for two.
  bool gave_up() const { return gave_up_; }
  // When Start has something to do next, at the latest.
  int64_t NextNs(int64_t now_ns) const;

  static void OnEvent(Lane* lane, uint32_t events, std::span<char> scratch);

  int64_t finished_ns() const { return finished_ns_; }
  uint64_t NotStarted() const { return schedule_.NotStarted(); }
  uint64_t LeftBehind() const;
  size_t connected() const;  // connections that are open now
  size_t connections() const { return lanes_.size(); }
  // How many were missing when the phase was given up.
  size_t unconnected() const { return unconnected_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Slot {
    Client* client = nullptr;
    Slot* next = nullptr;  // in the list that it is in
    Ask ask = Ask::kGet;
    int64_t intended_ns = 0;
    int64_t queued_ns = 0;
    int64_t sent_ns = 0;
  };
  // First in, first out; through Slot::next or Lane::next.
  template <typename T>
  struct List {
    T* first = nullptr;
    T* last = nullptr;
    void Push(T* one);
    T* Pop();
  };
  struct Resting {
    int64_t until_ns = 0;
    Slot* slot = nullptr;
    bool operator>(const Resting& other) const { return until_ns > other.until_ns; }
  };

  void Continue(Slot* slot, int64_t now_ns);  // its next call, or its next turn
  void Enqueue(Slot* slot, int64_t now_ns);
  void Pump(int64_t now_ns);  // brings queued clients and free connections together
  void Assign(Slot* slot, Lane* lane, int64_t now_ns);
  void Finish(Slot* slot);
  void EndCall(Lane* lane, std::string_view error, int64_t now_ns);
  void OnOpen(Lane* lane, int64_t now_ns);
  void OnBroken(Lane* lane, int64_t now_ns);
  void Reconnect(Lane* lane);
  void DropExpired(int64_t now_ns);
  int64_t TimeoutOf(Ask ask) const;
  void NoteError(std::string_view reason);

  Poller* const poller_;
  const GroupOptions options_;
  const std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<Lane>> lanes_;

  Phase phase_ = Phase::kSetup;
  Schedule schedule_;
  Recorder* recorder_ = nullptr;
  int64_t draining_since_ns_ = 0;  // kRun: since nothing starts any more; 0: it does
  int64_t progress_ns_ = 0;        // when something was done last
  int64_t finished_ns_ = 0;        // when a call ended last
  size_t active_ = 0;
  bool gave_up_ = false;
  size_t unconnected_ = 0;
  std::string last_error_;
  List<Slot> idle_;
  List<Slot> queued_;
  List<Lane> free_;
  std::priority_queue<Resting, std::vector<Resting>, std::greater<>> resting_;
};

}  // namespace baton::load
