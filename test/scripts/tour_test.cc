// The story that `make tour` tells holds, told with the real program.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "test/integration/cluster.h"
#include "test/integration/process.h"
#include "test/scripts/script.h"

namespace baton::scripts {
namespace {

TEST(TourTest, EveryClaimHolds) {
  const integration::TemporaryDirectory directory;
  // BATON_DATA is for `run`; somebody may have exported it.
  const Outcome outcome = RunScript(
      "tour", {}, directory.path(),
      {"BATON_BATOND=" + integration::BatondPath(), "BATON_DATA=" + directory.path() + "/other"});
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/other"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(LastLine(outcome.output), "All of it held.") << outcome.output;
}

TEST(TourTest, AProgramThatDoesNotServeIsSaidSo) {
  const integration::TemporaryDirectory directory;
  WriteProgram(directory.path() + "/broken", "echo 'this is why' >&2; exit 2\n");
  const Outcome outcome =
      RunScript("tour", {}, directory.path(), {"BATON_BATOND=" + directory.path() + "/broken"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.output.find("did not start"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("this is why"), std::string::npos) << outcome.output;
}

}  // namespace
}  // namespace baton::scripts
