#include "pkg/load/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "pkg/http/base64.h"

namespace baton::load {
namespace {

Settings Small(ApiKind api) {
  Settings settings;
  settings.api = api;
  settings.endpoints = {"http://h:1"};
  settings.prefix = "bench/";
  settings.clients = 3;
  settings.keys = 100;
  settings.key_size = 12;
  settings.value_size = 16;
  settings.timeout_ms = 2'500;
  return settings;
}

std::string Bytes(const std::function<void(Outgoing)>& append) {
  std::string bytes;
  append({"h:1", &bytes});
  return bytes;
}

// The Content-Length is the size of the body, and the body follows the head.
std::string BodyOf(const std::string& request) {
  const size_t end = request.find("\r\n\r\n");
  const size_t length = request.find("Content-Length: ");
  if (length == std::string::npos) {
    EXPECT_EQ(end + 4, request.size());
    return "";
  }
  EXPECT_EQ(std::stoul(request.substr(length + 16)), request.size() - end - 4) << request;
  return request.substr(end + 4);
}

TEST(KeyNamesTest, AreAllOfOneSize) {
  const KeyNames names("bench/", 1000, 12);
  std::string key;
  names.Append(7, &key);
  EXPECT_EQ(key, "bench/000007");
  key.clear();
  names.Append(999, &key);
  EXPECT_EQ(key, "bench/000999");
  EXPECT_EQ(names.size(), 12u);
}

TEST(ValuesTest, HaveTheirSizeAndAreBounded) {
  EXPECT_EQ(MakeValues(0, 1).at(0), "");
  const auto values = MakeValues(100, 1);
  EXPECT_EQ(values.size(), 16u);
  for (const std::string& value : values) EXPECT_EQ(value.size(), 100u);
  EXPECT_NE(values[0], values[1]);
  EXPECT_NE(values, MakeValues(100, 2));
  EXPECT_EQ(values, MakeValues(100, 1));
  EXPECT_EQ(MakeValues(1024 * 1024, 1).size(), 4u);
  EXPECT_EQ(MakeValues(5 * 1024 * 1024, 1).size(), 1u);
}

TEST(ValuesTest, NumbersOfWrites) {
  uint64_t write = 0;
  EXPECT_TRUE(ReadWriteNumber("000000000042xyz", &write));
  EXPECT_EQ(write, 42u);
  EXPECT_FALSE(ReadWriteNumber("00000000004", &write));
  EXPECT_FALSE(ReadWriteNumber("00000000004x", &write));
  EXPECT_FALSE(ReadWriteNumber("", &write));
}

TEST(LockNameTest, IsOneSegment) {
  EXPECT_EQ(LockName("bench/ab/", 3), "bench-ab-3");
  EXPECT_EQ(LockName("b", 0), "b-0");
}

TEST(BatonApiTest, Requests) {
  const auto api = Api::Create(Small(ApiKind::kBaton));
  const std::string put = Bytes([&](Outgoing to) { api->Put(42, 0, to); });
  EXPECT_TRUE(put.starts_with(
      "PUT /v1/kv/bench/000042 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 16\r\n\r\n"))
      << put;
  EXPECT_EQ(BodyOf(put).size(), 16u);
  EXPECT_EQ(Bytes([&](Outgoing to) { api->Get(1, to); }),
            "GET /v1/kv/bench/000001 HTTP/1.1\r\nHost: h:1\r\n\r\n");
  EXPECT_EQ(Bytes([&](Outgoing to) { api->Delete(1, to); }),
            "DELETE /v1/kv/bench/000001 HTTP/1.1\r\nHost: h:1\r\n\r\n");
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->CreateSession(to); })),
            R"({"ttl":60000,"name":"batonctl bench"})");
  const std::string keep = Bytes([&](Outgoing to) { api->KeepSession("ab", to); });
  EXPECT_TRUE(keep.starts_with("POST /v1/sessions/ab/keepalive HTTP/1.1\r\n"));
  EXPECT_EQ(BodyOf(keep), "");
  EXPECT_TRUE(Bytes([&](Outgoing to) {
                api->CloseSession("ab", to);
              }).starts_with("DELETE /v1/sessions/ab HTTP/1.1\r\n"));
  const std::string acquire = Bytes([&](Outgoing to) { api->Acquire(12, "ab", to); });
  EXPECT_TRUE(acquire.starts_with("POST /v1/locks/bench-12/acquire HTTP/1.1\r\n")) << acquire;
  EXPECT_EQ(BodyOf(acquire), R"({"session":"ab","wait":2500})");
  const std::string release = Bytes([&](Outgoing to) { api->Release(12, "ab", "17", to); });
  EXPECT_TRUE(release.starts_with("POST /v1/locks/bench-12/release HTTP/1.1\r\n"));
  EXPECT_EQ(BodyOf(release), R"({"session":"ab","token":17})");
}

