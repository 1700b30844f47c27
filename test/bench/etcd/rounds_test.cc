#include "test/bench/etcd/rounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "test/bench/etcd/commands.h"

namespace baton::bench {
namespace {

std::vector<std::string> NamesOf(const std::vector<std::string>& chosen) {
  const auto measures = ChooseMeasures(chosen);
  std::vector<std::string> names;
  if (!measures.ok()) return names;
  for (const Measure& measure : *measures) names.push_back(measure.name);
  return names;
}

bool Has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

TEST(MeasuresTest, HaveNamesOfTheirOwn) {
  const std::vector<std::string> all = NamesOf({});
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  for (const Measure& measure : AllMeasures()) EXPECT_FALSE(measure.values.empty());
}

TEST(MeasuresTest, AreChosenByNameOrBeginning) {
  EXPECT_EQ(NamesOf({"put-64"}), std::vector<std::string>{"put-64"});
  EXPECT_EQ(NamesOf({"put"}),
            (std::vector<std::string>{"put-1", "put-1-follower", "put-64", "put-256"}));
  EXPECT_EQ(NamesOf({"stop", "kill"}), (std::vector<std::string>{"kill", "stop"}));
}

TEST(MeasuresTest, UnknownNamesAreRefused) {
  for (const char* name : {"pu", "put-", "put-640", ""}) {
    const auto measures = ChooseMeasures({"get", name});
    ASSERT_FALSE(measures.ok()) << name;
    EXPECT_NE(measures.status().message().find("put-64"), std::string::npos);
  }
}

TEST(CommandsTest, BothSidesDoTheSame) {
  Load load = {.operation = "get", .latency = "get", .clients = 64, .connections = 8};
  load.stale = true;
  load.seconds = 1.5;
  const auto ours = BatonctlCommand("batonctl", "baton", {"http://a", "http://b"}, load);
  const auto etcd = DriverCommand("driver", {"http://a", "http://b"}, load);
  for (const auto* command : {&ours, &etcd}) {
    EXPECT_TRUE(Has(*command, "get"));
    EXPECT_TRUE(Has(*command, "--endpoints=http://a,http://b"));
    EXPECT_TRUE(Has(*command, "--clients=64"));
    EXPECT_TRUE(Has(*command, "--duration=1500ms"));
    EXPECT_TRUE(Has(*command, "--keys=1000"));
    EXPECT_TRUE(Has(*command, "--consistency=stale"));
  }
  EXPECT_TRUE(Has(ours, "--api=baton"));
  EXPECT_TRUE(Has(etcd, "--connections=8"));
}

// Three members, of whom the last leads.
class FakeSide final : public Side {
 public:
  Result<LoadReport> Run(const Load&) override { return LoadReport(); }
  Result<std::unique_ptr<Writers>> StartWriters(int, double) override {
    return Status(Code::kUnimplemented, "nobody writes");
  }
  int size() const override { return 3; }
  std::string url(int member) const override { return "http://" + std::to_string(member); }
  integration::Process& process(int) override { std::abort(); }
  void Start(int) override {}
  bool WaitUntilReady(int64_t) override { return true; }
  int WaitForLeader(int64_t) override { return leader; }

  int leader = 2;
};

TEST(SideTest, ALoadGoesToAllOrToOneOfARole) {
  FakeSide side;
  const auto urls = [&](At at) {
    Load load;
    load.at = at;
    return UrlsFor(load, &side);
  };
  EXPECT_EQ(*urls(At::kAll), (std::vector<std::string>{"http://0", "http://1", "http://2"}));
  EXPECT_EQ(*urls(At::kLeader), std::vector<std::string>{"http://2"});
  EXPECT_EQ(*urls(At::kFollower), std::vector<std::string>{"http://0"});
  EXPECT_EQ(UrlsWithout(1, side), (std::vector<std::string>{"http://0", "http://2"}));
  side.leader = -1;
  EXPECT_TRUE(urls(At::kAll).ok());
  EXPECT_EQ(urls(At::kLeader).status().code(), Code::kDeadlineExceeded);
}

TEST(MeasuresTest, WatchersHaveAConnectionEachOrShareThem) {
  const auto chosen = ChooseMeasures({"watch"});
  ASSERT_TRUE(chosen.ok());
  ASSERT_EQ(chosen->size(), 2u);
  EXPECT_EQ(chosen->at(0).load.connections, chosen->at(0).load.clients);
  EXPECT_LT(chosen->at(1).load.connections, chosen->at(1).load.clients);
}

// `batonctl bench lock` has no keys, and refuses what it does not know.
TEST(CommandsTest, EachOperationHasItsOptionsOnly) {
  const auto command = [](const Load& load) {
    return BatonctlCommand("batonctl", "baton", {"http://a"}, load);
  };
  const auto line =
      command({.operation = "lock", .latency = "hand_over", .clients = 101, .locks = 1});
  EXPECT_TRUE(Has(line, "--clients=101") && Has(line, "--locks=1"));
  EXPECT_FALSE(Has(line, "--keys=1000"));
  const auto watch = command({.operation = "watch", .latency = "delivery", .clients = 200});
  EXPECT_TRUE(Has(watch, "--watchers=200"));
  EXPECT_FALSE(Has(watch, "--clients=200"));
  Load total = {.operation = "put", .latency = "put"};
  total.total = 5;
  EXPECT_TRUE(Has(command(total), "--total=5") && Has(command(total), "--keep"));
}

}  // namespace
}  // namespace baton::bench
