#include "test/history/linearizable.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "pkg/base/random.h"
#include "test/history/order_check.h"
#include "test/history/replay.h"
#include "test/history/testing/model_cluster.h"
#include "test/history/testing/naive_order.h"
#include "test/history/words.h"

namespace baton::history {
namespace {

uint64_t histories = 25'000;  // of each seed

// Up to seven operations of three clients on one key, as a correct service answers them.
class SmallHistory {
 public:
  explicit SmallHistory(Random* random) : random_(*random), cluster_(Bug::kNone, random) {
    Operation create;
    create.kind = Kind::kSessionCreate;
    create.session = 5;
    create.ttl_ms = 1'000'000;
    cluster_.Apply(&create, false, 0);
    said_revisions_ = random_.Chance(3, 4);
  }

  std::vector<Operation> Make() {
    const size_t count = random_.Between(3, 8);
    while (operations_.size() < count) Step();
    for (size_t client = 0; client < 3; ++client) {
      if (busy_[client]) Forget(client);
    }
    return operations_;
  }

 private:
  void Step() {
    ++now_us_;
    if (random_.Chance(1, 20) && cluster_.Lives(5)) {
      Operation destroy;
      destroy.kind = Kind::kSessionDestroy;
      destroy.session = 5;
      cluster_.Apply(&destroy, false, now_us_);
    }
    const size_t client = random_.Below(3);
    if (!busy_[client]) {
      busy_[client] = true;
      under_way_[client] = asked_[client] = Ask(client);
      applied_[client] = false;
      return;
    }
    Operation& operation = under_way_[client];
    if (!applied_[client]) {
      Decide(&operation);
      applied_[client] = true;
      if (random_.Chance(1, 8)) Forget(client);
      return;
    }
    operation.return_us = now_us_;
    if (operation.found && operation.kind != Kind::kDelete) seen_ = operation.found_mod_revision;
    if (!said_revisions_ && random_.Chance(1, 2)) operation.revision = 0;
    operations_.push_back(operation);
    busy_[client] = false;
  }

  Operation Ask(size_t client) {
    Operation operation;
    operation.client = client + 1;
    operation.node = 100 + operations_.size() * 3 + client;  // no two of one node
    operation.key = "k";
    operation.call_us = now_us_;
    const uint64_t roll = random_.Below(10);
    operation.kind = roll < 3   ? Kind::kGet
                     : roll < 4 ? Kind::kGetStale
                     : roll < 8 ? Kind::kPut
                                : Kind::kDelete;
    if (operation.kind == Kind::kPut || operation.kind == Kind::kDelete) {
      if (random_.Chance(1, 3)) operation.expected_revision = random_.Chance(1, 3) ? 0 : seen_;
    }
    if (operation.kind == Kind::kPut) {
      operation.value = random_.Chance(1, 5) ? "same" : std::to_string(++values_);
      if (random_.Chance(1, 4)) operation.session = 5;
    }
    return operation;
  }

  void Decide(Operation* operation) {
    if (operation->kind == Kind::kGetStale) {
      operation->outcome = Outcome::kOk;
      cluster_.ReadStale(operation, random_.Below(cluster_.revision() + 1));
    } else {
      cluster_.Apply(operation, false, now_us_);
    }
  }

  // Its answer is lost.
  void Forget(size_t client) {
    asked_[client].outcome = Outcome::kUnknown;
    operations_.push_back(asked_[client]);
    busy_[client] = false;
  }

