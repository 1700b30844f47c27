// POST /v1/admin/compact over a real listener.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pkg/http/testing/api_server.h"

namespace baton::http {
namespace {

using nlohmann::json;

constexpr char kTarget[] = "/v1/admin/compact";

class HistoryHandlersTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 10; ++i) ASSERT_EQ(api_.Send("PUT", "/v1/kv/k", "v").status, 200);
  }
  // Where a watch from that revision gets.
  int WatchStatus(const std::string& from) {
    return api_.Send("GET", "/v1/watch?wait=1ms&index=" + from).status;
  }

  ApiServer api_;
};

TEST_F(HistoryHandlersTest, SaysUpToWhereEventsAreGone) {
  EXPECT_EQ(api_.SendJson(200, "POST", kTarget, R"({"revision":4})"),
            (json{{"compact_revision", 4}, {"revision", 10}}));
  EXPECT_EQ(api_.SendJson(200, "POST", kTarget, R"({"revision":1})"),
            (json{{"compact_revision", 4}, {"revision", 10}}))
      << "it never goes back";
  EXPECT_EQ(api_.SendJson(200, "POST", kTarget, R"({"revision":10})")["compact_revision"], 10);
}

TEST_F(HistoryHandlersTest, WatchesFromACompactedRevisionAreGone) {
  api_.SendJson(200, "POST", kTarget, R"({"revision":4})");
  api_.ExpectProblem(410, "compacted", "GET", "/v1/watch?from=4");
  EXPECT_EQ(WatchStatus("4"), 200) << "what comes after 4";
}

TEST_F(HistoryHandlersTest, RefusesWhatIsYetToComeAndWhatIsNoRevision) {
  api_.ExpectProblem(422, "future_revision", "POST", kTarget, R"({"revision":11})");
  api_.ExpectProblem(422, "future_revision", "POST", kTarget,
                     R"({"revision":9223372036854775807})");
  api_.ExpectProblem(422, "out_of_range", "POST", kTarget, R"({"revision":0})");
  api_.ExpectProblem(422, "out_of_range", "POST", kTarget, R"({"revision":-1})");
  api_.ExpectProblem(422, "wrong_type", "POST", kTarget, R"({"revision":"4"})");
  api_.ExpectProblem(422, "missing_field", "POST", kTarget, "{}");
  api_.ExpectProblem(422, "unknown_field", "POST", kTarget, R"({"revision":4,"to":5})");
  api_.ExpectProblem(400, "malformed_json", "POST", kTarget, "4 and more");
  EXPECT_EQ(api_.SendJson(200, "POST", kTarget, R"({"revision":1})")["compact_revision"], 1);
}

}  // namespace
}  // namespace baton::http
