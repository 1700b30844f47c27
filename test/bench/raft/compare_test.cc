// That every line of the table gives an answer; not how fast.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::bench {
namespace {

using integration::Process;

class CompareTest : public ::testing::Test {
 protected:
  int Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {integration::ProgramPath("test/bench/raft/compare")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Process::Start(command, output_).Wait(240'000).value_or(-1);
  }
  std::string Output() const { return integration::ReadFile(output_); }

  integration::TemporaryDirectory directory_;
  const std::string output_ = directory_.path() + "/output";
};

TEST_F(CompareTest, MeasuresEveryLineAlone) {
  const std::string file = directory_.path() + "/bench-raft.json";
  ASSERT_EQ(Run({"--rounds=1", "--seconds=0.01", "--output=" + file}), 0) << Output();
  const nlohmann::json rows = nlohmann::json::parse(integration::ReadFile(file));
  std::set<std::string> measures;
  for (const nlohmann::json& row : rows) {
    measures.insert(row.at("measure"));
    EXPECT_TRUE(row.at("ours").is_number()) << row.dump();
    EXPECT_TRUE(row.at("peer").is_null()) << row.dump();
  }
  EXPECT_EQ(measures, (std::set<std::string>{"propose_to_applied", "propose_to_applied allocations",
                                             "Raft::new", "Raft::campaign",
                                             "RawNode::leader_propose", "RawNode::ready"}));
}

TEST_F(CompareTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Run({"--rounds=0"}), 2);
  EXPECT_EQ(Run({"--rounds=101"}), 2);
  EXPECT_EQ(Run({"--seconds=fast"}), 2);
  EXPECT_EQ(Run({"--peer"}), 2);
  EXPECT_NE(Output().find("usage: compare"), std::string::npos);
  EXPECT_EQ(Run({"--lines=no such line"}), 1);
}

}  // namespace
}  // namespace baton::bench
