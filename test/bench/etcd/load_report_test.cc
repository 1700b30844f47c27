#include "test/bench/etcd/load_report.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::bench {
namespace {

constexpr char kReport[] =
    R"({"bench":"lock","seconds":3.0,"operations":3000,"operations_per_s":1000.5,"errors_total":1,
"latency":{"lock":{"p50_us":1,"p99_us":2,"max_us":3},
"hand_over":{"p50_us":900,"p99_us":4000.5,"max_us":9000}}})";

TEST(LoadReportTest, ReadsWhatCounts) {
  const Result<LoadReport> report = ParseLoadReport(kReport, "hand_over");
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->operations, 3000);
  EXPECT_EQ(report->errors, 1);
  EXPECT_EQ(report->rate_per_s, 1000.5);
  EXPECT_EQ(report->p50_us, 900);
  EXPECT_EQ(report->p99_us, 4000.5);
  EXPECT_EQ(report->max_us, 9000);
}

TEST(LoadReportTest, WordsMayStandBeforeIt) {
  EXPECT_TRUE(ParseLoadReport(std::string("writing\n") + kReport, "lock").ok());
}

TEST(LoadReportTest, NamesWhatIsMissing) {
  std::string text = kReport;
  text.replace(text.find("errors_total"), 12, "errors_there");
  EXPECT_NE(ParseLoadReport(text, "lock").status().message().find("errors_total"),
            std::string::npos);
  EXPECT_NE(ParseLoadReport(kReport, "get").status().message().find("/latency/get/p50_us"),
            std::string::npos);
  for (const char* wrong : {"", "{", "no report", "[]"}) {
    EXPECT_FALSE(ParseLoadReport(wrong, "lock").ok()) << wrong;
  }
}

TEST(RunLoadTest, ProgramsThatFailOrHangAreErrors) {
  EXPECT_EQ(RunLoad({"/bin/false"}, "lock", 10'000).status().code(), Code::kUnavailable);
  EXPECT_EQ(RunLoad({"/bin/sleep", "60"}, "lock", 100).status().code(), Code::kDeadlineExceeded);
  const Result<LoadReport> report = RunLoad({"/bin/echo", kReport}, "lock", 10'000);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->operations, 3000);
}

}  // namespace
}  // namespace baton::bench
