// The short form of each program that prints figures: it ends well, and what it writes can be read.
// What the figures are is not asked here.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::bench {
namespace {

constexpr int64_t kTimeoutMs = 240'000;

class ProgramsTest : public testing::Test {
 protected:
  int Run(const std::string& program, const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {integration::ProgramPath("test/bench/" + program)};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return integration::Process::Start(command, printed_).Wait(kTimeoutMs).value_or(-1);
  }
  std::string Printed() const { return integration::ReadFile(printed_); }
  nlohmann::json Json() const { return nlohmann::json::parse(integration::ReadFile(json_)); }

  const integration::TemporaryDirectory directory_;
  const std::string printed_ = directory_.path() + "/printed";
  const std::string json_ = directory_.path() + "/list.json";
  const std::string picture_ = directory_.path() + "/picture.svg";
};

TEST_F(ProgramsTest, MemoryHasARowForEachThing) {
  ASSERT_EQ(Run("memory", {"--quick", "--output=" + json_}), 0) << Printed();
  const nlohmann::json rows = Json();
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_GT(rows[0]["resident_bytes"], rows[0]["own_bytes"]);
  EXPECT_GT(rows[0]["own_bytes"], 0);
  EXPECT_NE(Printed().find("| a watch, with its connection "), std::string::npos) << Printed();
}

TEST_F(ProgramsTest, GrowthMeasuresEachPoint) {
  ASSERT_EQ(Run("growth", {"--quick", "--output=" + json_, "--picture=" + picture_}), 0)
      << Printed();
  const nlohmann::json points = Json();
  ASSERT_EQ(points.size(), 10u);  // a put and a get of each
  for (const nlohmann::json& point : points) {
    EXPECT_GT(point["operations_per_s"], 0) << point.dump();
    EXPECT_GT(point["p99_us"], 0) << point.dump();
    EXPECT_EQ(point["errors"], 0) << point.dump();
  }
  EXPECT_TRUE(integration::ReadFile(picture_).starts_with("<svg"));
}

TEST_F(ProgramsTest, WaterfallAddsUpToThePut) {
  ASSERT_EQ(Run("waterfall", {"--quick", "--output=" + json_, "--picture=" + picture_}), 0)
      << Printed();
  EXPECT_GE(Json().size(), 6u);
  EXPECT_NE(Printed().find("| together "), std::string::npos) << Printed();
  EXPECT_TRUE(integration::ReadFile(picture_).starts_with("<svg"));
}

TEST_F(ProgramsTest, MachineHasItsLimits) {
  ASSERT_EQ(Run("machine", {"--quick", "--output=" + json_}), 0) << Printed();
  const nlohmann::json all = Json();
  ASSERT_EQ(all["limits"].size(), 3u);
  for (const nlohmann::json& limit : all["limits"]) EXPECT_GT(limit["per_s"], 0) << limit.dump();
  ASSERT_EQ(all["distances"].size(), 3u);
  for (const nlohmann::json& one : all["distances"]) {
    EXPECT_GT(one["puts_per_s"], 0) << one.dump();
    EXPECT_GT(one["echoes_per_s"], 0) << one.dump();
    EXPECT_GT(one["syncs_per_s"], 0) << one.dump();
  }
}

TEST_F(ProgramsTest, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(Run("memory", {"--only=speed"}), 2);
  EXPECT_EQ(Run("growth", {"--only=keys,speed"}), 2);
  EXPECT_EQ(Run("waterfall", {"--rounds=2"}), 2);
  EXPECT_EQ(Run("machine", {"--seconds=0"}), 2);
}

}  // namespace
}  // namespace baton::bench
