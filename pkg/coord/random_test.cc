// The state machine under long random histories: against the model, against itself on another node
// that restarts, and against what its events say.

#include <gtest/gtest.h>

#include <map>

#include "pkg/coord/test_machine.h"
#include "pkg/coord/test_model.h"
#include "pkg/coord/test_random.h"

namespace baton::coord {
namespace {

constexpr int kSteps = 750;

// Time that mostly goes on, and now and then a stamp that goes back.
class RandomClock {
 public:
  int64_t NextStampMs(Random* random) {
    now_ms_ += static_cast<int64_t>(random->Below(40));
    if (!random->Chance(1, 10)) return now_ms_;
    return now_ms_ - static_cast<int64_t>(random->Below(200));
  }

 private:
  int64_t now_ms_ = 1'000'000;
};

// Status without its sentence, which the model does not tell.
Reply WithoutMessage(Reply reply) {
  if (!reply.status.ok()) reply.status = Status(reply.status.code(), reply.status.reason(), "");
  return reply;
}

void ExpectSameState(const StateMachine& state, const Model& model) {
  EXPECT_EQ(state.revision(), model.revision());
  std::vector<KeyValue> keys;
  for (const auto& [key, kv] : model.keys()) keys.push_back(kv);
  EXPECT_EQ(state.List("", "", kListItemsMax).items, keys);
  std::vector<SessionInfo> sessions;
  for (const auto& [id, session] : model.sessions()) sessions.push_back(session);
  EXPECT_EQ(state.Sessions(SessionId(), kListItemsMax), sessions);
  uint64_t held = 0;
  for (const auto& [name, line] : model.lines()) {
    const QueueInfo queue = state.Queue(name.first, name.second);
    EXPECT_EQ(queue.holder, line.holder);
    EXPECT_EQ(queue.waiters, line.waiters);
    held += 1;
  }
  EXPECT_EQ(state.counts().locks_held + state.counts().elections_held, held);
}

class RandomTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomTest, TheMachineAnswersAsTheModelDoes) {
  Random random(GetParam());
  RandomClock clock;
  RandomClient client;
  TestMachine machine;
  Model model;
  std::map<std::string, int> answers;
  for (int step = 0; step < kSteps; ++step) {
    const Command command = client.Next(&random, machine.state());
    const int64_t stamp_ms = clock.NextStampMs(&random);
    const Applied applied = machine.ApplyBytes(EncodeEntry(stamp_ms, EncodeCommand(command)));
    const Reply expected = model.Apply(stamp_ms, command);
    ASSERT_EQ(WithoutMessage(applied.reply), WithoutMessage(expected))
        << "step " << step << ", kind " << command.body.index() << ": "
        << applied.reply.status.ToString() << " / " << expected.status.ToString();
    ASSERT_NO_FATAL_FAILURE(ExpectSameState(machine.state(), model));
    ASSERT_FALSE(HasFailure()) << "step " << step << ", kind " << command.body.index();
    ++answers[applied.reply.status.reason()];
    if (applied.reply.replayed) ++answers["replayed"];
    if (random.Chance(1, 50)) machine.Restart();
  }
  EXPECT_GT(model.tickets_spent(), 0);
  // The history has met what it should: otherwise the test looks at nothing.
  for (const char* reason : {"", "replayed", "idempotency_key_reused", "precondition_failed",
                             "stale_token", "lock_held", "session_not_found", "session_exists"}) {
    EXPECT_GT(answers[reason], 0) << reason;
  }
}

// What a log would hold: also entries of a leader's first, and some that make no sense. `events`:
// gets all that happened, also what the history forgets.
std::vector<std::string> RandomLog(Random* random, TestMachine* machine,
                                   std::vector<Event>* events = nullptr) {
  RandomClock clock;
  RandomClient client;
  std::vector<std::string> log;
  for (int step = 0; step < kSteps; ++step) {
    std::string entry = EncodeEntry(clock.NextStampMs(random),
                                    EncodeCommand(client.Next(random, machine->state())));
    if (random->Chance(1, 40)) entry.clear();
    if (!entry.empty() && random->Chance(1, 40)) entry.resize(random->Below(entry.size()));
    const Applied applied = machine->ApplyBytes(entry);
    if (events != nullptr) {
      events->insert(events->end(), applied.events.begin(), applied.events.end());
    }
    log.push_back(std::move(entry));
  }
  return log;
}

TEST_P(RandomTest, TheSameEntriesGiveTheSameRowsAndHashOnEveryNode) {
  Random random(GetParam());
  TestMachine first;
  first.check_each = false;
  const std::vector<std::string> log = RandomLog(&random, &first);

  TestMachine restarting;  // begins anew from its tables now and then
  restarting.check_each = false;
  TestMachine installed;  // gets the tables of the other in the middle, as by a snapshot
  installed.check_each = false;
  const size_t middle = random.Below(log.size());
  for (size_t i = 0; i < log.size(); ++i) {
    const Applied here = restarting.ApplyBytes(log[i]);
    if (random.Chance(1, 20)) restarting.Restart();
    if (i == middle) {
      installed.tables() = restarting.tables();
      installed.machine().Reload();
    }
    if (i <= middle) continue;
    const Applied there = installed.ApplyBytes(log[i]);
    ASSERT_EQ(here.reply, there.reply);
    ASSERT_EQ(here.events, there.events);
    ASSERT_EQ(here.wait_outcomes, there.wait_outcomes);
    ASSERT_EQ(restarting.state().hash(), installed.state().hash()) << "entry " << i;
  }
  EXPECT_EQ(first.tables().rows(), restarting.tables().rows());
  EXPECT_EQ(first.tables().rows(), installed.tables().rows());
  EXPECT_EQ(first.state().hash(), restarting.state().hash());
}

// What the events of one line say, checked as they come.
struct LineSeen {
  Token holder;  // 0: free
  Token last;
};

void HearLineEvent(const Event& event, LineSeen* seen) {
  switch (event.kind) {
    case EventKind::kLockAcquired:
    case EventKind::kLeaderElected:
      EXPECT_GT(event.token, seen->last) << "tokens grow over the whole life of " << event.key;
      seen->holder = seen->last = event.token;
      return;
    case EventKind::kLockReleased:
    case EventKind::kLeaderGone:
      EXPECT_EQ(event.token, seen->holder) << "only what is held is given back";
      seen->holder = Token();
      return;
    default:
      EXPECT_EQ(event.token, seen->holder) << "only the leader proclaims";
  }
}

TEST_P(RandomTest, TheEventsLeadToTheState) {
  Random random(GetParam());
  TestMachine machine;
  machine.check_each = false;
  std::vector<Event> happened;
  RandomLog(&random, &machine, &happened);
  const StateMachine& state = machine.state();
  const auto events_of = [&](EventSpace space, Revision from = Revision(1)) {
    std::vector<Event> events;
    for (const Event& event : happened) {
      if (SpaceOf(event.kind) == space && event.revision >= from) events.push_back(event);
    }
    return events;
  };

  std::vector<KeyValue> keys = state.List("", "", kListItemsMax).items;
  for (KeyValue& key : keys) key.guard_lock.clear();  // not in events
  EXPECT_EQ(ReplayEvents(events_of(EventSpace::kKv)), keys);
  const Revision kept_from = state.compact_revision() + 1;
  for (const EventSpace space : {EventSpace::kKv, EventSpace::kLock, EventSpace::kElection}) {
    EXPECT_EQ(state.EventsSince({space, "", false}, kept_from, UINT64_MAX).value(),
              events_of(space, kept_from));
  }

  for (QueueKind kind : {QueueKind::kLock, QueueKind::kElection}) {
    const EventSpace space = kind == QueueKind::kLock ? EventSpace::kLock : EventSpace::kElection;
    std::map<std::string, LineSeen> seen;
    Revision last;
    for (const Event& event : events_of(space)) {
      EXPECT_GE(event.revision, last);
      last = event.revision;
      HearLineEvent(event, &seen[event.key]);
    }
    EXPECT_FALSE(seen.empty());
    for (const auto& [name, line] : seen) {
      const auto holder = state.Queue(kind, name).holder;
      EXPECT_EQ(line.holder, holder ? holder->token : Token()) << name;
    }
  }
}

TEST_P(RandomTest, MutatedEntriesNeverBreakIt) {
  Random random(GetParam());
  RandomClock clock;
  RandomClient client;
  TestMachine machine;
  machine.check_each = false;
  for (int step = 0; step < kSteps; ++step) {
    std::string entry = EncodeEntry(clock.NextStampMs(&random),
                                    EncodeCommand(client.Next(&random, machine.state())));
    for (uint64_t left = random.Below(3); left > 0; --left) {
      entry[random.Below(entry.size())] = static_cast<char>(random.NextU32());
    }
    machine.ApplyBytes(entry);
  }
  machine.check_each = true;
  machine.ApplyBytes("");
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTest, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace baton::coord
