// GET /v1/watch and /v1/elections/{name}/observe over a real listener: streams and long polls.

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

using nlohmann::json;

// An open stream, message by message.
class StreamReader {
 public:
  StreamReader(const ApiServer& api, const std::string& target, const std::string& headers)
      : client_(api.port()) {
    EXPECT_TRUE(client_.Send("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n"));
    const size_t end = FillUntil("\r\n\r\n");
    head_ = received_.substr(0, end);
    received_.erase(0, end);
  }

  const std::string& head() const { return head_; }
  // The payload of the next chunk; nullopt when the last chunk or the end has come.
  std::optional<std::string> NextChunk() {
    const size_t line_end = FillUntil("\r\n");
    const size_t size = std::strtoul(received_.c_str(), nullptr, 16);
    if (line_end == 0 || size == 0) return std::nullopt;
    while (received_.size() < line_end + size + 2 && Fill()) {
    }
    const std::string chunk = received_.substr(line_end, size);
    received_.erase(0, line_end + size + 2);
    return chunk;
  }
  json NextLine() {
    const auto chunk = NextChunk();
    EXPECT_TRUE(chunk.has_value() && chunk->ends_with('\n')) << "one line in one chunk";
    json line = json::parse(chunk.value_or(""), nullptr, false);
    EXPECT_TRUE(line.is_object()) << chunk.value_or("(end)");
    return line.is_object() ? line : json::object();
  }
  void Close() { client_.Close(); }

 private:
  bool Fill() {
    const std::string bytes = client_.ReadSome();
    received_ += bytes;
    return !bytes.empty();
  }
  // The offset after `end`; 0 when the connection ended before.
  size_t FillUntil(const std::string& end) {
    while (received_.find(end) == std::string::npos) {
      if (!Fill()) return 0;
    }
    return received_.find(end) + end.size();
  }

  RawClient client_;
  std::string head_;
  std::string received_;
};

class WatchHandlersTest : public testing::Test {
 protected:
  static constexpr char kNdjson[] = "Accept: application/x-ndjson\r\n";
  static constexpr char kSse[] = "Accept: text/event-stream\r\n";

  void Put(const std::string& key, const std::string& value) {
    EXPECT_EQ(api_.Send("PUT", "/v1/kv/" + key, value).status, 200);
  }
  std::future<ClientResponse> Call(const std::string& target) {
    return std::async(std::launch::async, [=, this] { return api_.Send("GET", target); });
  }

  ApiServer api_;
};

TEST_F(WatchHandlersTest, NdjsonFromNowOn) {
  Put("a", "before");
  StreamReader stream(api_, "/v1/watch?prefix=a", kNdjson);
  EXPECT_EQ(stream.head().rfind("HTTP/1.1 200", 0), 0u) << stream.head();
  EXPECT_NE(stream.head().find("Content-Type: application/x-ndjson"), std::string::npos);
  EXPECT_EQ(stream.NextLine(), (json{{"type", "bookmark"}, {"revision", 1}, {"resume_from", 2}}));
  Put("b", "other");
  Put("a", "1");
  const json put = stream.NextLine();
  EXPECT_EQ(put["type"], "put");
  EXPECT_EQ(put["key"], "a");
  EXPECT_EQ(put["value"], "1");
  EXPECT_EQ(put["revision"], 3);
  EXPECT_EQ(put["resume_from"], 4);
  EXPECT_EQ(api_.Send("DELETE", "/v1/kv/a").status, 204);
  EXPECT_EQ(stream.NextLine()["type"], "delete");
  api_.service().SendBookmarks();
  EXPECT_EQ(stream.NextLine(), (json{{"type", "bookmark"}, {"revision", 4}, {"resume_from", 5}}));
}

TEST_F(WatchHandlersTest, NdjsonIsWhatComesWithoutAWish) {
  for (const char* accept : {"", "Accept: */*\r\n", "Accept: text/event-stream;q=0.5, */*\r\n"}) {
    StreamReader stream(api_, "/v1/watch", accept);
    EXPECT_NE(stream.head().find("application/x-ndjson"), std::string::npos) << accept;
  }
  StreamReader sse(api_, "/v1/watch", "Accept: application/x-ndjson;q=0.1, text/event-stream\r\n");
  EXPECT_NE(sse.head().find("text/event-stream"), std::string::npos);
}

