// The README and the pages of docs/ are executed: what they promise is what a reader gets.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <string>

#include "test/docs/console.h"
#include "test/integration/cluster.h"

namespace baton::docs {
namespace {

constexpr int64_t kLeaderTimeoutMs = 30'000;
constexpr uint16_t kFirstPort = 7400;  // the one that `make run` uses and the pages name

class PageTest : public testing::TestWithParam<std::string> {
 protected:
  // Pages call the programs by name.
  void SetUp() override {
    std::string path = std::getenv("PATH");
    for (const std::string program : {"cmd/batond/batond", "cmd/batonctl/batonctl"}) {
      const std::string file = integration::ProgramPath(program);
      path = file.substr(0, file.rfind('/')) + ":" + path;
    }
    ::setenv("PATH", path.c_str(), /*overwrite=*/1);
  }
};

TEST_P(PageTest, DoesWhatItSays) {
  integration::Cluster cluster({.first_port = kFirstPort, .extra_flags = {}});
  cluster.StartAll();
  ASSERT_GE(cluster.WaitForLeader(kLeaderTimeoutMs), 0) << cluster.Log(0);
  // Not before all members are there are the newest commands in force.
  for (int i = 0; i < cluster.size(); ++i) {
    ASSERT_TRUE(cluster.WaitUntilReady(i, kLeaderTimeoutMs)) << cluster.Log(i);
  }
  const auto steps = ParseConsole(integration::ReadFile(PagePath(GetParam())));
  ASSERT_FALSE(steps.empty()) << GetParam() << " has no console block";
  const integration::TemporaryDirectory directory;
  const auto outputs = RunConsole(steps, directory.path());
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_TRUE(OutputMatches(steps[i].expected, outputs[i]))
        << GetParam() << ":" << steps[i].line << ": $ " << steps[i].command << "\nprinted\n"
        << outputs[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, PageTest,
                         testing::Values("README.md", "docs/api.md", "docs/backup.md",
                                         "docs/bench.md", "docs/disk-full.md", "docs/history.md",
                                         "docs/members.md", "docs/repair.md"),
                         [](const auto& page) {
                           std::string name = page.param;
                           std::erase_if(name, [](char c) { return !std::isalnum(c); });
                           return name;
                         });

}  // namespace
}  // namespace baton::docs
