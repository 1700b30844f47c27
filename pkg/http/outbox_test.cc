#include "pkg/http/outbox.h"

#include <gtest/gtest.h>
#include <poll.h>

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
  Wakeup wakeup;
  Outbox outbox({.messages_max = 10, .bytes_max = 1 << 20}, &wakeup);
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(outbox.Push(Numbered(id)));
  const auto batch = outbox.Take(1 << 20);
  ASSERT_EQ(batch.size(), 3u);
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(IdOf(batch[id - 1]), id);
  EXPECT_EQ(outbox.size(), 0u);
}

TEST(OutboxTest, FullMeansDropped) {
  Wakeup wakeup;
  Outbox outbox({.messages_max = 2, .bytes_max = 1 << 20}, &wakeup);
  EXPECT_TRUE(outbox.Push(Numbered(1)));
  EXPECT_TRUE(outbox.Push(Numbered(2)));
  EXPECT_FALSE(outbox.Push(Numbered(3)));
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(outbox.Push(Numbered(4)));
  EXPECT_EQ(outbox.Take(1 << 20).size(), 2u);
  EXPECT_TRUE(outbox.Push(Numbered(5)));
}

TEST(OutboxTest, BytesAreBoundedToo) {
  const size_t one = EncodedBytesMax(Numbered(1, 3000));
  Wakeup wakeup;
  Outbox outbox({.messages_max = 100, .bytes_max = 2 * one}, &wakeup);
  EXPECT_TRUE(outbox.Push(Numbered(1, 3000)));
  EXPECT_TRUE(outbox.Push(Numbered(2, 3000)));
  EXPECT_FALSE(outbox.Push(Numbered(3)));
  EXPECT_EQ(outbox.Take(1).size(), 1u) << "one message is always taken";
  EXPECT_TRUE(outbox.Push(Numbered(3)));
}

TEST(OutboxTest, BatchesAreBounded) {
  const size_t one = EncodedBytesMax(Numbered(1, 3000));
  Wakeup wakeup;
  Outbox outbox({.messages_max = 100, .bytes_max = 1 << 20}, &wakeup);
  for (uint64_t id = 1; id <= 5; ++id) outbox.Push(Numbered(id, 3000));
  EXPECT_EQ(outbox.Take(2 * one).size(), 2u);
  EXPECT_EQ(outbox.Take(3 * one - 1).size(), 2u);
  EXPECT_EQ(IdOf(outbox.Take(10 * one).at(0)), 5u);
}

TEST(OutboxTest, ClearDropsAndCounts) {
  Wakeup wakeup;
  Outbox outbox({.messages_max = 3, .bytes_max = 1 << 20}, &wakeup);
  for (uint64_t id = 1; id <= 3; ++id) outbox.Push(Numbered(id));
  EXPECT_EQ(node::ForwardsOf(outbox.Clear()), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_TRUE(outbox.Clear().empty());
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(outbox.Push(Numbered(id)));
}

TEST(OutboxTest, CloseEndsEveryWait) {
  Wakeup wakeup;
  Outbox outbox({}, &wakeup);
  ASSERT_TRUE(wakeup.Open().ok());
  std::thread taker([&] {
    EXPECT_TRUE(outbox.Take(1).empty());
    pollfd wait{wakeup.descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&wait, 1, 10'000), 1);
  });
  std::thread pauser([&] { EXPECT_FALSE(outbox.Pause(3'600'000)); });
  outbox.Close();
  taker.join();
  pauser.join();
  EXPECT_TRUE(outbox.closed());
  EXPECT_FALSE(outbox.Push(Numbered(1)));
  EXPECT_TRUE(outbox.Take(1).empty());
}

bool IsRung(const Wakeup& wakeup) {
  pollfd wait{wakeup.descriptor(), POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

// A system call for whoever pushes, and no more of them than there are waits.
TEST(OutboxTest, OneRingForAllThatIsPushed) {
  Wakeup wakeup;
  ASSERT_TRUE(wakeup.Open().ok());
  Outbox outbox({}, &wakeup);
  outbox.Push(Numbered(1));
  EXPECT_FALSE(IsRung(wakeup)) << "nobody waits";
  EXPECT_EQ(outbox.Take(1 << 20).size(), 1u);
  outbox.Push(Numbered(2));
  EXPECT_FALSE(IsRung(wakeup)) << "the taker comes back for more";
  EXPECT_EQ(outbox.Take(1 << 20).size(), 1u);
  EXPECT_TRUE(outbox.Take(1 << 20).empty());
  outbox.Push(Numbered(3));
  EXPECT_TRUE(IsRung(wakeup));
  wakeup.Clear();
  outbox.Push(Numbered(4));
  EXPECT_FALSE(IsRung(wakeup)) << "it was rung already";
  EXPECT_EQ(outbox.Take(1 << 20).size(), 2u);
}

TEST(OutboxTest, IdleMeansSettled) {
  Wakeup wakeup;
  Outbox outbox({}, &wakeup);
  EXPECT_TRUE(outbox.WaitUntilIdle(0));
  outbox.Push(Numbered(1));
  EXPECT_FALSE(outbox.WaitUntilIdle(0));
  EXPECT_EQ(outbox.Take(1 << 20).size(), 1u);
  EXPECT_TRUE(outbox.Take(1 << 20).empty());
  EXPECT_FALSE(outbox.WaitUntilIdle(0)) << "it is under way";
  outbox.Push(Numbered(2));
  outbox.Settle();
  EXPECT_FALSE(outbox.WaitUntilIdle(0)) << "there is more";
  EXPECT_EQ(outbox.Take(1 << 20).size(), 1u);
  outbox.Settle();
  EXPECT_TRUE(outbox.WaitUntilIdle(0));
  outbox.Push(Numbered(3));
  EXPECT_EQ(outbox.Take(1 << 20).size(), 1u);
  outbox.Clear();
  EXPECT_TRUE(outbox.WaitUntilIdle(0)) << "it was lost";
}

TEST(OutboxTest, PauseEndsByItself) {
  Wakeup wakeup;
  Outbox outbox({}, &wakeup);
  EXPECT_TRUE(outbox.Pause(1));
}

}  // namespace
}  // namespace baton::http
