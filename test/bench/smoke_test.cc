// Every batonctl bench against three real nodes, about a second each: it gives an answer, without
// errors, and leaves nothing behind. How fast it was is not asked here.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/integration/cluster.h"

namespace baton::bench {
namespace {

constexpr int64_t kTimeoutMs = 60'000;

using Words = std::vector<std::string>;

class SmokeTest : public testing::TestWithParam<Words> {
 protected:
  static void SetUpTestSuite() {
    cluster_ = std::make_unique<integration::Cluster>();
    cluster_->StartAll();
    ASSERT_GE(cluster_->WaitForLeader(kTimeoutMs), 0) << cluster_->Log(0);
    for (int i = 0; i < cluster_->size(); ++i) {
      ASSERT_TRUE(cluster_->WaitUntilReady(i, kTimeoutMs)) << cluster_->Log(i);
    }
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  static std::string Endpoints() {
    std::string endpoints;
    for (int i = 0; i < cluster_->size(); ++i) {
      endpoints += (i == 0 ? "" : ",") + cluster_->client_url(i);
    }
    return endpoints;
  }

  // What the cluster has of keys, sessions and locks.
  static nlohmann::json Counts() {
    const auto answer = integration::Request(cluster_->client_url(0), "GET", "/v1/cluster");
    if (!answer.ok()) return nullptr;
    return nlohmann::json::parse(answer->body)["counts"];
  }

  static inline std::unique_ptr<integration::Cluster> cluster_;
};

TEST_P(SmokeTest, GivesAnAnswerWithoutErrors) {
  const nlohmann::json before = Counts();
  Words words = {integration::ProgramPath("cmd/batonctl/batonctl"), "bench"};
  words.insert(words.end(), GetParam().begin(), GetParam().end());
  words.insert(words.end(), {"--duration", "1s", "--endpoints", Endpoints(), "--output", "json"});
  const integration::TemporaryDirectory directory;
  const std::string output_path = directory.path() + "/output";
  integration::Process process = integration::Process::Start(words, output_path);
  const std::optional<int> exit_code = process.Wait(kTimeoutMs);
  const std::string output = integration::ReadFile(output_path);
  ASSERT_EQ(exit_code, 0) << output;
  const nlohmann::json report = nlohmann::json::parse(output, nullptr, false);
  ASSERT_TRUE(report.is_object()) << output;
  EXPECT_GT(report["operations"], 0) << output;
  EXPECT_EQ(report["errors_total"], 0) << output;
  EXPECT_EQ(report["left_behind"], 0) << output;
  EXPECT_FALSE(report["latency"].empty()) << output;
  // Node 0 may be a step behind the one that answered.
  EXPECT_TRUE(integration::WaitUntil(kTimeoutMs, [&] { return Counts() == before; }))
      << "before: " << before << "\nafter: " << Counts();
}

INSTANTIATE_TEST_SUITE_P(
    Benches, SmokeTest,
    testing::Values(Words{"put"}, Words{"put", "--clients=1"}, Words{"put", "--rate=200"},
                    Words{"get"}, Words{"get", "--consistency=stale"}, Words{"lock"},
                    Words{"lock", "--clients=16", "--locks=1"}, Words{"watch", "--watchers=50"},
                    Words{"watch", "--rate=20"}, Words{"session"},
                    Words{"session", "--clients=4", "--idle=200", "--ttl=30s"}, Words{"mixed"},
                    Words{"mixed", "--rate=200", "--threads=2"}),
    [](const auto& words) {
      std::string name;
      for (const std::string& word : words.param) name += word;
      std::erase_if(name, [](char c) { return !std::isalnum(c); });
      return name;
    });

}  // namespace
}  // namespace baton::bench
