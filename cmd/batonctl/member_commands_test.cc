// batonctl member ... against a node that the test plays.

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/fake_api.h"
#include "cmd/batonctl/test_run.h"

namespace baton::batonctl {
namespace {

using nlohmann::json;

constexpr char kMembers[] = "/v1/cluster/members";
constexpr char kPromote[] = "/v1/cluster/members/{member}/promote";
constexpr char kMember[] = "/v1/cluster/members/{member}";
constexpr char kTransfer[] = "/v1/cluster/leader/transfer";

class MemberCommandsTest : public ::testing::Test {
 protected:
  MemberCommandsTest() {
    run_.environment["BATON_ENDPOINTS"] = api_.url();
    api_.Always("GET", kMembers, 200,
                R"({"members":[{"id":1,"name":"baton-0","voter":true,"leader":true,)"
                R"("peer_address":"baton-0:7401","client_url":")" +
                    api_.url() +
                    R"("},{"id":2,"name":"baton-1","voter":false,"leader":false}],)"
                    R"("waiting":[{"id":3,"name":"baton-2","standing":"identity_lost"}]})");
    api_.Always("POST", kMembers, 201, R"({"id":3,"name":"baton-2"})");
    api_.Always("POST", kPromote, 200, R"({"id":3,"voter":true})");
    api_.Always("POST", kTransfer, 200, R"({"leader_id":2,"leader_name":"baton-1"})");
    api_.On("DELETE", kMember, [](const http::Request&) {
      http::Response response;
      response.status = 204;
      return response;
    });
  }

  FakeApi api_;
  TestRun run_;
};

TEST_F(MemberCommandsTest, ListShowsWhoTakesPartAndWhoWaits) {
  const RunResult result = run_.Run({"member", "list"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_NE(result.out.find("baton-0  leader         baton-0:7401"), std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("baton-1  learner"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("baton-2  identity_lost"), std::string::npos) << result.out;
}

TEST_F(MemberCommandsTest, AddSaysWhatItWasTold) {
  const RunResult result =
      run_.Run({"member", "add", "baton-2", "--id", "3", "--address", "baton-2:7401"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "baton-2 is a learner, member 3\n");
  EXPECT_EQ(json::parse(api_.requests("POST", kMembers).at(0).body),
            (json{{"name", "baton-2"}, {"id", 3}, {"peer_address", "baton-2:7401"}}));
}

TEST_F(MemberCommandsTest, PromoteWaitsForWhoLags) {
  std::atomic<int> asked{0};
  api_.On("POST", kPromote, [&](const http::Request&) {
    if (++asked == 1) {
      return http::Response::Json(412, ProblemBody("learner_behind", "It is 5000 entries behind"));
    }
    return http::Response::Json(200, R"({"id":3,"voter":true})");
  });
  const RunResult result = run_.Run({"member", "add", "baton-2", "--promote"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "baton-2 is a learner, member 3\nbaton-2 is a voter\n");
  EXPECT_EQ(asked, 2);
  asked = 0;
  EXPECT_EQ(run_.Run({"member", "promote", "baton-2"}).exit_code, kExitRefused)
      << "without --wait it is not asked again";
}

TEST_F(MemberCommandsTest, RemoveHasTheLeaderHandOverFirst) {
  std::atomic<int> asked{0};
  api_.On("DELETE", kMember, [&](const http::Request&) {
    http::Response response;
    response.status = 204;
    if (++asked == 1) {
      response = http::Response::Json(409, ProblemBody("member_leads", "baton-0 leads"));
    }
    return response;
  });
  const RunResult result = run_.Run({"member", "remove", "baton-0"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(api_.requests("POST", kTransfer).size(), 1u);
  EXPECT_EQ(asked, 2);
}

TEST_F(MemberCommandsTest, RefusalsAreSaid) {
  api_.Always("DELETE", kMember, 409,
              ProblemBody("quorum_would_be_lost", "Without baton-1 nothing goes"));
  const RunResult result = run_.Run({"member", "remove", "baton-1"});
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_EQ(result.err, "batonctl: quorum_would_be_lost: Without baton-1 nothing goes\n");
}

TEST_F(MemberCommandsTest, TransferAsksTheLeader) {
  RunResult result = run_.Run({"member", "transfer", "baton-1"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "baton-1 leads\n");
  EXPECT_EQ(json::parse(api_.requests("POST", kTransfer).at(0).body),
            (json{{"target", "baton-1"}}));
  EXPECT_EQ(run_.Run({"member", "transfer", "2"}).exit_code, kExitOk);
  EXPECT_EQ(json::parse(api_.requests("POST", kTransfer).at(1).body), (json{{"target", 2}}));
}

TEST_F(MemberCommandsTest, ADrainingNodeIsAskedItself) {
  EXPECT_EQ(run_.Run({"member", "transfer", "--drain"}).exit_code, kExitOk);
  EXPECT_TRUE(api_.requests("GET", kMembers).empty());
  EXPECT_EQ(*api_.requests("POST", kTransfer).at(0).Query("drain"), "1");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run_.Run({"member", "transfer", "--drain", "--pause", "50ms"}).exit_code, kExitOk);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(50));
  EXPECT_EQ(run_.Run({"member", "transfer", "--pause", "1s"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace baton::batonctl
