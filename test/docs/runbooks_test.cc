// What a runbook, or the page about monitoring, tells people to type in a bad night was typed
// before, at a cluster that is well.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "test/docs/console.h"
#include "test/integration/cluster.h"

namespace baton::docs {
namespace {

constexpr int64_t kReadyTimeoutMs = 30'000;

std::vector<std::string> Pages() {
  std::vector<std::string> pages = {"docs/monitoring.md"};
  for (const auto& file : std::filesystem::directory_iterator(PagePath("docs/runbooks"))) {
    const std::string name = file.path().stem();
    if (file.path().extension() == ".md" && name != "README") {
      pages.push_back("docs/runbooks/" + name + ".md");
    }
  }
  std::sort(pages.begin(), pages.end());
  return pages;
}

void Replace(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text->find(from, at)) != std::string::npos; at += to.size()) {
    text->replace(at, from.size(), to);
  }
}

std::string PortOf(const std::string& url) { return url.substr(url.rfind(':') + 1); }

class RunbookTest : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    cluster_ = std::make_unique<integration::Cluster>();
    cluster_->StartAll();
    for (int node = 0; node < cluster_->size(); ++node) {
      ASSERT_TRUE(cluster_->WaitUntilReady(node, kReadyTimeoutMs)) << cluster_->Log(node);
    }
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  // The pages name the ports of `make run`; this cluster has others.
  static std::string AtThisCluster(std::string command) {
    for (int node = 0; node < cluster_->size(); ++node) {
      const std::string ten = "74" + std::to_string(node);
      Replace(&command, ten + "0", PortOf(cluster_->client_url(node)));
      Replace(&command, ten + "2", PortOf(cluster_->ops_url(node)));
    }
    return command;
  }

  static inline std::unique_ptr<integration::Cluster> cluster_;
};

TEST_P(RunbookTest, DoesWhatItSays) {
  const std::string& page = GetParam();
  std::vector<ConsoleStep> steps = ParseConsole(integration::ReadFile(PagePath(page)));
  ASSERT_FALSE(steps.empty()) << page << " says nothing to type";
  for (ConsoleStep& step : steps) step.command = AtThisCluster(step.command);
  const integration::TemporaryDirectory directory;
  const auto outputs = RunConsole(steps, directory.path());
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_TRUE(OutputMatches(steps[i].expected, outputs[i]))
        << page << ":" << steps[i].line << ": $ " << steps[i].command << "\nprinted\n"
        << outputs[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Runbooks, RunbookTest, testing::ValuesIn(Pages()), [](const auto& page) {
  std::string name = page.param.substr(page.param.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
});

}  // namespace
}  // namespace baton::docs
