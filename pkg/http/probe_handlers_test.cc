// Shows what probes answer, when, and what they refuse.
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "pkg/http/readiness.h"
#include "pkg/http/testing/api_server.h"

namespace baton::http {
namespace {

using nlohmann::json;

TEST(ReadinessTest, EachCheck) {
  const auto troubled = [](const node::StatusView& view) {
    std::string names;
    for (const ReadinessCheck& check : CheckReadiness(view)) {
      if (!check.trouble.empty()) names.append(check.name).append(" ");
    }
    return names;
  };
  node::StatusView view;
  EXPECT_EQ(troubled(view), "leader ");
  view.raft.leader = NodeId(2);
  EXPECT_EQ(troubled(view), "");
  view.raft.applied = Index(10);
  view.raft.commit = Index(10 + kReadyLagEntriesMax);
  EXPECT_EQ(troubled(view), "");
  view.raft.commit = Index(11 + kReadyLagEntriesMax);
  EXPECT_EQ(troubled(view), "caught_up ");
  view.raft.commit = Index(10);
  view.oldest_write_age_ms = kReadyWriteAgeMsMax;
  EXPECT_EQ(troubled(view), "");
  view.oldest_write_age_ms = kReadyWriteAgeMsMax + 1;
  EXPECT_EQ(troubled(view), "disk ");
  view.oldest_write_age_ms = 0;
  view.rebuilding = true;
  EXPECT_EQ(troubled(view), "rebuilt ");
  view.rebuilding = false;
  view.draining = true;
  EXPECT_EQ(troubled(view), "not_draining ");
}

TEST(ProbeHandlersTest, OnBothPorts) {
  for (const ApiServer::Kind kind : {ApiServer::Kind::kClient, ApiServer::Kind::kOps}) {
    ApiServer api(kind);
    EXPECT_EQ(api.Send("GET", "/livez").body, "ok\n");
    EXPECT_EQ(api.Send("GET", "/startupz").status, 200);
    EXPECT_EQ(api.SendJson(200, "GET", "/version"),
              (json{{"name", "baton"}, {"version", "1.2.3"}, {"api", "v1"}}));
    EXPECT_EQ(api.Send("GET", "/readyz").body, "ok\n");
    EXPECT_EQ(api.Send("GET", "/readyz?verbose").body,
              "[+]member ok\n[+]leader ok\n[+]caught_up ok\n[+]disk ok\n[+]disk_space ok\n"
              "[+]rebuilt ok\n"
              "[+]not_draining ok\nready\n");
    api.service().ChangeStatus([](node::StatusView* view) {
      view->raft.leader = NodeId();
      view->draining = true;
    });
    EXPECT_EQ(api.Send("GET", "/livez").status, 200) << "a restart would not bring a leader";
    const ClientResponse not_ready = api.Send("GET", "/readyz");
    EXPECT_EQ(not_ready.status, 503);
    EXPECT_EQ(HeaderOf(not_ready, "retry-after"), "1");
    EXPECT_EQ(not_ready.body,
              "[-]leader failed: no leader is known\n"
              "[-]not_draining failed: the node is shutting down\nnot ready\n");
    const ClientResponse excluded =
        api.Send("GET", "/readyz?verbose&exclude=leader&exclude=not_draining");
    EXPECT_EQ(excluded.status, 200);
    EXPECT_NE(excluded.body.find("[-]leader failed: no leader is known (excluded)"),
              std::string::npos);
    EXPECT_EQ(api.Send("GET", "/readyz?exclude=leader").status, 503);
    api.ExpectProblem(400, "malformed_parameter", "GET", "/readyz?exclude=leadre");
    api.ExpectProblem(400, "unknown_parameter", "GET", "/readyz?verbos");
    api.ExpectProblem(400, "repeated_parameter", "GET", "/readyz?verbose&verbose");
    api.ExpectProblem(400, "malformed_parameter", "GET", "/readyz?verbose=perhaps");
    EXPECT_EQ(api.Send("GET", "/readyz?verbose=false").body, api.Send("GET", "/readyz").body);
  }
}

constexpr char kNoMajority[] =
    "[-]linearizable failed: no majority has confirmed a read within 1000 ms\n";

// What a node without a quorum answers to a read when its time is over.
Status NoQuorum() {
  return Status(Code::kDeadlineExceeded, "The time allowed for the read ran out");
}

TEST(LinearizableReadyzTest, IsReadyWhenAMajorityHasConfirmedARead) {
  for (const ApiServer::Kind kind : {ApiServer::Kind::kClient, ApiServer::Kind::kOps}) {
    ApiServer api(kind);
    EXPECT_EQ(api.Send("GET", "/readyz?linearizable").body, "ok\n");
    EXPECT_EQ(api.service().last_timeout_ms(), kReadyConfirmMsMax);
    const ClientResponse verbose = api.Send("GET", "/readyz?linearizable=true&verbose");
    EXPECT_EQ(verbose.status, 200);
    EXPECT_TRUE(verbose.body.ends_with("[+]not_draining ok\n[+]linearizable ok\nready\n"))
        << verbose.body;
  }
}

TEST(LinearizableReadyzTest, IsNotReadyWithoutAQuorum) {
  for (const ApiServer::Kind kind : {ApiServer::Kind::kClient, ApiServer::Kind::kOps}) {
    ApiServer api(kind);
    api.service().FailNext(NoQuorum());
    const ClientResponse cut_off = api.Send("GET", "/readyz?linearizable");
    EXPECT_EQ(cut_off.status, 503);
    EXPECT_EQ(HeaderOf(cut_off, "retry-after"), "1");
    EXPECT_EQ(cut_off.body, std::string(kNoMajority) + "not ready\n");
    EXPECT_EQ(api.Send("GET", "/readyz?linearizable").status, 200) << "of this moment only";
  }
}

TEST(LinearizableReadyzTest, SaysWhyElseAReadWasNotConfirmed) {
  ApiServer api;
  api.service().FailNext(Status(Code::kUnavailable, "no_leader", "No leader is known"));
  EXPECT_EQ(api.Send("GET", "/readyz?linearizable").body,
            "[-]linearizable failed: a read was not confirmed: No leader is known\nnot ready\n");
  api.service().FailNext(Status(Code::kUnavailable, "overloaded", "Too many reads"));
  EXPECT_EQ(api.Send("GET", "/readyz?linearizable").status, 503);
}

// Readiness is of both: what a majority confirms does not make up for a full disk here.
TEST(LinearizableReadyzTest, TheOtherChecksStillCount) {
  ApiServer api;
  api.service().ChangeStatus([](node::StatusView* view) { view->without_room = true; });
  const ClientResponse full = api.Send("GET", "/readyz?linearizable");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.body,
            "[-]disk_space failed: the disk is full, and the node falls behind\nnot ready\n");
  EXPECT_EQ(api.Send("GET", "/readyz?linearizable&exclude=disk_space").status, 200);
  api.service().FailNext(NoQuorum());
  EXPECT_EQ(api.Send("GET", "/readyz?linearizable&exclude=disk_space").body,
            std::string(kNoMajority) + "not ready\n");
}

TEST(LinearizableReadyzTest, WithoutItNobodyIsAsked) {
  ApiServer api;
  api.service().Close();  // a read would wait
  EXPECT_EQ(api.Send("GET", "/readyz").status, 200);
  EXPECT_EQ(api.Send("GET", "/readyz?linearizable=false").status, 200);
  EXPECT_EQ(api.Send("GET", "/readyz?linearizable=0&verbose").body,
            api.Send("GET", "/readyz?verbose").body);
  api.service().Open();
}

// While the answer of the majority is awaited, other probes are answered; and what is said is of
// the moment of the answer.
TEST(LinearizableReadyzTest, WaitsWithoutAThread) {
  ApiServer api;
  api.service().Close();
  std::future<ClientResponse> waiting =
      std::async(std::launch::async, [&] { return api.Send("GET", "/readyz?linearizable"); });
  while (api.service().last_timeout_ms() != kReadyConfirmMsMax) std::this_thread::yield();
  EXPECT_EQ(api.Send("GET", "/livez").status, 200);
  EXPECT_EQ(api.Send("GET", "/readyz").status, 200);
  api.service().ChangeStatus([](node::StatusView* view) { view->draining = true; });
  api.service().Open();
  EXPECT_EQ(waiting.get().body, "[-]not_draining failed: the node is shutting down\nnot ready\n");
}

TEST(LinearizableReadyzTest, RefusesWhatItDoesNotKnow) {
  ApiServer api;
  api.ExpectProblem(400, "unknown_parameter", "GET", "/readyz?linearisable");
  api.ExpectProblem(400, "unknown_parameter", "GET", "/readyz?linearizable&timeout=2s");
  api.ExpectProblem(400, "malformed_parameter", "GET", "/readyz?linearizable=perhaps");
  api.ExpectProblem(400, "repeated_parameter", "GET", "/readyz?linearizable&linearizable");
  api.ExpectProblem(400, "malformed_parameter", "GET", "/readyz?exclude=linearizable");
  for (const char* probe : {"/livez", "/startupz", "/version"}) {
    api.ExpectProblem(400, "unknown_parameter", "GET", std::string(probe) + "?linearizable");
  }
}

}  // namespace
}  // namespace baton::http