TEST(BatonApiTest, StaleReads) {
  Settings settings = Small(ApiKind::kBaton);
  settings.stale = true;
  const auto api = Api::Create(settings);
  EXPECT_TRUE(Bytes([&](Outgoing to) {
                api->Get(1, to);
              }).starts_with("GET /v1/kv/bench/000001?consistency=stale HTTP/1.1\r\n"));
  EXPECT_TRUE(Bytes([&](Outgoing to) {
                api->GetNewest(1, to);
              }).starts_with("GET /v1/kv/bench/000001 HTTP/1.1\r\n"));
}

TEST(BatonApiTest, Answers) {
  const auto api = Api::Create(Small(ApiKind::kBaton));
  EXPECT_EQ(api->ErrorOf(Ask::kPut, {200, "{}"}), "");
  EXPECT_EQ(api->ErrorOf(Ask::kClose, {204, ""}), "");
  EXPECT_EQ(api->ErrorOf(Ask::kAcquire, {202, "{}"}), "still_in_line");
  EXPECT_EQ(api->ErrorOf(Ask::kPut, {503, R"({"code":"no_leader"})"}), "no_leader");
  EXPECT_EQ(api->ErrorOf(Ask::kPut, {502, "<html>"}), "http_502");
  EXPECT_EQ(api->SessionOf({201, R"({"id":"00ab","name":"x"})"}), "00ab");
  EXPECT_EQ(api->GrantOf({200, R"({"holder":{"token":7},"token":7})"}), "7");
  EXPECT_TRUE(api->IsGone({404, ""}));
  EXPECT_FALSE(api->IsGone({503, ""}));
}

TEST(BatonApiTest, LinesOfAWatch) {
  const auto api = Api::Create(Small(ApiKind::kBaton));
  uint64_t write = 0;
  std::string reason;
  EXPECT_EQ(
      api->ReadWatchLine(R"({"key":"k","type":"put","value":"000000000007abcd"})", &write, &reason),
      Api::WatchLine::kEvent);
  EXPECT_EQ(write, 7u);
  EXPECT_EQ(api->ReadWatchLine(R"({"type":"put","value":"other"})", &write, &reason),
            Api::WatchLine::kOther);
  EXPECT_EQ(api->ReadWatchLine(R"({"type":"bookmark","revision":3})", &write, &reason),
            Api::WatchLine::kOther);
  EXPECT_EQ(api->ReadWatchLine(R"({"type":"evicted"})", &write, &reason), Api::WatchLine::kEnded);
  EXPECT_EQ(reason, "evicted");
  const std::string put = Bytes([&](Outgoing to) { api->PutNumbered(0, 42, to); });
  EXPECT_TRUE(BodyOf(put).starts_with("000000000042"));
  EXPECT_EQ(BodyOf(put).size(), 16u);
}

// Whatever the prefix leaves over of a group of base64.
TEST(EtcdApiTest, KeysAndValuesInBase64) {
  for (const std::string prefix : {"a", "ab", "abc", "abcd"}) {
    for (const uint64_t key_size : {12, 13, 14}) {
      Settings settings = Small(ApiKind::kEtcdGateway);
      settings.prefix = prefix;
      settings.key_size = key_size;
      const auto api = Api::Create(settings);
      std::string key;
      KeyNames(prefix, 100, key_size).Append(42, &key);
      const std::string get = Bytes([&](Outgoing to) { api->Get(42, to); });
      EXPECT_TRUE(get.starts_with("POST /v3/kv/range HTTP/1.1\r\nHost: h:1\r\n"));
      EXPECT_EQ(BodyOf(get), "{\"key\":\"" + http::Base64Encode(key) + "\"}");
      const std::string value = MakeValues(16, settings.seed)[1];
      EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->Put(42, 1, to); })),
                "{\"key\":\"" + http::Base64Encode(key) + "\",\"value\":\"" +
                    http::Base64Encode(value) + "\"}");
      const std::string numbered = "000000000009" + MakeValues(16, settings.seed)[0].substr(12);
      EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->PutNumbered(42, 9, to); })),
                "{\"key\":\"" + http::Base64Encode(key) + "\",\"value\":\"" +
                    http::Base64Encode(numbered) + "\"}");
      EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->Delete(42, to); })),
                "{\"key\":\"" + http::Base64Encode(key) + "\"}");
      EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->Watch(42, to); })),
                "{\"create_request\":{\"key\":\"" + http::Base64Encode(key) + "\"}}");
    }
  }
}

