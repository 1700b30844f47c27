#include "test/chaos/worker.h"

#include <poll.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace baton::chaos {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;
using history::Space;

constexpr int64_t kTtlsMs[] = {1000, 2500, 6000};
constexpr int64_t kWaitMsMax = 800;
constexpr int64_t kShortWaitMsMax = 20;
constexpr uint64_t kEphemeralKeys = 4;
// So many revisions stay: who watches is seldom that far behind.
constexpr uint64_t kRevisionsKept = 200;

Operation Of(Kind kind, std::string key) {
  Operation operation;
  operation.kind = kind;
  operation.key = std::move(key);
  return operation;
}

Operation Of(Kind kind, const std::pair<Space, std::string>& place) {
  Operation operation = Of(kind, place.second);
  operation.space = place.first;
  return operation;
}

std::string KeyName(const std::string& kind, uint64_t number) {
  return kind + std::to_string(number);
}

}  // namespace

std::vector<std::string> AllKeys() {
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kHotKeys; ++i) keys.push_back(KeyName("hot-", i));
  for (uint64_t i = 0; i < kEphemeralKeys; ++i) keys.push_back(KeyName("ephemeral-", i));
  for (uint64_t i = 0; i < kLocks; ++i) keys.push_back(KeyName("guarded-by-lock-", i));
  return keys;
}

std::string Worker::HotKey() { return KeyName("hot-", random_.Below(kHotKeys)); }

std::string Worker::EphemeralKey() { return KeyName("ephemeral-", random_.Below(kEphemeralKeys)); }

Worker::Worker(const ClientOptions& options, int64_t think_ms_max, Recorder* recorder)
    : options_(options),
      think_ms_max_(think_ms_max),
      random_(options.seed ^ 0x5e551011),
      client_(options, recorder) {}

void Worker::Run(const std::atomic<bool>& stop) {
  while (!stop) {
    KeepSession();
    Step();
    poll(nullptr, 0, static_cast<int>(random_.Below(static_cast<uint64_t>(think_ms_max_) + 1)));
  }
}

// Weights in about a hundred.
void Worker::Step() {
  struct Choice {
    uint64_t weight;
    void (Worker::*act)();
  };
  static constexpr Choice kChoices[] = {{20, &Worker::Get},
                                        {6, &Worker::GetStale},
                                        {20, &Worker::Put},
                                        {10, &Worker::PutIfUnchanged},
                                        {4, &Worker::PutEphemeral},
                                        {8, &Worker::PutGuarded},
                                        {5, &Worker::Delete},
                                        {9, &Worker::Acquire},
                                        {8, &Worker::Release},
                                        {3, &Worker::Proclaim},
                                        {3, &Worker::Verify},
                                        {3, &Worker::LookAtHolder},
                                        {1, &Worker::EndSession},
                                        {1, &Worker::Compact},
                                        {1, &Worker::UseForgottenSession}};
  uint64_t total = 0;
  for (const Choice& choice : kChoices) total += choice.weight;
  uint64_t drawn = random_.Below(total);
  for (const Choice& choice : kChoices) {
    if (drawn < choice.weight) return (this->*choice.act)();
    drawn -= choice.weight;
  }
}

// Every third of its time to live, as the documentation says.
void Worker::KeepSession() {
  const int64_t sent_us = NowUs();
  if (session_ == 0) {
    ttl_ms_ = kTtlsMs[random_.Below(std::size(kTtlsMs))];
    Operation create = Of(Kind::kSessionCreate, "");
    create.ttl_ms = ttl_ms_;
    const Operation done = Do(std::move(create));
    if (done.outcome != Outcome::kOk) return;
    session_ = done.session;
    kept_us_ = sent_us;
    return;
  }
  if (sent_us - kept_us_ < ttl_ms_ * 1000 / 3) return;
  Operation keep = Of(Kind::kSessionKeep, "");
  keep.session = session_;
  if (Do(std::move(keep)).outcome == Outcome::kOk) kept_us_ = sent_us;
}

Operation Worker::Do(Operation operation, const Client::Call& call) {
  Operation done = client_.Do(std::move(operation), call);
  if (done.error == "session_not_found" && done.session == session_) {
    session_ = 0;
    held_.clear();
  }
  newest_revision_ = std::max(newest_revision_, done.revision);
  if (done.found_mod_revision != 0) revisions_[done.key] = done.found_mod_revision;
  const Place place(done.space, done.key);
  if (done.granted_token != 0) tokens_[place] = done.granted_token;
  return done;
}

void Worker::Put() {
  Operation put = Of(Kind::kPut, HotKey());
  put.value = NewValue();
  // One in four as an impatient client does it.
  Do(std::move(put), {.is_retried = !random_.Chance(1, 4)});
}

void Worker::PutIfUnchanged() {
  Operation put = Of(Kind::kPut, HotKey());
  put.value = NewValue();
  const auto known = revisions_.find(put.key);
  put.expected_revision = known == revisions_.end() ? 0 : known->second;
  const Operation done = Do(std::move(put));
  if (done.error == "precondition_failed" && !done.found) revisions_.erase(done.key);
}

