// The count that ends `make test` comes from results and cannot be talked into a green one.
#include <gtest/gtest.h>

#include <string>

#include "test/integration/process.h"
#include "test/scripts/script.h"

namespace baton::scripts {
namespace {

class CountTestsTest : public testing::Test {
 protected:
  void Configured(const std::string& label) {
    events_ += R"({"id":{"targetConfigured":{"label":")" + label +
               R"("}},"configured":{"targetKind":"cc_test rule","testSize":"SMALL"}})" + "\n";
  }

  void ConfiguredLibrary(const std::string& label) {
    events_ += R"({"id":{"targetConfigured":{"label":")" + label +
               R"("}},"configured":{"targetKind":"cc_library rule"}})" + "\n";
  }

  // A run of `label`; without cases it left no test.xml.
  void Ran(const std::string& label, const std::string& status, const std::string& cases = "") {
    ++runs_;
    const std::string base = directory_.path() + "/run " + std::to_string(runs_);
    WriteFile(base + ".log", "");
    std::string outputs = R"({"name":"test.log","uri":"file://)" + Escaped(base) + R"(.log"})";
    if (!cases.empty()) {
      WriteFile(base + ".xml", "<testsuites><testsuite>" + cases + "</testsuite></testsuites>");
      outputs += R"(,{"name":"test.xml","uri":"file://)" + Escaped(base) + R"(.xml"})";
    }
    events_ += R"({"id":{"testResult":{"label":")" + label + R"("}},"testResult":{"status":")" +
               status + R"(","testActionOutput":[)" + outputs + "]}}\n";
  }

  Outcome Count(int bazel_exit) {
    WriteFile(directory_.path() + "/events.json", events_);
    return RunScript("count-tests", {"events.json", std::to_string(bazel_exit)}, directory_.path());
  }

  static std::string Escaped(std::string path) {
    for (size_t at; (at = path.find(' ')) != std::string::npos;) path.replace(at, 1, "%20");
    return path;
  }

  const integration::TemporaryDirectory directory_;
  std::string events_;
  int runs_ = 0;
};

constexpr char kPassed[] = R"(<testcase name="A" status="run" classname="T"/>)";
constexpr char kFailed[] =
    R"(<testcase name="B" status="run" classname="T"><failure message="x"/></testcase>)";
constexpr char kSkipped[] =
    R"(<testcase name="C" status="run" classname="T"><skipped message="x"/></testcase>)";
constexpr char kDisabled[] = R"(<testcase name="D" status="notrun" classname="T"/>)";

TEST_F(CountTestsTest, CountsCasesAndNotTargets) {
  Configured("//a:one");
  Ran("//a:one", "PASSED", std::string(kPassed) + kPassed + kPassed);
  Configured("//a:two");
  Ran("//a:two", "PASSED", kPassed);
  const Outcome outcome = Count(0);
  EXPECT_EQ(outcome.output, "4 passed, 0 failed\n");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_F(CountTestsTest, NamesWhatFailedAndItsLog) {
  Configured("//a:one");
  Ran("//a:one", "FAILED", std::string(kPassed) + kFailed);
  const Outcome outcome = Count(3);
  EXPECT_EQ(outcome.output, "failed: //a:one T.B\n  log: " + directory_.path() +
                                "/run 1.log\n1 passed, 1 failed\n");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(CountTestsTest, WhatDidNotRunIsNeitherPassedNorFailed) {
  Configured("//a:one");
  Ran("//a:one", "PASSED", std::string(kPassed) + kDisabled);
  EXPECT_EQ(LastLine(Count(0).output), "1 passed, 0 failed");
}

TEST_F(CountTestsTest, WhatWasSkippedIsCountedWithItsReason) {
  Configured("//a:one");
  Ran("//a:one", "PASSED", std::string(kPassed) + kSkipped + kSkipped);
  EXPECT_EQ(Count(0).output, "skipped: //a:one 2 cases: x\n1 passed, 0 failed, 2 skipped\n");
}

TEST_F(CountTestsTest, ACrashWithoutResultsIsOneFailure) {
  Configured("//a:one");
  Ran("//a:one", "FAILED");
  Configured("//a:two");
  Ran("//a:two", "TIMEOUT", kPassed);
  const Outcome outcome = Count(3);
  EXPECT_EQ(LastLine(outcome.output), "1 passed, 2 failed");
  EXPECT_NE(outcome.output.find("failed: //a:two (TIMEOUT, no case named)"), std::string::npos);
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(CountTestsTest, ResultsThatCannotBeReadAreAFailure) {
  Configured("//a:one");
  Ran("//a:one", "FAILED", "<testcase");
  EXPECT_EQ(LastLine(Count(3).output), "0 passed, 1 failed");
}

TEST_F(CountTestsTest, ATestThatDidNotBuildIsOneFailure) {
  Configured("//a:one");
  Ran("//a:one", "PASSED", kPassed);
  Configured("//a:broken");
  ConfiguredLibrary("//a:library");
  const Outcome outcome = Count(1);
  EXPECT_EQ(LastLine(outcome.output), "1 passed, 1 failed");
  EXPECT_NE(outcome.output.find("//a:broken"), std::string::npos);
  EXPECT_EQ(outcome.output.find("//a:library"), std::string::npos);
}

TEST_F(CountTestsTest, ABuildThatFailedIsAFailureThoughAllTestsPassed) {
  Configured("//a:one");
  Ran("//a:one", "PASSED", kPassed);
  const Outcome outcome = Count(1);
  EXPECT_EQ(outcome.output, "failed: the build; Bazel's words are above\n1 passed, 1 failed\n");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(CountTestsTest, NoTestAtAllIsNoSuccess) {
  const Outcome outcome = Count(0);
  EXPECT_EQ(outcome.output, "0 passed, 0 failed\n");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(CountTestsTest, EachRunOfATargetCounts) {
  Configured("//a:sharded");
  Ran("//a:sharded", "PASSED", kPassed);
  Ran("//a:sharded", "PASSED", std::string(kPassed) + kPassed);
  EXPECT_EQ(LastLine(Count(0).output), "3 passed, 0 failed");
}

}  // namespace
}  // namespace baton::scripts