TEST(EtcdApiTest, StaleReadsAreSerializable) {
  Settings settings = Small(ApiKind::kEtcdGateway);
  settings.stale = true;
  const auto api = Api::Create(settings);
  EXPECT_TRUE(
      BodyOf(Bytes([&](Outgoing to) { api->Get(1, to); })).ends_with("\",\"serializable\":true}"));
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->GetNewest(1, to); })).find("serializable"),
            std::string::npos);
}

TEST(EtcdApiTest, LeasesAndLocks) {
  const auto api = Api::Create(Small(ApiKind::kEtcdGateway));
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->CreateSession(to); })), R"({"TTL":"60"})");
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->KeepSession("77", to); })), R"({"ID":"77"})");
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->CloseSession("77", to); })), R"({"ID":"77"})");
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->Acquire(2, "77", to); })),
            R"({"name":")" + http::Base64Encode("bench-2") + R"(","lease":"77"})");
  EXPECT_EQ(BodyOf(Bytes([&](Outgoing to) { api->Release(2, "77", "a2V5", to); })),
            R"({"key":"a2V5"})");
}

TEST(EtcdApiTest, Answers) {
  const auto api = Api::Create(Small(ApiKind::kEtcdGateway));
  EXPECT_EQ(api->ErrorOf(Ask::kPut, {200, "{}"}), "");
  EXPECT_EQ(api->ErrorOf(Ask::kPut, {503, R"({"error":"x","code":14,"message":"x"})"}), "grpc_14");
  EXPECT_EQ(api->ErrorOf(Ask::kPut, {502, ""}), "http_502");
  EXPECT_EQ(api->ErrorOf(Ask::kGet, {200, R"({"header":{}})"}), "key_not_found");
  EXPECT_EQ(api->ErrorOf(Ask::kGet, {200, R"({"header":{},"kvs":[{"key":"a"}]})"}), "");
  EXPECT_EQ(api->ErrorOf(Ask::kKeepalive, {200, R"({"result":{"ID":"7"}})"}), "lease_not_found");
  EXPECT_EQ(api->ErrorOf(Ask::kKeepalive, {200, R"({"result":{"ID":"7","TTL":"60"}})"}), "");
  EXPECT_TRUE(api->IsGone({200, R"({"result":{"ID":"7"}})"}));
  EXPECT_FALSE(api->IsGone({200, R"({"result":{"ID":"7","TTL":"60"}})"}));
  EXPECT_TRUE(api->IsGone({404, R"({"error":"x","code":5})"}));
  EXPECT_FALSE(api->IsGone({}));
  EXPECT_EQ(api->SessionOf({200, R"({"header":{"cluster_id":"1"},"ID":"7","TTL":"60"})"}), "7");
  EXPECT_EQ(api->GrantOf({200, R"({"header":{},"key":"a2V5"})"}), "a2V5");
}

TEST(EtcdApiTest, LinesOfAWatch) {
  const auto api = Api::Create(Small(ApiKind::kEtcdGateway));
  uint64_t write = 0;
  std::string reason;
  EXPECT_EQ(api->ReadWatchLine(R"({"result":{"header":{},"created":true}})", &write, &reason),
            Api::WatchLine::kBegun);
  EXPECT_EQ(api->ReadWatchLine(R"({"result":{"events":[{"kv":{"key":"a2V5","value":")" +
                                   http::Base64Encode("000000000007abcd") + R"("}}]}})",
                               &write, &reason),
            Api::WatchLine::kEvent);
  EXPECT_EQ(write, 7u);
  EXPECT_EQ(api->ReadWatchLine(R"({"result":{"canceled":true}})", &write, &reason),
            Api::WatchLine::kEnded);
  EXPECT_EQ(api->ReadWatchLine(R"({"result":{"header":{}}})", &write, &reason),
            Api::WatchLine::kOther);
}

}  // namespace
}  // namespace baton::load
