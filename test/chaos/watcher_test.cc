#include "test/chaos/watcher.h"

#include <gtest/gtest.h>

namespace baton::chaos {
namespace {

const std::string kStream =
    R"({"type":"put","revision":3,"key":"a","value":"1","session":"0a"})"
    "\n"
    R"({"type":"delete","revision":3,"key":"b","resume_from":4})"
    "\n"
    R"({"type":"bookmark","revision":9,"resume_from":10})"
    "\n"
    R"({"type":"elected","revision":10,"name":"e","value":"x","token":5,"resume_from":11})"
    "\n"
    R"({"type":"put","revision":11,"key":"c","value":"of a revision that is not complete"})"
    "\n";

TEST(StreamReaderTest, WholeRevisionsAreDelivered) {
  for (size_t cut = 0; cut <= kStream.size(); ++cut) {
    history::Watch watch;
    StreamReader reader(&watch);
    reader.Take(kStream.substr(0, cut), 1);
    reader.Take(kStream.substr(cut), 2);
    ASSERT_EQ(watch.deliveries.size(), 3u) << cut;
    const history::Delivery& first = watch.deliveries[0];
    EXPECT_EQ(first.through, 3u);
    ASSERT_EQ(first.events.size(), 2u);
    EXPECT_EQ(first.events[0],
              (history::WatchedEvent{
                  .revision = 3, .kind = "put", .key = "a", .value = "1", .session = 10}));
    EXPECT_EQ(first.events[1].kind, "delete");
    EXPECT_TRUE(watch.deliveries[1].events.empty());
    EXPECT_EQ(watch.deliveries[1].through, 9u);
    EXPECT_EQ(watch.deliveries[2].events.at(0).key, "e");
    EXPECT_EQ(watch.deliveries[2].events.at(0).token, 5u);
    EXPECT_EQ(reader.next(), 11u);
  }
}

TEST(StreamReaderTest, AnEndThatIsTold) {
  history::Watch watch;
  StreamReader reader(&watch);
  reader.Take("{\"type\":\"compacted\",\"compact_revision\":40}\n", 1);
  EXPECT_EQ(watch.end_error, "compacted");
  EXPECT_EQ(reader.compacted_to(), 40u);
  EXPECT_TRUE(watch.deliveries.empty());
}

TEST(StreamReaderTest, HowThingsAreIsNoEvent) {
  history::Watch watch;
  StreamReader reader(&watch);
  reader.Take("{\"type\":\"leader\",\"leader\":null,\"revision\":6,\"resume_from\":7}\n", 1);
  EXPECT_TRUE(watch.deliveries.empty());
  EXPECT_EQ(reader.next(), 7u);
}

}  // namespace
}  // namespace baton::chaos
