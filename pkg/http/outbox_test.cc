#include "pkg/http/outbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "pkg/http/envelope.h"

namespace baton::http {
namespace {

node::PeerMessage Numbered(uint64_t id, size_t bytes = 0) {
  return node::ForwardRequest{id, 0, Term(1), 0, std::string(bytes, 'x')};
}
uint64_t IdOf(const node::PeerMessage& message) {
  return std::get<node::ForwardRequest>(message).id;
}

TEST(OutboxTest, InOrderAllAtOnce) {
  Outbox outbox({.messages_max = 10, .bytes_max = 1 << 20});
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(outbox.Push(Numbered(id)));
  const auto batch = outbox.Take(1 << 20);
  ASSERT_EQ(batch.size(), 3u);
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(IdOf(batch[id - 1]), id);
  EXPECT_EQ(outbox.size(), 0u);
}

TEST(OutboxTest, FullMeansDropped) {
  Outbox outbox({.messages_max = 2, .bytes_max = 1 << 20});
  EXPECT_TRUE(outbox.Push(Numbered(1)));
  EXPECT_TRUE(outbox.Push(Numbered(2)));
  EXPECT_FALSE(outbox.Push(Numbered(3)));
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(outbox.Push(Numbered(4)));
  EXPECT_EQ(outbox.Take(1 << 20).size(), 2u);
  EXPECT_TRUE(outbox.Push(Numbered(5)));
}

TEST(OutboxTest, BytesAreBoundedToo) {
  const size_t one = EncodedBytesMax(Numbered(1, 3000));
  Outbox outbox({.messages_max = 100, .bytes_max = 2 * one});
  EXPECT_TRUE(outbox.Push(Numbered(1, 3000)));
  EXPECT_TRUE(outbox.Push(Numbered(2, 3000)));
  EXPECT_FALSE(outbox.Push(Numbered(3)));
  EXPECT_EQ(outbox.Take(1).size(), 1u) << "one message is always taken";
  EXPECT_TRUE(outbox.Push(Numbered(3)));
}

TEST(OutboxTest, BatchesAreBounded) {
  const size_t one = EncodedBytesMax(Numbered(1, 3000));
  Outbox outbox({.messages_max = 100, .bytes_max = 1 << 20});
  for (uint64_t id = 1; id <= 5; ++id) outbox.Push(Numbered(id, 3000));
  EXPECT_EQ(outbox.Take(2 * one).size(), 2u);
  EXPECT_EQ(outbox.Take(3 * one - 1).size(), 2u);
  EXPECT_EQ(IdOf(outbox.Take(10 * one).at(0)), 5u);
}

TEST(OutboxTest, ClearDropsAndCounts) {
  Outbox outbox({.messages_max = 3, .bytes_max = 1 << 20});
  for (uint64_t id = 1; id <= 3; ++id) outbox.Push(Numbered(id));
  EXPECT_EQ(outbox.Clear(), 3u);
  EXPECT_EQ(outbox.Clear(), 0u);
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(outbox.Push(Numbered(id)));
}

TEST(OutboxTest, CloseEndsEveryWait) {
  Outbox outbox({});
  std::thread taker([&] { EXPECT_TRUE(outbox.Take(1).empty()); });
  std::thread pauser([&] { EXPECT_FALSE(outbox.Pause(3'600'000)); });
  outbox.Close();
  taker.join();
  pauser.join();
  EXPECT_TRUE(outbox.closed());
  EXPECT_FALSE(outbox.Push(Numbered(1)));
  EXPECT_TRUE(outbox.Take(1).empty());
}

TEST(OutboxTest, PauseEndsByItself) {
  Outbox outbox({});
  EXPECT_TRUE(outbox.Pause(1));
}

}  // namespace
}  // namespace baton::http
