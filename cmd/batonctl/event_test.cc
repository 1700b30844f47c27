#include "cmd/batonctl/event.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace baton::batonctl {
namespace {

TEST(EventTest, StaysSet) {
  Event event;
  const int fd = event.fd();
  EXPECT_EQ(WaitForAny({&fd, 1}, 0), -1);
  event.Set();
  EXPECT_EQ(WaitForAny({&fd, 1}, 0), 0);
  EXPECT_EQ(WaitForAny({&fd, 1}, -1), 0);
}

TEST(EventTest, WakesAnotherThread) {
  Event event;
  const int fd = event.fd();
  std::thread setter([&] { event.Set(); });
  EXPECT_EQ(WaitForAny({&fd, 1}, -1), 0);
  setter.join();
}

TEST(WaitForAnyTest, GivesTheFirstReadableAndPassesOverAbsentOnes) {
  Event a, b;
  b.Set();
  EXPECT_EQ(WaitForAny(std::array{a.fd(), -1, b.fd()}, -1), 2);
  a.Set();
  EXPECT_EQ(WaitForAny(std::array{a.fd(), -1, b.fd()}, -1), 0);
  EXPECT_EQ(WaitForAny(std::array{-1}, 1), -1);
}

}  // namespace
}  // namespace baton::batonctl
