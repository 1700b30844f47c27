// Show: the members as the API lists and changes them, and who waits to be one.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "pkg/http/api.h"
#include "pkg/http/hello.h"
#include "pkg/http/testing/api_server.h"

namespace baton::http {
namespace {

using nlohmann::json;
using Kind = node::MembershipRequest::Kind;

constexpr char kMembers[] = "/v1/cluster/members";

node::Hello Waiting(uint64_t id, const std::string& name) {
  node::Hello hello;
  hello.id = NodeId(id);
  hello.info = {name, name + ":7401", "http://" + name + ":7400"};
  hello.cluster_name = "baton";
  hello.cluster_id = FakeService::kClusterId;
  hello.phase = node::Phase::kWaiting;
  return hello;
}

class MemberHandlersTest : public ::testing::Test {
 protected:
  void Note(const node::Hello& hello) {
    api.context().candidates->Note(hello, api.context().clock->MonotonicMs());
  }
  node::MembershipRequest Asked() {
    const auto requests = api.service().TakeMembershipRequests();
    EXPECT_EQ(requests.size(), 1u);
    return requests.empty() ? node::MembershipRequest() : requests[0];
  }
  ApiServer api;
};

TEST_F(MemberHandlersTest, ListsMembersAndWhoWaits) {
  api.service().ChangeStatus([](node::StatusView* view) {
    auto members = std::make_shared<node::Members>();
    members->known[NodeId(3)] = {"pod-3", "pod-3:7401", "http://pod-3:7400"};
    view->members = members;
    view->raft.config.learners = {NodeId(8)};
    view->raft.leader = NodeId(2);
  });
  Note(Waiting(9, "pod-9"));
  const json body = api.SendJson(200, "GET", kMembers);
  ASSERT_EQ(body["members"].size(), 4u);
  EXPECT_EQ(body["members"][1]["name"], "pod-2");
  EXPECT_EQ(body["members"][1]["leader"], true);
  EXPECT_EQ(body["members"][2]["peer_address"], "pod-3:7401");
  EXPECT_EQ(body["members"][2]["client_url"], "http://pod-3:7400");
  EXPECT_EQ(body["members"][3]["voter"], false);
  ASSERT_EQ(body["waiting"].size(), 1u);
  EXPECT_EQ(body["waiting"][0]["name"], "pod-9");
  EXPECT_EQ(body["waiting"][0]["standing"], "waiting");
  EXPECT_EQ(api.SendJson(200, "GET", std::string(kMembers) + "/pod-3")["id"], 3);
  EXPECT_EQ(api.SendJson(200, "GET", std::string(kMembers) + "/8")["id"], 8);
  api.ExpectProblem(404, "unknown_member", "GET", std::string(kMembers) + "/pod-8");
}

TEST_F(MemberHandlersTest, ANameIsEnoughForWhoHasSaidHello) {
  api.ExpectProblem(404, "unknown_member", "POST", kMembers, R"({"name":"pod-9"})");
  Note(Waiting(9, "pod-9"));
  const json added = api.SendJson(201, "POST", kMembers, R"({"name":"pod-9"})");
  EXPECT_EQ(added["id"], 9);
  EXPECT_EQ(added["voter"], false);
  const node::MembershipRequest asked = Asked();
  EXPECT_EQ(asked.kind, Kind::kAdd);
  EXPECT_EQ(asked.id, NodeId(9));
  EXPECT_EQ(asked.info, Waiting(9, "pod-9").info);
}

TEST_F(MemberHandlersTest, WhatIsSaidGoesBeforeWhatWasHeard) {
  Note(Waiting(9, "pod-9"));
  api.SendJson(201, "POST", kMembers, R"({"name":"pod-9","peer_address":"elsewhere:1"})");
  EXPECT_EQ(Asked().info.peer_address, "elsewhere:1");
  api.SendJson(201, "POST", kMembers, R"({"id":12,"name":"x","peer_address":"x:1"})");
  EXPECT_EQ(Asked().id, NodeId(12));
}

TEST_F(MemberHandlersTest, RefusesWhatCannotBe) {
  api.ExpectProblem(422, "missing_field", "POST", kMembers, "{}");
  api.ExpectProblem(422, "missing_field", "POST", kMembers, R"({"id":12})");
  api.ExpectProblem(422, "malformed_member", "POST", kMembers,
                    R"({"id":12,"name":"a b","peer_address":"x:1"})");
  api.ExpectProblem(422, "malformed_member", "POST", kMembers,
                    R"({"id":12,"name":"a","peer_address":"http://x:1"})");
  api.ExpectProblem(422, "unknown_field", "POST", kMembers, R"({"nam":"a"})");
  api.ExpectProblem(404, "unknown_member", "DELETE", std::string(kMembers) + "/pod-7");
  api.ExpectProblem(404, "unknown_member", "POST", std::string(kMembers) + "/77/promote");
  EXPECT_TRUE(api.service().TakeMembershipRequests().empty());
}

TEST_F(MemberHandlersTest, PromotesAndRemovesByNameOrNumber) {
  EXPECT_EQ(api.SendJson(200, "POST", std::string(kMembers) + "/pod-2/promote")["id"], 2);
  EXPECT_EQ(Asked().kind, Kind::kPromote);
  EXPECT_EQ(api.Send("DELETE", std::string(kMembers) + "/3").status, 204);
  const node::MembershipRequest asked = Asked();
  EXPECT_EQ(asked.kind, Kind::kRemove);
  EXPECT_EQ(asked.id, NodeId(3));
}

TEST_F(MemberHandlersTest, RefusalsOfTheLeaderArriveWithTheirSentence) {
  api.service().FailNext(Status(Code::kConflict, "quorum_would_be_lost", "Only 1 answers"));
  const json problem =
      api.ExpectProblem(409, "quorum_would_be_lost", "DELETE", std::string(kMembers) + "/pod-2");
  EXPECT_EQ(problem["detail"], "Only 1 answers");
  api.service().FailNext(Status(Code::kPreconditionFailed, "learner_behind", "It lags"));
  api.ExpectProblem(412, "learner_behind", "POST", std::string(kMembers) + "/pod-2/promote");
}

TEST_F(MemberHandlersTest, WhoDrainsNeedNotLead) {
  const std::string target = "/v1/cluster/leader/transfer";
  api.service().FailNext(Status(Code::kUnavailable, "not_leader", "It does not lead"));
  api.ExpectProblem(503, "not_leader", "POST", target);
  api.service().FailNext(Status(Code::kUnavailable, "not_leader", "It does not lead"));
  EXPECT_EQ(api.Send("GET", "/readyz").status, 200);
  api.SendJson(200, "POST", target + "?drain=1");
  EXPECT_EQ(api.Send("GET", "/readyz").status, 503) << "no new client is sent to it";
  api.service().FailNext(Status(Code::kUnavailable, "no_successor", "Nobody"));
  api.ExpectProblem(503, "no_successor", "POST", target + "?drain=1");
}

TEST(HelloHandlerTest, HelloIsAnsweredByHelloAndWhoWaitsIsRemembered) {
  ApiServer api(ApiServer::Kind::kPeer);
  api.context().cluster_name = "baton";
  node::Hello answer = Waiting(1, "pod-1");
  answer.phase = node::Phase::kMember;
  answer.members = {{.id = NodeId(1), .info = answer.info, .reached = true}};
  answer.removed = {NodeId(5)};
  api.context().hello = [&](const node::Hello&) { return answer; };
  const ClientResponse response = api.Send("POST", kHelloTarget, EncodeHello(Waiting(9, "pod-9")));
  ASSERT_EQ(response.status, 200) << response.body;
  const auto heard = DecodeHello(response.body);
  ASSERT_TRUE(heard.ok()) << heard.status().ToString();
  EXPECT_EQ(*heard, answer);
  const auto waiting = [&] {
    return api.context().candidates->List(api.context().clock->MonotonicMs()).size();
  };
  EXPECT_EQ(waiting(), 1u);

  node::Hello other = Waiting(10, "pod-10");
  other.cluster_id = "another";
  EXPECT_EQ(api.Send("POST", kHelloTarget, EncodeHello(other)).status, 200);
  EXPECT_EQ(waiting(), 1u) << "it waits for another cluster";
  other.cluster_name = "other";
  EXPECT_EQ(api.Send("POST", kHelloTarget, EncodeHello(other)).status, 403);
  node::Hello member = Waiting(9, "pod-9");
  member.phase = node::Phase::kMember;
  EXPECT_EQ(api.Send("POST", kHelloTarget, EncodeHello(member)).status, 200);
  EXPECT_EQ(waiting(), 0u) << "it waits no more";
}

TEST(HelloHandlerTest, MalformedHellosAreRefused) {
  const std::string good = EncodeHello(Waiting(9, "pod-9"));
  ASSERT_TRUE(DecodeHello(good).ok());
  const json object = json::parse(good);
  for (const auto& [name, value] : object.items()) {
    json without = object;
    without.erase(name);
    EXPECT_FALSE(DecodeHello(without.dump()).ok()) << name;
    json wrong = object;
    wrong[name] = value.is_string() ? json(1) : json("a");
    EXPECT_FALSE(DecodeHello(wrong.dump()).ok()) << name;
  }
  json many = object;
  for (int i = 0; i < 65; ++i) many["removed"].push_back(i);
  EXPECT_FALSE(DecodeHello(many.dump()).ok());
  EXPECT_FALSE(DecodeHello("[]").ok());
  EXPECT_FALSE(DecodeHello("").ok());
}

TEST(CandidatesTest, TheSilentAndTheManyAreForgotten) {
  Candidates candidates;
  candidates.Note(Waiting(1, "a"), 0);
  EXPECT_EQ(candidates.List(kCandidateAgeMaxMs).size(), 1u);
  EXPECT_EQ(candidates.List(kCandidateAgeMaxMs + 1).size(), 0u);
  for (uint64_t id = 100; id < 100 + kCandidatesMax; ++id) {
    candidates.Note(Waiting(id, "b"), static_cast<int64_t>(id));
  }
  EXPECT_EQ(candidates.List(200).size(), kCandidatesMax);
  EXPECT_FALSE(candidates.FindById(NodeId(1), 200)) << "the longest silent went";
  EXPECT_EQ(candidates.FindByName("b", 200)->id, NodeId(100 + kCandidatesMax - 1));
  EXPECT_FALSE(candidates.FindByName("c", 200));
}

}  // namespace
}  // namespace baton::http
