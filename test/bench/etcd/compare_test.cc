// That every measure gives an answer without errors, of ours alone; not how fast.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::bench {
namespace {

using integration::Process;

class CompareTest : public ::testing::Test {
 protected:
  int Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {integration::ProgramPath("test/bench/etcd/compare")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Process::Start(command, output_).Wait(240'000).value_or(-1);
  }
  std::string Output() const { return integration::ReadFile(output_); }

  integration::TemporaryDirectory directory_;
  const std::string output_ = directory_.path() + "/output";
};

TEST_F(CompareTest, MeasuresEverythingAlone) {
  const std::string file = directory_.path() + "/bench.json";
  const std::string picture = directory_.path() + "/bench.svg";
  ASSERT_EQ(Run({"--quick", "--output=" + file, "--picture=" + picture}), 0) << Output();
  const nlohmann::json rows = nlohmann::json::parse(integration::ReadFile(file));
  EXPECT_GT(rows.size(), 20u);
  for (const nlohmann::json& row : rows) {
    EXPECT_TRUE(row.at("ours").is_number()) << row.dump();
    EXPECT_TRUE(row.at("peer").is_null()) << row.dump();
  }
  EXPECT_TRUE(integration::ReadFile(picture).starts_with("<svg"));
}

TEST_F(CompareTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Run({"--rounds=0"}), 2);
  EXPECT_EQ(Run({"--seconds=601"}), 2);
  EXPECT_EQ(Run({"--fast"}), 2);
  EXPECT_EQ(Run({"--measures=speed"}), 2);
  EXPECT_NE(Output().find("no measure speed; there are: memory put-1"), std::string::npos);
}

}  // namespace
}  // namespace baton::bench
