#include "pkg/http/start_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <future>

#include "pkg/http/testing/no_threads.h"

namespace baton::http {
namespace {

TEST(StartThreadTest, RunsUnderItsName) {
  std::promise<void> named;
  std::string name;
  std::thread thread;
  const auto run = [&] {
    named.get_future().wait();
    char buffer[16];
    pthread_getname_np(pthread_self(), buffer, sizeof buffer);
    name = buffer;
  };
  ASSERT_TRUE(StartThread("a-name", run, &thread).ok());
  EXPECT_TRUE(StartThread(
                  "another", [] { FAIL(); }, &thread)
                  .ok())
      << "it is one already";
  named.set_value();
  thread.join();
  EXPECT_EQ(name, "a-name");
}

TEST(StartThreadTest, WhereNoneIsLeftItSaysWhatToRaise) {
  std::thread thread;
  {
    const NoThreads none;
    const Status started = StartThread(
        "a-name", [] { FAIL(); }, &thread);
    EXPECT_EQ(started.code(), Code::kResourceExhausted);
    EXPECT_EQ(started.reason(), "no_thread");
    EXPECT_NE(started.message().find("pids.max"), std::string::npos) << started.message();
    EXPECT_FALSE(thread.joinable());
  }
  bool ran = false;
  ASSERT_TRUE(StartThread(
                  "a-name", [&ran] { ran = true; }, &thread)
                  .ok())
      << "tried again";
  thread.join();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace baton::http