  Random& random_;
  ModelCluster cluster_;
  int64_t now_us_ = 0;
  uint64_t values_ = 0;
  uint64_t seen_ = 2;
  bool said_revisions_ = true;
  bool busy_[3] = {};
  bool applied_[3] = {};
  Operation under_way_[3];
  Operation asked_[3];
  std::vector<Operation> operations_;
};

// Something is said that was not so.
void Corrupt(Random* random, std::vector<Operation>* operations) {
  Operation& one = (*operations)[random->Below(operations->size())];
  const bool answered = one.outcome == Outcome::kOk || one.outcome == Outcome::kRefused;
  switch (random->Below(8)) {
    case 0:
      one.found_value = std::to_string(random->Between(1, 5));
      break;
    case 1:
      one.found_mod_revision = random->Between(1, 8);
      break;
    case 2:
      if (answered && one.revision != 0) one.revision = random->Between(1, 8);
      break;
    case 3:
      if (one.kind != Kind::kPut) one.found = !one.found;
      break;
    case 4:
      if (one.kind == Kind::kPut) one.outcome = Outcome::kNotApplied;
      if (!one.return_us) one.return_us = one.call_us + 1;
      break;
    case 5:
      if (one.return_us && *one.return_us > one.call_us + 1) one.call_us = *one.return_us - 1;
      break;
    case 6:
      if (one.expected_revision) one.expected_revision = random->Between(0, 8);
      break;
    default:
      if (one.return_us) *one.return_us = one.call_us + 1;
      break;
  }
}

// A put's answer shows itself; the tests change what it shows only together.
void Tidy(std::vector<Operation>* operations) {
  for (Operation& one : *operations) {
    if (one.kind != Kind::kPut || one.outcome != Outcome::kOk) continue;
    one.found_value = one.value;
    one.found_mod_revision = one.revision;
  }
}

std::string Text(const std::vector<Operation>& operations) {
  std::string text;
  for (const Operation& operation : operations) text += Describe(operation) + "\n";
  return text;
}

// The naive one does not know that a session has ended when nothing of it goes.
bool KnowsTheEnd(const std::vector<Operation>& operations) {
  return std::any_of(operations.begin(), operations.end(), [](const Operation& operation) {
    return operation.error == "session_not_found";
  });
}

class Judges {
 public:
  explicit Judges(std::vector<Operation> operations) {
    history_.operations = std::move(operations);
    seen_ = CollectEvents(history_);
    keys_ = GroupByKey(history_, seen_);
  }

  bool Naive(bool ends_once) const { return NaiveOrder(history_.operations, ends_once).Exists(); }
  Order Search() const { return FindOrder(keys_.at(0), nullptr, 1'000'000).order; }
  // Replay, real-time order and the end of the session; kOpen: they leave it to the search.
  Replay Fast() const {
    const Reached reached(history_);
    SessionLives lives(history_, Options());
    Findings findings(1);
    const ReplayParts parts{&reached, &lives, &findings, nullptr};
    const Replay replay = ReplayKey(keys_.at(0), parts);
    CheckOrder(history_, reached, &findings);
    lives.Check(&findings);
    return findings.total() > 0 ? Replay::kWrong : replay;
  }

 private:
  History history_;
  SeenEvents seen_;
  std::vector<KeyHistory> keys_;
};

class LinearizableTest : public ::testing::TestWithParam<int> {};

TEST_P(LinearizableTest, AgreesWithAllOrdersThereAre) {
  Random random(GetParam());
  uint64_t right = 0;
  uint64_t wrong = 0;
  uint64_t open = 0;
  for (uint64_t i = 0; i < histories; ++i) {
    std::vector<Operation> operations = SmallHistory(&random).Make();
    const bool corrupted = random.Chance(1, 2);
    if (corrupted) Corrupt(&random, &operations);
    Tidy(&operations);
    const Judges judges(operations);
    const bool expected = judges.Naive(/*ends_once=*/false);
    ASSERT_TRUE(expected || corrupted) << i << "\n" << Text(operations);
    ASSERT_EQ(judges.Search(), expected ? Order::kFound : Order::kNone) << i << "\n"
                                                                        << Text(operations);
    const Replay fast = judges.Fast();
    if (fast != Replay::kOpen && !KnowsTheEnd(operations)) {
      ASSERT_EQ(fast == Replay::kRight, judges.Naive(/*ends_once=*/true)) << i << "\n"
                                                                          << Text(operations);
    }
    (expected ? right : wrong) += 1;
    open += fast == Replay::kOpen ? 1 : 0;
  }
  std::printf("%llu right, %llu wrong, %llu of them open to the fast one\n",
              static_cast<unsigned long long>(right), static_cast<unsigned long long>(wrong),
              static_cast<unsigned long long>(open));
  EXPECT_GT(right, histories / 4);
  EXPECT_GT(wrong, histories / 20);
  EXPECT_LT(open, histories / 2);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LinearizableTest, ::testing::Range(1, 5));

}  // namespace
}  // namespace baton::history

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view kHistories = "--histories=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kHistories)) {
      baton::history::histories = std::strtoull(argv[i] + kHistories.size(), nullptr, 10);
    }
  }
  return RUN_ALL_TESTS();
}
