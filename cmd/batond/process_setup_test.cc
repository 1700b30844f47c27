#include "cmd/batond/process_setup.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace baton::batond {
namespace {

TEST(RaiseFileLimitTest, TheSoftLimitBecomesTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lowered = before;
  lowered.rlim_cur = before.rlim_max / 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  EXPECT_EQ(RaiseFileLimit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(after.rlim_max, before.rlim_max);
}

// As when a thread is started where the system has none left.
TEST(ExplainTerminationDeathTest, SaysWhichLimitToRaise) {
  const auto die = [](auto error) {
    ExplainTermination();
    std::thread([error] { throw error; }).join();
  };
  EXPECT_DEATH(
      die(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))),
      "batond: fatal: .*pids.max");
  EXPECT_DEATH(die(std::runtime_error("it broke")), "batond: fatal: it broke\n");
  EXPECT_DEATH(die(7), "batond: fatal: an error that nobody handles\n");
}

TEST(DrawSeedTest, DoesNotRepeat) {
  std::set<uint64_t> seeds;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seeds.insert(DrawSeed()).second);
}

TEST(StopSignalTest, SignalsWaitUntilTheyAreAskedFor) {
  BlockStopSignals();
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);  // not blocked, it would end the test
  EXPECT_EQ(WaitForStopSignal(), SIGTERM);
  ASSERT_EQ(kill(getpid(), SIGINT), 0);
  EXPECT_EQ(WaitForStopSignal(), SIGINT);
}

TEST(StopSignalTest, ABrokenPipeIsNotTheEnd) {
  BlockStopSignals();
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  close(fds[0]);
  EXPECT_EQ(write(fds[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  close(fds[1]);
}

}  // namespace
}  // namespace baton::batond
