#include "pkg/load/group.h"

#include <algorithm>

#include "pkg/base/check.h"
#include "pkg/load/monotonic.h"

namespace baton::load {
namespace {

constexpr int64_t kBackoffMinNs = 20'000'000;
constexpr int64_t kBackoffMaxNs = 1'000'000'000;

}  // namespace

struct Group::Lane {
  Lane(Group* its_group, Poller* poller, size_t its_endpoint)
      : group(its_group), connection(poller, this), endpoint(its_endpoint) {}

  Group* const group;
  Connection connection;
  size_t endpoint;       // which one is tried next, or was
  Slot* slot = nullptr;  // whose call is under way
  Lane* next = nullptr;  // in the list of free ones
  bool free = false;     // is in that list, open or not
  int64_t retry_ns = 0;  // kClosed: when to connect
  int64_t backoff_ns = 0;
  int64_t deadline_ns = 0;  // of the call, or of connecting
};

template <typename T>
void Group::List<T>::Push(T* one) {
  one->next = nullptr;
  (first == nullptr ? first : last->next) = one;
  last = one;
}

template <typename T>
T* Group::List<T>::Pop() {
  T* const one = first;
  if (one != nullptr) first = one->next;
  return one;
}

Group::Group(Poller* poller, const GroupOptions& options,
             std::vector<std::unique_ptr<Client>> clients)
    : poller_(poller), options_(options), clients_(std::move(clients)), slots_(clients_.size()) {
  for (size_t i = 0; i < clients_.size(); ++i) slots_[i].client = clients_[i].get();
  for (size_t i = 0; i < options_.connections; ++i) {
    const size_t endpoint = (options_.endpoint_first + i) % options_.endpoints->size();
    lanes_.push_back(std::make_unique<Lane>(this, poller_, endpoint));
  }
}

Group::~Group() = default;

void Group::Begin(Phase phase, const Schedule& schedule, int64_t now_ns, Recorder* recorder) {
  phase_ = phase;
  schedule_ = schedule;
  recorder_ = recorder;
  draining_since_ns_ = 0;
  finished_ns_ = now_ns;
  progress_ns_ = now_ns;
  gave_up_ = false;
  active_ = slots_.size();
  idle_ = {};
  queued_ = {};
  resting_ = {};
  for (const auto& lane : lanes_) {
    if (lane->connection.state() == Connection::State::kClosed) Reconnect(lane.get());
  }
  for (Slot& slot : slots_) {
    if (phase_ == Phase::kRun) {
      idle_.Push(&slot);
    } else {
      Enqueue(&slot, now_ns);
    }
  }
  Pump(now_ns);
}

void Group::EndAt(int64_t now_ns) {
  schedule_.EndAt(now_ns);
  // What was prepared is taken back; what was not taken back stays.
  if (phase_ != Phase::kRun && !Done()) GiveUp();
}

bool Group::Done() const {
  return active_ == 0 && (gave_up_ || phase_ != Phase::kSetup || connected() == lanes_.size());
}

void Group::Start(int64_t now_ns) {
  while (!resting_.empty() && resting_.top().until_ns <= now_ns) {
    Slot* const slot = resting_.top().slot;
    resting_.pop();
    Continue(slot, now_ns);
  }
  if (phase_ != Phase::kRun) return Pump(now_ns);
  while (idle_.first != nullptr) {
    const std::optional<int64_t> intended_ns = schedule_.Take(now_ns);
    if (!intended_ns) break;
    Slot* const slot = idle_.Pop();
    slot->intended_ns = *intended_ns;
    Enqueue(slot, now_ns);
  }
  Pump(now_ns);
  if (!schedule_.Ended(now_ns)) return;
  if (draining_since_ns_ == 0) draining_since_ns_ = now_ns;
  while (idle_.first != nullptr) Finish(idle_.Pop());
}

int64_t Group::NextNs(int64_t now_ns) const {
  int64_t next_ns = now_ns + kSweepNs;
  if (!resting_.empty()) next_ns = std::min(next_ns, resting_.top().until_ns);
  if (phase_ == Phase::kRun && idle_.first != nullptr) {
    next_ns = schedule_.Ended(now_ns) ? now_ns : std::min(next_ns, schedule_.NextNs());
  }
  return next_ns;
}

void Group::Continue(Slot* slot, int64_t now_ns) {
  if (phase_ == Phase::kRun && !slot->client->InOperation()) return idle_.Push(slot);
  Enqueue(slot, now_ns);
}

void Group::Enqueue(Slot* slot, int64_t now_ns) {
  slot->queued_ns = now_ns;
  queued_.Push(slot);
}

void Group::Pump(int64_t now_ns) {
  while (queued_.first != nullptr && free_.first != nullptr) {
    Lane* const lane = free_.Pop();
    lane->free = false;
    if (lane->connection.state() != Connection::State::kOpen) continue;  // closed meanwhile
    Assign(queued_.Pop(), lane, now_ns);
  }
}

void Group::Assign(Slot* slot, Lane* lane, int64_t now_ns) {
  std::string* const bytes = lane->connection.Begin();
  const std::optional<Ask> ask = slot->client->Next(phase_, {lane->connection.host(), bytes});
  if (!ask) {
    lane->free = true;
    free_.Push(lane);
    return Finish(slot);
  }
  slot->ask = *ask;
  slot->sent_ns = now_ns;
  lane->slot = slot;
  lane->deadline_ns = now_ns + TimeoutOf(*ask);
  lane->connection.Send();
}

void Group::Finish(Slot*) { --active_; }

// A wait in line comes on top of the time for a call.
int64_t Group::TimeoutOf(Ask ask) const {
  return ask == Ask::kAcquire ? 2 * options_.timeout_ns : options_.timeout_ns;
}

void Group::OnEvent(Lane* lane, uint32_t events, std::span<char> scratch) {
  Group* const group = lane->group;
  const Connection::Event event = lane->connection.OnReady(events, scratch);
  if (event == Connection::Event::kNothing) return;
  const int64_t now_ns = NowNs();
  switch (event) {
    case Connection::Event::kConnected:
      group->progress_ns_ = now_ns;
      group->OnOpen(lane, now_ns);
      break;
    case Connection::Event::kAnswer: {
      const AnswerView answer{lane->connection.answer().status(), lane->connection.answer().body()};
      const std::string error = group->options_.api->ErrorOf(lane->slot->ask, answer);
      group->EndCall(lane, error, now_ns);
      break;
    }
    case Connection::Event::kBroken:
      group->OnBroken(lane, now_ns);
      break;
    case Connection::Event::kHead:
    case Connection::Event::kNothing:
      break;
  }
  group->Start(now_ns);
}

void Group::EndCall(Lane* lane, std::string_view error, int64_t now_ns) {
  Slot* const slot = lane->slot;
  lane->slot = nullptr;
  CallEnd end;
  end.ask = slot->ask;
  end.error = error;
  const bool answered = lane->connection.answer().head_done() && lane->connection.reason().empty();
  if (answered) {
    end.answer = {lane->connection.answer().status(), lane->connection.answer().body()};
    progress_ns_ = end.ok() ? now_ns : progress_ns_;
  }
  end.intended_ns = slot->intended_ns;
  end.sent_ns = slot->sent_ns;
  end.ended_ns = now_ns;
  end.in_time = now_ns <= schedule_.end_ns();
  finished_ns_ = now_ns;
  slot->client->OnEnd(phase_, end, recorder_);
  if (lane->connection.state() == Connection::State::kOpen) {
    lane->backoff_ns = 0;
    OnOpen(lane, now_ns);
  } else if (lane->connection.reason().empty()) {
    Reconnect(lane);  // the server wanted it closed
  }
  if (end.ok()) return Continue(slot, now_ns);
  NoteError(error);
  resting_.push({now_ns + (phase_ == Phase::kRun ? kRestNs : kRestBesideRunNs), slot});
}

void Group::OnOpen(Lane* lane, int64_t now_ns) {
  if (!lane->free) free_.Push(lane);
  lane->free = true;
  Pump(now_ns);
}

void Group::OnBroken(Lane* lane, int64_t now_ns) {
  const std::string_view reason = lane->connection.reason();
  if (reason == "cannot_connect")
    lane->endpoint = (lane->endpoint + 1) % options_.endpoints->size();
  lane->backoff_ns = std::clamp(2 * lane->backoff_ns, kBackoffMinNs, kBackoffMaxNs);
  lane->retry_ns = now_ns + lane->backoff_ns;
  if (lane->slot != nullptr) return EndCall(lane, reason, now_ns);
  if (reason == "unasked_answer") {
    const AnswerReader& answer = lane->connection.answer();
    const std::string why = options_.api->ErrorOf(Ask::kPut, {answer.status(), answer.body()});
    NoteError(why.empty() ? reason : why);
    if (phase_ == Phase::kRun) recorder_->Error(last_error_);
  } else if (reason == "cannot_connect") {
    NoteError(reason);
  }
}

void Group::Reconnect(Lane* lane) {
  lane->connection.Connect(&(*options_.endpoints)[lane->endpoint]);
  lane->deadline_ns = NowNs() + options_.timeout_ns;
}

void Group::NoteError(std::string_view reason) { last_error_ = reason; }

void Group::Sweep(int64_t now_ns) {
  for (const auto& lane : lanes_) {
    const Connection::State state = lane->connection.state();
    if (state == Connection::State::kClosed && lane->retry_ns <= now_ns) {
      Reconnect(lane.get());
    } else if ((state == Connection::State::kBusy || state == Connection::State::kConnecting) &&
               lane->deadline_ns <= now_ns) {
      lane->connection.Abandon("timed_out");
      OnBroken(lane.get(), now_ns);
    }
  }
  DropExpired(now_ns);
  const int64_t patience_ns = 2 * options_.timeout_ns;
  const bool hopeless = phase_ == Phase::kRun
                            ? draining_since_ns_ > 0 && now_ns > draining_since_ns_ + patience_ns
                            : now_ns > progress_ns_ + options_.timeout_ns;
  if (hopeless && !Done()) GiveUp();
}

// Operations that found no connection for a whole timeout. They have not been sent.
void Group::DropExpired(int64_t now_ns) {
  while (phase_ == Phase::kRun && queued_.first != nullptr &&
         queued_.first->queued_ns + options_.timeout_ns <= now_ns) {
    Slot* const slot = queued_.Pop();
    recorder_->Error("no_connection");
    NoteError(last_error_.empty() ? "no_connection" : last_error_);
    resting_.push({now_ns + kRestNs, slot});
  }
}

void Group::GiveUp() {
  gave_up_ = true;
  unconnected_ = lanes_.size() - connected();
  active_ = 0;
  for (const auto& lane : lanes_) {
    if (lane->slot == nullptr) continue;
    lane->slot = nullptr;
    lane->connection.Close();
    if (phase_ == Phase::kRun) recorder_->Error("unfinished");
  }
}

uint64_t Group::LeftBehind() const {
  uint64_t left = 0;
  for (const auto& client : clients_) left += client->LeftBehind();
  return left;
}

size_t Group::connected() const {
  return static_cast<size_t>(std::count_if(lanes_.begin(), lanes_.end(), [](const auto& lane) {
    return lane->connection.state() == Connection::State::kOpen ||
           lane->connection.state() == Connection::State::kBusy;
  }));
}

}  // namespace baton::load
