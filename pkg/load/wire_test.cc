// Runs against servers that answer oddly: what the wire can do to a run.
#include <gtest/gtest.h>

#include "pkg/load/run.h"
#include "pkg/load/testing/raw_server.h"

namespace baton::load {
namespace {

constexpr char kGood[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

Result<Report> Load(const RawAnswers& answers, uint64_t clients = 2) {
  const RawServer server(answers);
  Settings settings;
  settings.endpoints = {server.url()};
  settings.prefix = "t/";
  settings.clients = clients;
  settings.connections = clients;
  settings.total = 20;
  settings.duration_ms = 60'000;
  settings.timeout_ms = 1'000;
  settings.value_size = 0;
  settings.keep = true;
  return RunLoad(settings, {});
}

// All operations but `done` failed for `reason`, or found no connection while it was made anew.
void ExpectErrors(const Result<Report>& report, uint64_t done, const std::string& reason) {
  ASSERT_TRUE(report.ok());
  const Recorder& recorder = report->recorder;
  EXPECT_EQ(recorder.operations(), done);
  EXPECT_EQ(recorder.errors_total(), 20 - done);
  EXPECT_TRUE(recorder.errors().contains(reason));
  for (const auto& [name, count] : recorder.errors()) {
    EXPECT_TRUE(name == reason || name == "no_connection") << name;
  }
}

TEST(WireTest, AnswersInChunks) {
  const auto report =
      Load({.greeting = {},
            .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->recorder.operations(), 20u);
  EXPECT_EQ(report->recorder.errors_total(), 0u);
}

TEST(WireTest, AServerThatClosesAfterEachAnswer) {
  const auto report =
      Load({.greeting = {},
            .answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            .closes = true});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->recorder.operations(), 20u);
  EXPECT_EQ(report->recorder.errors_total(), 0u);
}

// It did not say so: a call that was sent meanwhile is lost, and no answer is.
TEST(WireTest, AServerThatClosesWithoutAWord) {
  const auto report = Load({.greeting = {}, .answer = kGood, .closes = true});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->recorder.operations() + report->recorder.errors_total(), 20u);
  EXPECT_GT(report->recorder.operations(), 0u);
}

TEST(WireTest, ConnectionsThatBreakUnderACall) {
  const auto report = Load({.greeting = {}, .answer = kGood, .closes = false, .answers_max = 5});
  ExpectErrors(report, 5, "connection_lost");
}

TEST(WireTest, WhatIsNoHttp) {
  const auto report = Load({.greeting = {}, .answer = "220 smtp ready, how are you\r\n\r\n"});
  ExpectErrors(report, 0, "malformed_answer");
}

TEST(WireTest, MoreThanOneAnswer) {
  const auto report = Load({.greeting = {}, .answer = std::string(kGood) + kGood});
  ExpectErrors(report, 0, "malformed_answer");
}

TEST(WireTest, AServerThatRefusesConnectionsSaysWhy) {
  const std::string body = R"({"code":"too_many_connections"})";
  const auto report = Load({.greeting = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: " +
                                        std::to_string(body.size()) + "\r\n\r\n" + body,
                            .answer = {},
                            .closes = true});
  // Which comes first, the refusal or the end of the setup, is the machine's choice.
  const std::string said = report.ok() ? "" : report.status().message();
  const bool counted = report.ok() && report->recorder.errors().contains("too_many_connections");
  EXPECT_TRUE(counted || said.find("too_many_connections") != std::string::npos) << said;
}

}  // namespace
}  // namespace baton::load
