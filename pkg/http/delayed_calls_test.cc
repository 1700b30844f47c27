#include "pkg/http/delayed_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "pkg/http/testing/eventually.h"

namespace baton::http {
namespace {

TEST(DelayedCallsTest, InTheOrderOfTheirTimes) {
  const auto calls = DelayedCalls::Start();
  std::vector<int> order;  // written by the one thread of the calls, read after `last`
  std::promise<void> last;
  calls->After(60, [&] {
    order.push_back(3);
    last.set_value();
  });
  calls->After(30, [&] { order.push_back(2); });
  calls->After(0, [&] { order.push_back(1); });
  last.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(DelayedCallsTest, WhatIsCancelledIsDropped) {
  const auto calls = DelayedCalls::Start();
  const auto held = std::make_shared<int>(1);
  std::atomic<bool> called{false};
  const uint64_t id = calls->After(3'600'000, [held, &called] { called = true; });
  EXPECT_EQ(held.use_count(), 2);
  calls->Cancel(id);
  EXPECT_EQ(held.use_count(), 1);
  calls->Cancel(id);
  calls->Cancel(12345);
  EXPECT_FALSE(called);
}

TEST(DelayedCallsTest, TheEndDropsWhatWaits) {
  const auto held = std::make_shared<int>(1);
  auto calls = DelayedCalls::Start();
  for (int i = 0; i < 100; ++i) calls->After(3'600'000, [held] {});
  calls.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(DelayedCallsTest, CallsMayMakeCalls) {
  const auto calls = DelayedCalls::Start();
  std::atomic<int> depth{0};
  std::function<void()> again = [&] {
    if (++depth < 5) calls->After(1, again);
  };
  calls->After(1, again);
  EXPECT_TRUE(Eventually([&] { return depth == 5; }));
}

}  // namespace
}  // namespace baton::http