TEST_F(WatchHandlersTest, ServerSentEventsResumeAfterTheLastId) {
  for (int i = 1; i <= 4; ++i) Put("a", std::to_string(i));
  StreamReader from(api_, "/v1/watch?key=a&from=3", kSse);
  EXPECT_NE(from.head().find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_EQ(from.NextChunk()->rfind("id: 3\nevent: put\ndata: {", 0), 0u);
  EXPECT_EQ(from.NextChunk()->rfind("id: 4\nevent: put\ndata: {", 0), 0u);
  // A browser repeats the URL and says what it saw last.
  StreamReader resumed(api_, "/v1/watch?key=a&from=1", std::string(kSse) + "Last-Event-ID: 3\r\n");
  EXPECT_EQ(resumed.NextChunk()->rfind("id: 4\nevent: put\n", 0), 0u);
}

TEST_F(WatchHandlersTest, ExactKeyOrPrefix) {
  StreamReader key(api_, "/v1/watch?key=a", kNdjson);
  StreamReader prefix(api_, "/v1/watch?prefix=a", kNdjson);
  StreamReader binary(api_, "/v1/watch?key_b64=_w", kNdjson);
  for (StreamReader* stream : {&key, &prefix, &binary}) {
    EXPECT_EQ(stream->NextLine()["type"], "bookmark");
  }
  Put("ab", "1");
  Put("a", "2");
  EXPECT_EQ(api_.Send("PUT", "/v1/kv?key_b64=_w", "3").status, 200);
  EXPECT_EQ(prefix.NextLine()["key"], "ab");
  EXPECT_EQ(prefix.NextLine()["key"], "a");
  EXPECT_EQ(key.NextLine()["key"], "a");
  EXPECT_EQ(binary.NextLine()["key_b64"], "/w==");
}

// The end of a session is one revision with several events.
TEST_F(WatchHandlersTest, OnlyTheLastEventOfARevisionMovesTheResumePoint) {
  const std::string session = api_.CreateSession("1s");
  for (const char* key : {"a", "b"}) {
    EXPECT_EQ(api_.Send("PUT", "/v1/kv/" + std::string(key) + "?session=" + session, "x").status,
              200);
  }
  StreamReader lines(api_, "/v1/watch", kNdjson);
  StreamReader events(api_, "/v1/watch", kSse);
  EXPECT_EQ(lines.NextLine()["type"], "bookmark");
  EXPECT_NE(events.NextChunk()->find("event: bookmark"), std::string::npos);
  api_.service().AdvanceMs(1'001);
  const json first = lines.NextLine();
  const json last = lines.NextLine();
  EXPECT_EQ(first["revision"], last["revision"]);
  EXPECT_FALSE(first.contains("resume_from"));
  EXPECT_EQ(last["resume_from"], last["revision"].get<int>() + 1);
  EXPECT_EQ(events.NextChunk()->rfind("event: delete\n", 0), 0u);
  EXPECT_EQ(events.NextChunk()->rfind("id: ", 0), 0u);
}

TEST_F(WatchHandlersTest, CompactedBeforeTheStreamIsAProblem) {
  for (int i = 0; i < 5; ++i) Put("a", "x");
  api_.service().SetCompactRevision(Revision(3));
  const json gone = api_.ExpectProblem(410, "compacted", "GET", "/v1/watch?from=3");
  EXPECT_EQ(gone["compact_revision"], 3);
  const json polled = api_.ExpectProblem(410, "compacted", "GET", "/v1/watch?index=2");
  EXPECT_EQ(polled["compact_revision"], 3);
  StreamReader stream(api_, "/v1/watch?from=4", kNdjson);
  EXPECT_EQ(stream.NextLine()["revision"], 4);
}

TEST_F(WatchHandlersTest, TheEndOfAStreamSaysWhy) {
  Put("a", "x");
  StreamReader compacted(api_, "/v1/watch", kNdjson);
  EXPECT_EQ(compacted.NextLine()["type"], "bookmark");
  api_.service().SetCompactRevision(Revision(1));
  api_.service().EndWatches(Status(Code::kGone, "compacted", "The revision is compacted"));
  const json gone = compacted.NextLine();
  EXPECT_EQ(gone["type"], "compacted");
  EXPECT_EQ(gone["compact_revision"], 1);
  EXPECT_EQ(compacted.NextChunk(), std::nullopt);

  StreamReader evicted(api_, "/v1/watch", kNdjson);
  EXPECT_EQ(evicted.NextLine()["type"], "bookmark");
  Put("a", "y");
  EXPECT_EQ(evicted.NextLine()["revision"], 2);
  api_.service().EndWatches(Status(Code::kResourceExhausted, "slow_watcher", "Too slow"));
  const json slow = evicted.NextLine();
  EXPECT_EQ(slow["type"], "evicted");
  EXPECT_EQ(slow["code"], "slow_watcher");
  EXPECT_EQ(slow["resume_from"], 3);
  EXPECT_EQ(evicted.NextChunk(), std::nullopt);

  StreamReader left(api_, "/v1/watch", kNdjson);
  EXPECT_EQ(left.NextLine()["revision"], 2);
  api_.service().EndWatches(Status(Code::kUnavailable, "shutting_down", "Bye"));
  EXPECT_EQ(left.NextLine(), (json{{"type", "bookmark"}, {"revision", 2}, {"resume_from", 3}}));
  EXPECT_EQ(left.NextChunk(), std::nullopt);
}

TEST_F(WatchHandlersTest, RefusedBeforeTheStream) {
  api_.service().FailNext(
      Status(Code::kResourceExhausted, "too_many_watches", "This node serves as many as it takes"));
  api_.ExpectProblem(503, "too_many_watches", "GET", "/v1/watch");
  api_.service().FailNext(Status(Code::kUnavailable, "shutting_down", "Bye"));
  api_.ExpectProblem(503, "shutting_down", "GET", "/v1/watch?wait=1s");
}

TEST_F(WatchHandlersTest, ARevisionStillToComeIsWaitedFor) {
  StreamReader stream(api_, "/v1/watch?from=2", kNdjson);
  EXPECT_EQ(stream.head().rfind("HTTP/1.1 200", 0), 0u) << stream.head();
  ASSERT_TRUE(Eventually([&] { return api_.service().watches() == 1; }));
  Put("a", "1");
  Put("a", "2");
  EXPECT_EQ(stream.NextLine()["revision"], 2);
}

TEST_F(WatchHandlersTest, ClientsThatLeaveEndTheirWatch) {
  {
    StreamReader stream(api_, "/v1/watch", kSse);
    ASSERT_TRUE(Eventually([&] { return api_.service().watches() == 1; }));
    stream.Close();
  }
  EXPECT_TRUE(Eventually([&] { return api_.service().watches() == 0; }));
  RawClient poll(api_.port());
  ASSERT_TRUE(poll.Send("GET /v1/watch?wait=1m HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(Eventually([&] { return api_.service().watches() == 1; }));
  poll.Close();
  EXPECT_TRUE(Eventually([&] { return api_.service().watches() == 0; }));
  EXPECT_EQ(api_.service().watches_cancelled(), 2u);
}

// A value of the largest size reaches a client that reads.
TEST_F(WatchHandlersTest, TheLargestValueIsDelivered) {
  StreamReader stream(api_, "/v1/watch", kNdjson);
  EXPECT_EQ(stream.NextLine()["type"], "bookmark");
  Put("large", std::string(1 << 20, '\x01'));
  const json put = stream.NextLine();
  EXPECT_EQ(put["value"].get<std::string>().size(), size_t{1} << 20);
  EXPECT_EQ(put["resume_from"], 2);
}

// A client that does not read is cut off, told where to go on, and others are served meanwhile.
TEST(SlowWatcherTest, IsEvictedWithTheResumePoint) {
  ApiServer api(ApiServer::Kind::kClient,
                [](ListenOptions* options) { options->limits.stream_buffer_bytes_max = 100'000; });
  RawClient slow(api.port(), /*receive_buffer_bytes=*/4096);
  ASSERT_TRUE(slow.Send("GET /v1/watch HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  ASSERT_TRUE(Eventually([&] { return api.service().watches() == 1; }));
  const std::string value(200'000, 'x');
  int puts = 0;
  while (api.service().metrics().watches_evicted.value() == 0 && puts < 500) {
    ASSERT_EQ(api.Send("PUT", "/v1/kv/a", value).status, 200);
    ++puts;
  }
  ASSERT_EQ(api.service().metrics().watches_evicted.value(), 1u) << "after " << puts << " puts";
  const auto response = slow.ReadResponse();
  ASSERT_TRUE(response.has_value());
  EXPECT_TRUE(response->complete);
  std::vector<json> lines;
  for (size_t begin = 0; begin < response->body.size();) {
    const size_t end = response->body.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    lines.push_back(json::parse(response->body.substr(begin, end - begin)));
    begin = end + 1;
  }
  ASSERT_GT(lines.size(), 2u);
  const json last = lines.back();
  EXPECT_EQ(last["type"], "evicted");
  EXPECT_EQ(last["code"], "slow_watcher");
  EXPECT_EQ(last["resume_from"], lines[lines.size() - 2]["resume_from"]);
  for (size_t i = 1; i + 1 < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["revision"], i) << "nothing is left out of the middle";
  }
}

// Even when there is no room for anything else in the streams of the node.
TEST(SlowWatcherTest, IsToldSoWhenAllStreamsTogetherHaveNoRoom) {
  ApiServer api(ApiServer::Kind::kClient,
                [](ListenOptions* options) { options->limits.buffered_bytes_max = 100'000; });
  StreamReader reads(api, "/v1/watch", "");
  EXPECT_EQ(reads.NextLine()["type"], "bookmark");
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", std::string(100'001, 'x')).status, 200);
  ASSERT_EQ(api.service().metrics().watches_evicted.value(), 0u);
  EXPECT_EQ(api.Send("PUT", "/v1/kv/a", "y").status, 200);
  const json last = reads.NextLine();
  EXPECT_EQ(last["type"], "evicted");
  EXPECT_EQ(last["resume_from"], 1);
  EXPECT_EQ(reads.NextChunk(), std::nullopt);
}

TEST_F(WatchHandlersTest, BadRequests) {
  api_.ExpectProblem(406, "not_acceptable", "GET", "/v1/watch", "", {{"Accept", "text/html"}});
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/watch?key=a&prefix=b");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/watch?from=x");
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/watch?from=99999999999999999999");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/watch?from=1&index=1");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/watch", "",
                     {{"Last-Event-ID", "abc"}});
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/watch?wait=601s");
  api_.ExpectProblem(400, "malformed_duration", "GET", "/v1/watch?wait=ever");
  const json unknown = api_.ExpectProblem(400, "unknown_parameter", "GET", "/v1/watch?prefx=a");
  EXPECT_NE(unknown.value("detail", "").find("\"prefix\""), std::string::npos);
  EXPECT_EQ(api_.service().watches(), 0u);
}

TEST_F(WatchHandlersTest, HeadDoesNotWait) {
  const ClientResponse stream = api_.Send("HEAD", "/v1/watch", "", {{"Accept", "*/*"}});
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(HeaderOf(stream, "content-type"), "application/x-ndjson");
  EXPECT_EQ(api_.Send("HEAD", "/v1/watch?wait=1m").status, 200);
  EXPECT_EQ(api_.Send("HEAD", "/v1/elections/e/observe").status, 200);
  EXPECT_EQ(api_.service().watches(), 0u);
}

TEST_F(WatchHandlersTest, LongPollHasTheEventsSinceTheIndex) {
  for (int i = 1; i <= 3; ++i) Put("a", std::to_string(i));
  const json poll = api_.SendJson(200, "GET", "/v1/watch?prefix=a&index=1");
  ASSERT_EQ(poll["events"].size(), 2u);
  EXPECT_EQ(poll["events"][0]["revision"], 2);
  EXPECT_EQ(poll["events"][1]["value"], "3");
  EXPECT_EQ(poll["index"], 3);
  const json all = api_.SendJson(200, "GET", "/v1/watch?prefix=a&index=0");
  EXPECT_EQ(all["events"].size(), 3u);
}

TEST_F(WatchHandlersTest, LongPollWaitsForTheNextEvent) {
  Put("a", "1");
  for (const char* target : {"/v1/watch?prefix=a&wait=1m", "/v1/watch?prefix=a&index=1"}) {
    const uint64_t revision = api_.service().GetStatus()->revision.value();
    auto waiting = Call(target == std::string("/v1/watch?prefix=a&wait=1m")
                            ? target
                            : "/v1/watch?prefix=a&index=" + std::to_string(revision));
    ASSERT_TRUE(Eventually([&] { return api_.service().watches() == 1; }));
    Put("unrelated", "x");
    Put("a", "2");
    const ClientResponse response = waiting.get();
    EXPECT_EQ(response.status, 200);
    const json body = json::parse(response.body);
    ASSERT_EQ(body["events"].size(), 1u);
    EXPECT_EQ(body["events"][0]["revision"], revision + 2);
    EXPECT_EQ(HeaderOf(response, "x-revision"), std::to_string(revision + 2));
    EXPECT_TRUE(Eventually([&] { return api_.service().watches() == 0; }));
  }
}

TEST_F(WatchHandlersTest, LongPollTimesOutWithTheIndexToGoOnFrom) {
  Put("a", "1");
  Put("b", "2");
  const ClientResponse none = api_.Send("GET", "/v1/watch?prefix=c&index=1&wait=20ms");
  EXPECT_EQ(none.status, 204);
  EXPECT_EQ(HeaderOf(none, "x-revision"), "2");
  EXPECT_EQ(api_.Send("GET", "/v1/watch?prefix=c&wait=0").status, 204);
  const ClientResponse ahead = api_.Send("GET", "/v1/watch?prefix=c&index=9&wait=10");
  EXPECT_EQ(ahead.status, 204);
  EXPECT_EQ(HeaderOf(ahead, "x-revision"), "9") << "an index never goes back";
  EXPECT_TRUE(Eventually([&] { return api_.service().watches() == 0; }));
}

TEST_F(WatchHandlersTest, ObserveAnElection) {
  const std::string a = api_.CreateSession("1h");
  const std::string b = api_.CreateSession("1h");
  StreamReader empty(api_, "/v1/elections/e/observe", kNdjson);
  EXPECT_EQ(empty.NextLine()["leader"], nullptr);
  EXPECT_EQ(empty.NextLine()["type"], "bookmark");
  api_.SendJson(200, "POST", "/v1/elections/e/campaign",
                json{{"session", a}, {"value", "pod-a"}}.dump());
  EXPECT_EQ(empty.NextLine()["type"], "elected");
  StreamReader stream(api_, "/v1/elections/e/observe", kNdjson);
  const json now = stream.NextLine();
  EXPECT_EQ(now["type"], "leader");
  EXPECT_EQ(now["leader"]["value"], "pod-a");
  EXPECT_EQ(now["leader"]["token"], 1);
  EXPECT_EQ(stream.NextLine()["type"], "bookmark");
  api_.SendJson(200, "POST", "/v1/elections/other/campaign", json{{"session", a}}.dump());
  api_.SendJson(200, "POST", "/v1/elections/e/proclaim",
                json{{"session", a}, {"token", 1}, {"value", "pod-a:2"}}.dump());
  const json proclaimed = stream.NextLine();
  EXPECT_EQ(proclaimed["type"], "proclaimed");
  EXPECT_EQ(proclaimed["name"], "e");
  EXPECT_EQ(proclaimed["value"], "pod-a:2");
  api_.SendJson(200, "POST", "/v1/elections/e/resign", json{{"session", a}, {"token", 1}}.dump());
  EXPECT_EQ(stream.NextLine()["type"], "gone");
  api_.SendJson(200, "POST", "/v1/elections/e/campaign", json{{"session", b}}.dump());
  const json elected = stream.NextLine();
  EXPECT_EQ(elected["type"], "elected");
  EXPECT_EQ(elected["session"], b);

  const std::string last_id = std::to_string(proclaimed["revision"].get<int>());
  StreamReader resumed(api_, "/v1/elections/e/observe",
                       std::string(kSse) + "Last-Event-ID: " + last_id + "\r\n");
  EXPECT_NE(resumed.NextChunk()->find("event: gone"), std::string::npos);
  EXPECT_NE(resumed.NextChunk()->find("event: elected"), std::string::npos);
}

// The stream begins after a read; who left meanwhile must not leave a watch behind.
TEST_F(WatchHandlersTest, WhoLeavesBeforeObserveBeginsLeavesNoWatch) {
  for (const bool reset : {true, false}) {
    const uint64_t cancelled = api_.service().watches_cancelled();
    api_.service().Close();
    RawClient client(api_.port());
    ASSERT_TRUE(client.Send("GET /v1/elections/e/observe HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(Eventually([&] { return api_.Stats().requests_in_flight == 1; }));
    if (reset) {
      client.Reset();
      ASSERT_TRUE(Eventually([&] { return api_.Stats().connections_open == 0; }));
    } else {
      client.Close();
    }
    api_.service().Open();
    EXPECT_TRUE(Eventually([&] { return api_.service().watches_cancelled() == cancelled + 1; }));
    EXPECT_EQ(api_.service().watches(), 0u);
    EXPECT_TRUE(Eventually([&] { return api_.Stats().requests_in_flight == 0; }));
  }
}

TEST_F(WatchHandlersTest, ObserveFailsLikeARead) {
  api_.service().FailNext(Status(Code::kUnavailable, "no_leader", "Nobody leads"));
  api_.ExpectProblem(503, "no_leader", "GET", "/v1/elections/e/observe");
}

}  // namespace
}  // namespace baton::http
