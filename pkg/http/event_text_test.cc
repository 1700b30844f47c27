#include "pkg/http/event_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::http {
namespace {

using nlohmann::json;

coord::Event Put(const std::string& key, const std::string& value) {
  coord::Event event;
  event.revision = Revision(7);
  event.kind = coord::EventKind::kKvPut;
  event.key = key;
  event.value = value;
  event.create_revision = Revision(3);
  event.version = 2;
  return event;
}

TEST(EventTextTest, EachKindHasItsFields) {
  EXPECT_EQ(EventJson(Put("a", "1")), (json{{"type", "put"},
                                            {"key", "a"},
                                            {"value", "1"},
                                            {"revision", 7},
                                            {"mod_revision", 7},
                                            {"create_revision", 3},
                                            {"version", 2}}));
  coord::Event event;
  event.revision = Revision(8);
  event.kind = coord::EventKind::kKvDelete;
  event.key = "a";
  event.session = SessionId(255);
  EXPECT_EQ(
      EventJson(event),
      (json{{"type", "delete"}, {"key", "a"}, {"revision", 8}, {"session", "00000000000000ff"}}));
  const std::pair<coord::EventKind, const char*> queue_kinds[] = {
      {coord::EventKind::kLockAcquired, "acquired"},
      {coord::EventKind::kLockReleased, "released"},
      {coord::EventKind::kLeaderElected, "elected"},
      {coord::EventKind::kLeaderProclaimed, "proclaimed"},
      {coord::EventKind::kLeaderGone, "gone"}};
  for (const auto& [kind, name] : queue_kinds) {
    event.kind = kind;
    event.value = "me";
    event.token = Token(5);
    EXPECT_EQ(EventJson(event), (json{{"type", name},
                                      {"name", "a"},
                                      {"value", "me"},
                                      {"revision", 8},
                                      {"session", "00000000000000ff"},
                                      {"token", 5}}));
  }
}

TEST(EventTextTest, BytesThatAreNotText) {
  const json body = EventJson(Put("\xff", "\xfe"));
  EXPECT_EQ(body["key_b64"], "/w==");
  EXPECT_EQ(body["value_b64"], "/g==");
  EXPECT_FALSE(body.contains("key"));
  EXPECT_FALSE(body.contains("value"));
}

TEST(EventTextTest, NdjsonIsOneLineEach) {
  const std::string line = EventMessage(StreamForm::kNdjson, Put("a", "x\ny\r\n"), true);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const json body = json::parse(line);
  EXPECT_EQ(body["value"], "x\ny\r\n");
  EXPECT_EQ(body["resume_from"], 8);
  EXPECT_FALSE(
      json::parse(EventMessage(StreamForm::kNdjson, Put("a", "1"), false)).contains("resume_from"));
  EXPECT_EQ(BookmarkMessage(StreamForm::kNdjson, Revision(9)),
            "{\"resume_from\":10,\"revision\":9,\"type\":\"bookmark\"}\n");
}

// A client that is cut off inside a revision must get the whole of it again: only its last event
// moves the browser's last event id.
TEST(EventTextTest, ServerSentEventsHaveAnIdAtTheEndOfTheRevision) {
  const std::string first = EventMessage(StreamForm::kServerSentEvents, Put("a", "x\ny"), false);
  EXPECT_EQ(first.rfind("event: put\ndata: {", 0), 0u) << first;
  EXPECT_TRUE(first.ends_with("}\n\n")) << first;
  const std::string last = EventMessage(StreamForm::kServerSentEvents, Put("a", "1"), true);
  EXPECT_EQ(last.rfind("id: 7\nevent: put\ndata: {", 0), 0u) << last;
  EXPECT_EQ(BookmarkMessage(StreamForm::kServerSentEvents, Revision(9)),
            "id: 9\nevent: bookmark\n"
            "data: {\"resume_from\":10,\"revision\":9,\"type\":\"bookmark\"}\n\n");
}

}  // namespace
}  // namespace baton::http
