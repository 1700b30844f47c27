#include "pkg/metrics/process_facts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <string>

namespace baton::metrics {
namespace {

// Fields 14, 15: 150 and 50 ticks of CPU; 20: 9 threads; 22: started 300 ticks after boot; 23:
// virtual bytes; 24: resident pages.
constexpr char kStatTail[] =
    " S 1 2 3 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 300 8192000 25 18446744073709551615\n";

TEST(ParseStatTest, ReadsTheFieldsOfTheManual) {
  ProcessFacts facts;
  internal::ParseStat(std::string("42 (batond)") + kStatTail, 100, 4096, 1000, &facts);
  EXPECT_EQ(facts.cpu_seconds, 2);
  EXPECT_EQ(facts.threads, 9);
  EXPECT_EQ(facts.start_time_seconds, 1003);
  EXPECT_EQ(facts.virtual_bytes, 8192000);
  EXPECT_EQ(facts.resident_bytes, 25 * 4096);
}

TEST(ParseStatTest, TheProgramsNameMayHoldAnything) {
  ProcessFacts facts;
  internal::ParseStat(std::string("42 (a) R 1 (b c)") + kStatTail, 100, 4096, 1000, &facts);
  EXPECT_EQ(facts.threads, 9);
}

TEST(ParseStatTest, WhatIsNotThereStaysUnknown) {
  for (const std::string stat : {"", "42 (batond", "42 (batond) S 1 2", "42 (batond)"}) {
    ProcessFacts facts;
    internal::ParseStat(stat, 100, 4096, 1000, &facts);
    EXPECT_EQ(facts.cpu_seconds, -1) << stat;
    EXPECT_EQ(facts.resident_bytes, -1) << stat;
  }
  ProcessFacts facts;
  internal::ParseStat(std::string("42 (batond)") + kStatTail, 100, 4096, -1, &facts);
  EXPECT_EQ(facts.start_time_seconds, -1) << "without the time of the boot";
  EXPECT_EQ(facts.threads, 9);
}

TEST(ParseBootTimeTest, FindsTheLine) {
  EXPECT_EQ(internal::ParseBootTime("cpu 1 2\nbtime 1700000000\nprocesses 5\n"), 1700000000);
  EXPECT_EQ(internal::ParseBootTime("btime 7"), 7);
  EXPECT_EQ(internal::ParseBootTime("xbtime 7\n"), -1);
  EXPECT_EQ(internal::ParseBootTime("btime x\n"), -1);
  EXPECT_EQ(internal::ParseBootTime(""), -1);
}

TEST(ReadProcessFactsTest, SeesThisProcess) {
  const ProcessFacts before = ReadProcessFacts();
  EXPECT_GT(before.resident_bytes, 1e5);
  EXPECT_GT(before.virtual_bytes, before.resident_bytes);
  EXPECT_GE(before.cpu_seconds, 0);
  EXPECT_GE(before.threads, 1);
  EXPECT_GT(before.max_fds, 2);
  const double now = static_cast<double>(time(nullptr));
  EXPECT_GT(before.start_time_seconds, now - 24 * 3600);
  EXPECT_LE(before.start_time_seconds, now + 2);

  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(ReadProcessFacts().open_fds, before.open_fds + 1);
  close(fd);
  EXPECT_EQ(ReadProcessFacts().open_fds, before.open_fds);
}

}  // namespace
}  // namespace baton::metrics
