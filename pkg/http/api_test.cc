// What all routes share: headers, redirects, negotiation, the cluster's account of itself, and the
// peer endpoint.

#include "pkg/http/api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pkg/http/accept.h"
#include "pkg/http/answer_reader.h"
#include "pkg/http/api_call.h"
#include "pkg/http/envelope.h"
#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

using nlohmann::json;

TEST(DecorateTest, EveryResponseSaysWhereItComesFrom) {
  ApiServer api;
  api.service().ChangeStatus([](node::StatusView* view) {
    view->raft.leader = NodeId(2);
    view->raft.term = Term(9);
    view->revision = Revision(77);
    view->last_leader_contact_ms = 40;
  });
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/v1/kv/none"},
                                                        {"GET", "/v1/cluster"},
                                                        {"GET", "/livez"},
                                                        {"GET", "/unknown"},
                                                        {"GET", "/v1/watch?from=x"},
                                                        {"GET", "/v1/kv/a?consistency=stale"},
                                                        {"POST", "/v1/kv/a"},
                                                        {"PUT", "/v1/kv/a"},
                                                        {"DELETE", "/v1/kv/b"},
                                                        {"POST", "/v1/sessions"},
                                                        {"GET", "/v1/kv?limit=0"}}) {
    const ClientResponse response =
        api.Send(method, target, "", {{"X-Request-Id", "my-request-1"}});
    EXPECT_EQ(HeaderOf(response, "x-raft-term"), "9") << target;
    EXPECT_EQ(HeaderOf(response, "x-cluster-id"), FakeService::kClusterId);
    EXPECT_EQ(HeaderOf(response, "x-served-by"), "pod-1");
    EXPECT_EQ(HeaderOf(response, "x-leader"), "pod-2");
    EXPECT_EQ(HeaderOf(response, "x-request-id"), "my-request-1");
    EXPECT_NE(HeaderOf(response, "x-revision"), "(none)");
    EXPECT_EQ(HeaderOf(response, "x-content-type-options"), "nosniff");
    const std::string consistency = HeaderOf(response, "x-consistency");
    EXPECT_TRUE(consistency == "stale" || consistency == "linearizable") << method << target;
    EXPECT_EQ(HeaderOf(response, "x-staleness-ms"), consistency == "stale" ? "40" : "0") << target;
    EXPECT_EQ(response.headers.count("x-consistency"), 1u) << target;
    EXPECT_EQ(response.headers.count("x-revision"), 1u) << target;
  }
  api.service().ChangeStatus([](node::StatusView* view) { view->raft.leader = NodeId(); });
  EXPECT_EQ(HeaderOf(api.Send("GET", "/livez"), "x-leader"), "(none)");
  api.service().ChangeStatus([](node::StatusView* view) { view->raft.leader = NodeId(3); });
  EXPECT_EQ(HeaderOf(api.Send("GET", "/livez"), "x-leader"), "3") << "a name that is not known";
}

TEST(DecorateTest, AnswersSayWhetherTheLogStandsBehindThem) {
  ApiServer api;
  const auto consistency = [&](const char* method, const std::string& target,
                               const std::string& body = "", const Headers& headers = {}) {
    return HeaderOf(api.Send(method, target, body, headers), "x-consistency");
  };
  EXPECT_EQ(consistency("PUT", "/v1/kv/a", "x"), "linearizable");
  EXPECT_EQ(consistency("PUT", "/v1/kv/a", "x", {{"If-None-Match", "*"}}), "linearizable");
  EXPECT_EQ(consistency("DELETE", "/v1/kv/a"), "linearizable");
  EXPECT_EQ(consistency("GET", "/v1/kv/a"), "linearizable");
  EXPECT_EQ(consistency("GET", "/v1/kv/a?consistency=stale"), "stale");
  EXPECT_EQ(consistency("GET", "/v1/cluster"), "stale");
  EXPECT_EQ(consistency("PUT", "/v1/kv/a?unknown=1"), "stale") << "the log was not asked";
  const std::string session = api.CreateSession("1h");
  const std::string other = api.CreateSession("1h");
  EXPECT_EQ(consistency("POST", "/v1/sessions/" + session + "/keepalive"), "linearizable");
  for (const std::string& holder : {session, other}) {
    EXPECT_EQ(consistency("POST", "/v1/locks/l/acquire", R"({"session":")" + holder + R"("})"),
              "linearizable");
  }
}