void Worker::PutEphemeral() {
  if (session_ == 0) return;
  Operation put = Of(Kind::kPut, EphemeralKey());
  put.value = NewValue();
  put.session = session_;
  Do(std::move(put));
}

// With the token of a lock that it has, or of one that somebody has or had.
void Worker::PutGuarded() {
  const auto lock = AnyOf(random_.Chance(3, 4) ? held_ : tokens_, Space::kLock);
  if (!lock) return;
  const auto& [place, token] = *lock;
  Operation put = Of(Kind::kPut, "guarded-by-" + place.second);
  put.value = NewValue();
  put.guard_lock = place.second;
  put.token = token;
  Do(std::move(put));
}

void Worker::Delete() {
  Operation gone = Of(Kind::kDelete, HotKey());
  const auto known = revisions_.find(gone.key);
  if (known != revisions_.end() && random_.Chance(1, 2)) gone.expected_revision = known->second;
  const Operation done = Do(std::move(gone));
  if (done.outcome == Outcome::kOk) revisions_.erase(done.key);
}

void Worker::Get() {
  std::string key = HotKey();
  if (random_.Chance(1, 6)) key = EphemeralKey();
  if (random_.Chance(1, 6)) key = KeyName("guarded-by-lock-", random_.Below(kLocks));
  Do(Of(Kind::kGet, key));
}

void Worker::GetStale() { Do(Of(Kind::kGetStale, HotKey())); }

void Worker::Acquire() {
  if (session_ == 0) return;
  const Place place = AnyPlace();
  Operation acquire = Of(Kind::kAcquire, place);
  acquire.value = NewValue();
  acquire.session = session_;
  // Most are impatient: who waits does nothing else.
  const auto wait_ms =
      static_cast<int64_t>(random_.Below(random_.Chance(1, 8) ? kWaitMsMax : kShortWaitMsMax));
  const Operation done = Do(std::move(acquire), {.wait_ms = wait_ms});
  if (done.outcome == Outcome::kOk && done.granted_token != 0) held_[place] = done.granted_token;
}

void Worker::Release() {
  if (held_.empty()) return;
  const auto [place, token] = AnyOf(held_);
  held_.erase(place);
  Operation release = Of(Kind::kRelease, place);
  release.session = session_;
  release.token = token;
  Do(std::move(release));
}

void Worker::Proclaim() {
  const auto election = AnyOf(held_, Space::kElection);
  if (!election) return;
  const auto& [place, token] = *election;
  Operation proclaim = Of(Kind::kProclaim, place);
  proclaim.value = NewValue();
  proclaim.session = session_;
  proclaim.token = token;
  Do(std::move(proclaim));
}

void Worker::Verify() {
  const auto& from = held_.empty() ? tokens_ : held_;
  if (from.empty()) return;
  const auto [place, token] = AnyOf(from);
  Operation verify = Of(Kind::kVerify, place);
  verify.token = token;
  Do(std::move(verify));
}

void Worker::LookAtHolder() { Do(Of(Kind::kHolder, AnyPlace())); }

// One time in ten of those that the dice say: a session is to last. Half of them are left to end by
// themselves.
void Worker::EndSession() {
  if (session_ == 0 || !random_.Chance(1, 10)) return;
  if (forgotten_session_ == 0 && random_.Chance(1, 2)) {
    forgotten_session_ = session_;
  } else {
    Operation destroy = Of(Kind::kSessionDestroy, "");
    destroy.session = session_;
    Do(std::move(destroy));
  }
  session_ = 0;
  held_.clear();
}

// Until it has ended: that this no longer succeeds shows that it ends in time.
void Worker::UseForgottenSession() {
  if (forgotten_session_ == 0) return;
  Operation put = Of(Kind::kPut, EphemeralKey());
  put.value = NewValue();
  put.session = forgotten_session_;
  if (Do(std::move(put)).error == "session_not_found") forgotten_session_ = 0;
}

// One time in five.
void Worker::Compact() {
  if (newest_revision_ <= kRevisionsKept || !random_.Chance(1, 5)) return;
  Operation compact = Of(Kind::kCompact, "");
  compact.compact_to = newest_revision_ - kRevisionsKept;
  Do(std::move(compact));
}

std::string Worker::NewValue() {
  return "v" + std::to_string(options_.number) + "." + std::to_string(++values_);
}

Worker::Place Worker::AnyPlace() {
  if (random_.Chance(1, 3)) {
    return {Space::kElection, "election-" + std::to_string(random_.Below(kElections))};
  }
  return {Space::kLock, "lock-" + std::to_string(random_.Below(kLocks))};
}

std::pair<Worker::Place, uint64_t> Worker::AnyOf(const std::map<Place, uint64_t>& places) {
  return *std::next(places.begin(), static_cast<int64_t>(random_.Below(places.size())));
}

std::optional<std::pair<Worker::Place, uint64_t>> Worker::AnyOf(
    const std::map<Place, uint64_t>& places, Space space) {
  std::map<Place, uint64_t> fitting;
  std::copy_if(places.begin(), places.end(), std::inserter(fitting, fitting.end()),
               [space](const auto& place) { return place.first.first == space; });
  if (fitting.empty()) return std::nullopt;
  return AnyOf(fitting);
}

}  // namespace baton::chaos