TEST(ReadBudgetTest, ReadsBeyondItAreRefusedUntilThereIsRoom) {
  ApiServer api;
  api.context().read_budget = std::make_shared<ReadBudget>(10'000);
  const std::shared_ptr<ReadBudget> budget = api.context().read_budget;
  const std::string session = api.CreateSession("1h");
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", std::string(100'000, 'x')).status, 200);
  const std::vector<std::string> reads = {"/v1/kv/a", "/v1/kv?prefix=a", "/v1/sessions",
                                          "/v1/sessions/" + session, "/v1/elections/e"};
  auto others = ReadBudget::Charge(budget, 9'999);
  for (const std::string& target : reads) {
    EXPECT_EQ(api.Send("GET", target).status, 200) << target << ": the last may exceed it";
    EXPECT_TRUE(Eventually([&] { return budget->used() == 9'999; })) << "what is made is returned";
  }
  auto one_more = ReadBudget::Charge(budget, 1);
  for (const std::string& target : reads) api.ExpectProblem(503, "overloaded", "GET", target);
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", "y").status, 200) << "nothing is read";
  auto far_beyond = ReadBudget::Charge(budget, size_t{1} << 40);
  for (const std::string& target : reads) api.ExpectProblem(503, "overloaded", "GET", target);
  for (const char* probe : {"/livez", "/readyz", "/startupz", "/version"}) {
    EXPECT_EQ(api.Send("GET", probe).status, 200) << probe << ": a busy node is not a broken one";
  }
  far_beyond.reset();
  one_more.reset();
  EXPECT_EQ(api.Send("GET", "/v1/kv/a").status, 200);
}

// While the loop does not get to it, what was copied is charged.
TEST(ReadBudgetTest, ChargesWhatWasCopied) {
  ApiServer api;
  const std::string value(100'000, 'x');
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", value).status, 200);
  size_t charged = 0;
  Router router;
  router.Handle("GET", "/read", [&](std::shared_ptr<Exchange> exchange) {
    ReadState(Call{&api.context(), exchange}, ReadOptions(), [&](const coord::StateMachine& state) {
      return Extracted{[&] {
                         charged = api.context().read_budget->used();
                         return Response::Text(200, "");
                       },
                       state.Get("a")->value.size()};
    });
  });
  TestServer server(std::move(router));
  RawClient client(server.port());
  client.Send("GET /read HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().value().status, 200);
  EXPECT_EQ(charged, value.size() + ReadBudget::kReadBytes);
}

TEST(RedirectTest, ToTheLeaderForWhoPrefersIt) {
  ApiServer api;
  const Headers prefer = {{"Prefer", "respond-async, redirect; x=1"}};
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", "x", prefer).status, 200) << "this node leads";
  api.service().ChangeStatus([](node::StatusView* view) { view->raft.leader = NodeId(2); });
  const std::tuple<const char*, const char*, const char*> redirects[] = {
      {"PUT", "/v1/kv/a/b%20c?lock=l&token=1", "/v1/kv/a/b%20c?lock=l&token=1"},
      {"GET", "/v1/kv?prefix=a%26b", "/v1/kv?prefix=a%26b"},
      {"POST", "/v1/locks/a%2Fb/acquire", "/v1/locks/a%2Fb/acquire"},
      {"DELETE", "/v1/sessions/00000000000000ff", "/v1/sessions/00000000000000ff"},
      {"GET", "/v1/watch?prefix=", "/v1/watch?prefix="},
      {"GET", "/v1/elections/e/observe", "/v1/elections/e/observe"},
  };
  // Over a raw connection: the library's client shows header values percent-decoded.
  RawClient client(api.port());
  for (const auto& [method, target, expected] : redirects) {
    ASSERT_TRUE(
        client.Send(std::string(method) + " " + target +
                    " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nPrefer: redirect\r\n\r\n"));
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 307) << target;
    EXPECT_EQ(response->headers.at("location"), std::string("http://pod-2:7400") + expected);
    EXPECT_EQ(response->headers.at("preference-applied"), "redirect");
  }
  EXPECT_EQ(api.Send("GET", "/v1/cluster", "", prefer).status, 200) << "about this node";
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", "x").status, 200) << "without a wish: forwarded";
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", "x", {{"Prefer", "redirection"}}).status, 200);
  for (const uint64_t leader : {0, 3}) {
    api.service().ChangeStatus([&](node::StatusView* view) { view->raft.leader = NodeId(leader); });
    EXPECT_EQ(api.Send("PUT", "/v1/kv/a", "x", prefer).status, 200) << "nowhere to send to";
  }
}

Request WithAccept(const std::string& accept) {
  Request request;
  request.headers.emplace("accept", accept);
  return request;
}

TEST(AcceptTest, BestMediaType) {
  const auto best = [](const std::string& accept) {
    return std::string(BestMediaType(WithAccept(accept), {"a/x", "a/y", "b/z"}));
  };
  EXPECT_EQ(std::string(BestMediaType(Request(), {"a/x", "a/y"})), "a/x");
  const std::pair<const char*, const char*> table[] = {
      {"", "a/x"},
      {"*/*", "a/x"},
      {"a/y", "a/y"},
      {"A/Y", "a/y"},
      {"b/*", "b/z"},
      {"a/*;q=0.5, b/z", "b/z"},
      {"a/x;q=0.1, a/y;q=0.2", "a/y"},
      {"a/x;q=0, */*", "a/y"},
      {"a/x; q=0.5; level=1 , b/z;q=0.4", "a/x"},
      {"c/d", ""},
      {"a/x;q=0", ""},
      {"text/html, */*;q=0.1", "a/x"},
      {";;;,,,", ""},
      {"a/x;q=banana", "a/x"},
      {"a/x;q=1.5, a/y;q=0.9999", "a/x"},
  };
  for (const auto& [accept, expected] : table) EXPECT_EQ(best(accept), expected) << accept;
  EXPECT_EQ(best(std::string(8000, ',') + "a/y"), "") << "what comes so late is not looked at";
}

TEST(ClusterHandlersTest, TheNodesAccount) {
  ApiServer api;
  api.Send("PUT", "/v1/kv/a", "x");
  api.service().ChangeStatus([](node::StatusView* view) {
    view->raft.peers[NodeId(2)].match = Index(5);
    view->raft.peers[NodeId(2)].state = raft::ReplicationState::kReplicate;
  });
  const json cluster = api.SendJson(200, "GET", "/v1/cluster");
  EXPECT_EQ(cluster["cluster_id"], FakeService::kClusterId);
  EXPECT_EQ(cluster["node_id"], 1);
  EXPECT_EQ(cluster["node_name"], "pod-1");
  EXPECT_EQ(cluster["role"], "leader");
  EXPECT_EQ(cluster["leader_id"], 1);
  EXPECT_EQ(cluster["leader_name"], "pod-1");
  EXPECT_EQ(cluster["term"], 1);
  EXPECT_EQ(cluster["commit_index"], 2);
  EXPECT_EQ(cluster["applied_index"], 2);
  EXPECT_EQ(cluster["revision"], 1);
  EXPECT_EQ(cluster["version"], "1.2.3");
  EXPECT_EQ(cluster["counts"]["keys"], 1);
  ASSERT_EQ(cluster["members"].size(), 3u);
  EXPECT_EQ(cluster["members"][0]["leader"], true);
  EXPECT_EQ(cluster["members"][0]["progress"], nullptr);
  EXPECT_EQ(cluster["members"][1], (json{{"id", 2},
                                         {"name", "pod-2"},
                                         {"client_url", "http://pod-2:7400"},
                                         {"voter", true},
                                         {"leader", false},
                                         {"peer_address", nullptr},
                                         {"progress",
                                          {{"match_index", 5},
                                           {"next_index", 0},
                                           {"state", "replicate"},
                                           {"recently_active", false},
                                           {"inflight_messages", 0}}}}));
  EXPECT_EQ(cluster["members"][2]["client_url"], nullptr);

  EXPECT_EQ(cluster["snapshots"], json::array());

  const json hash = api.SendJson(200, "GET", "/v1/admin/hash");
  EXPECT_EQ(hash, (json{{"index", 2}, {"state_hash", cluster["state_hash"]}}));
  EXPECT_EQ(hash["state_hash"].get<std::string>().size(), 16u);
  api.ExpectProblem(400, "unknown_parameter", "GET", "/v1/cluster?verbose=1");

  api.service().ChangeStatus([](node::StatusView* view) { view->raft.leader = NodeId(); });
  const json leaderless = api.SendJson(200, "GET", "/v1/cluster");
  EXPECT_EQ(leaderless["leader_id"], 0);
  EXPECT_EQ(leaderless["leader_name"], nullptr);
}

TEST(ClusterHandlersTest, LeadershipIsHandedOver) {
  ApiServer api;
  const std::string target = "/v1/cluster/leader/transfer";
  EXPECT_EQ(api.SendJson(200, "POST", target), (json{{"leader_id", 2}, {"leader_name", "pod-2"}}));
  EXPECT_EQ(api.SendJson(200, "POST", target, R"({"target":"pod-1"})")["leader_id"], 1);
  EXPECT_EQ(api.SendJson(200, "POST", target, R"({"target":3})")["leader_name"], "3");
  api.ExpectProblem(422, "unknown_member", "POST", target, R"({"target":"pod-9"})");
  api.ExpectProblem(422, "wrong_type", "POST", target, R"({"target":true})");
  api.ExpectProblem(422, "unknown_field", "POST", target, R"({"taget":1})");
  api.service().FailNext(Status(Code::kConflict, "transfer_under_way", "Already"));
  api.ExpectProblem(409, "transfer_under_way", "POST", target);
}

TEST(OpsHandlersTest, Metrics) {
  ApiServer ops(ApiServer::Kind::kOps);
  const ClientResponse metrics = ops.Send("GET", "/metrics");
  EXPECT_EQ(metrics.body, "baton_up 1\n");
  EXPECT_EQ(HeaderOf(metrics, "content-type"), "text/plain; version=0.0.4; charset=utf-8");
  ops.ExpectProblem(404, "unknown_path", "GET", "/v1/kv/a");
  ApiServer client;
  client.ExpectProblem(404, "unknown_path", "GET", "/metrics");
  client.ExpectProblem(404, "unknown_path", "POST", "/peer/v1/messages", "{}");
}

TEST(IndexTest, SaysWhatIsThere) {
  ApiServer api;
  for (const char* target : {"/", "/v1"}) {
    const ClientResponse index = api.Send("GET", target);
    EXPECT_EQ(index.status, 200);
    EXPECT_NE(index.body.find("/v1/locks/NAME/acquire"), std::string::npos);
  }
}

node::PeerEnvelope Envelope() {
  return {FakeService::kClusterId,
          NodeId(2),
          NodeId(1),
          {Term(3), 5},
          {raft::Message{NodeId(2), NodeId(1), Term(3), raft::Heartbeat{Index(1), 2}}}};
}

TEST(PeerHandlersTest, Messages) {
  ApiServer api(ApiServer::Kind::kPeer);
  EXPECT_EQ(api.Send("POST", "/peer/v1/messages", EncodeEnvelope(Envelope())).status, 204);
  const auto delivered = api.service().TakeEnvelopes();
  ASSERT_EQ(delivered.size(), 1u);
  EXPECT_EQ(delivered[0], Envelope());

  node::PeerEnvelope foreign = Envelope();
  foreign.cluster_id = "fedcba9876543210";
  api.ExpectProblem(403, "wrong_cluster", "POST", "/peer/v1/messages", EncodeEnvelope(foreign));
  api.service().SetPeerAnswer(Status(Code::kPermissionDenied, "unknown_peer", "Not a member"));
  api.ExpectProblem(403, "unknown_peer", "POST", "/peer/v1/messages", EncodeEnvelope(Envelope()));
  api.service().SetPeerAnswer(Status(Code::kUnavailable, "overloaded", "Full"));
  api.ExpectProblem(503, "overloaded", "POST", "/peer/v1/messages", EncodeEnvelope(Envelope()));
  api.service().SetPeerAnswer(Status(Code::kUnavailable, "shutting_down", "It is shutting down"));
  const std::string refusal =
      api.Send("POST", "/peer/v1/messages", EncodeEnvelope(Envelope())).body;
  EXPECT_LT(refusal.find(R"("outcome":"not_applied")"), kAnswerBodyBytesKept)
      << "by which a sender knows that it can ask again";
  for (const char* body : {"", "{}", "[]", "{\"cluster_id\":1}", "\xff"}) {
    EXPECT_EQ(api.Send("POST", "/peer/v1/messages", body).status, 400) << body;
  }
  api.ExpectProblem(400, "malformed_json", "POST", "/peer/v1/messages",
                    std::string(1'000'000, '['));
  EXPECT_TRUE(api.service().TakeEnvelopes().empty());
}

SnapshotPiece Piece() {
  SnapshotPiece piece;
  piece.cluster_id = FakeService::kClusterId;
  piece.to = NodeId(1);
  piece.chunk.from = NodeId(2);
  piece.chunk.stream = 7;
  piece.chunk.bytes = std::string("\0\n\xff", 3);
  return piece;
}

TEST(ClusterHandlersTest, SnapshotsOnTheirWay) {
  ApiServer api;
  api.context().snapshots_out = [] {
    return std::vector<node::SnapshotTransfer>{{.peer = NodeId(3), .pieces = 7, .resumes = 1}};
  };
  api.service().ChangeStatus([](node::StatusView* view) {
    view->snapshot_in =
        node::SnapshotTransfer{.peer = NodeId(2), .pieces = 3, .bytes = 3000, .total_bytes = 9000};
    view->snapshot_in->SetAge(1'500'000);
  });
  const json snapshots = api.SendJson(200, "GET", "/v1/cluster")["snapshots"];
  ASSERT_EQ(snapshots.size(), 2u);
  EXPECT_EQ(snapshots[0], (json{{"direction", "in"},
                                {"peer_id", 2},
                                {"peer_name", "pod-2"},
                                {"pieces", 3},
                                {"bytes", 3000},
                                {"total_bytes", 9000},
                                {"bytes_per_second", 2000},
                                {"age_ms", 1500}}));
  EXPECT_EQ(snapshots[1]["direction"], "out");
  EXPECT_EQ(snapshots[1]["peer_id"], 3);
  EXPECT_EQ(snapshots[1]["total_bytes"], nullptr);
  EXPECT_EQ(snapshots[1]["resumes"], 1);
}

TEST(PeerHandlersTest, SnapshotPieces) {
  ApiServer api(ApiServer::Kind::kPeer);
  EXPECT_EQ(api.Send("POST", "/peer/v1/snapshot", EncodeSnapshotPiece(Piece())).status, 204);
  const auto chunks = api.service().TakeChunks();
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].bytes, Piece().chunk.bytes);
  EXPECT_EQ(chunks[0].stream, 7u);

  SnapshotPiece foreign = Piece();
  foreign.cluster_id = "fedcba9876543210";
  api.ExpectProblem(403, "wrong_cluster", "POST", "/peer/v1/snapshot",
                    EncodeSnapshotPiece(foreign));
  SnapshotPiece astray = Piece();
  astray.to = NodeId(3);
  api.ExpectProblem(400, "wrong_receiver", "POST", "/peer/v1/snapshot",
                    EncodeSnapshotPiece(astray));
  api.ExpectProblem(400, "malformed_envelope", "POST", "/peer/v1/snapshot", "no line");
  const std::map<std::string, std::pair<Code, int>> refusals = {
      {"busy", {Code::kUnavailable, 503}},
      {"duplicate_piece", {Code::kConflict, 409}},
      {"piece_out_of_order", {Code::kConflict, 409}},
      {"no_such_snapshot", {Code::kNotFound, 404}},
  };
  for (const auto& [reason, answer] : refusals) {
    api.service().SetPeerAnswer(Status(answer.first, reason, "No"));
    api.ExpectProblem(answer.second, reason, "POST", "/peer/v1/snapshot",
                      EncodeSnapshotPiece(Piece()));
  }
  EXPECT_TRUE(api.service().TakeChunks().empty());
}

TEST(PeerHandlersTest, HowFarASnapshotHasCome) {
  ApiServer api(ApiServer::Kind::kPeer);
  const std::string path = "/peer/v1/snapshot?stream=18446744073709551615&from=2";
  const std::string here = "&cluster_id=" + std::string(FakeService::kClusterId) + "&to=1";
  EXPECT_EQ(api.Send("GET", path + here).body, R"({"next":5,"complete":false})");
  api.ExpectProblem(403, "wrong_cluster", "GET", path + "&cluster_id=fedcba9876543210&to=1");
  api.ExpectProblem(400, "wrong_receiver", "GET", path + here + "1");
  api.ExpectProblem(400, "unknown_parameter", "GET", path + here + "&piece=1");
  api.service().SetPeerAnswer(Status(Code::kNotFound, "no_such_snapshot", "No"));
  api.ExpectProblem(404, "no_such_snapshot", "GET", path + here);
}

}  // namespace
}  // namespace baton::http
