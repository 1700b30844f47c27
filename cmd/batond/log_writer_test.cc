#include "cmd/batond/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <sstream>
#include <thread>

namespace baton::batond {
namespace {

constexpr int64_t kWallMs = 1'795'442'078'123;  // 2026-11-23T13:54:38.123Z

std::string Text(std::string_view message, std::initializer_list<LogField> fields = {}) {
  return FormatLogLine(LogFormat::kText, kWallMs, LogLevel::kInfo, message, {}, fields);
}
std::string Json(std::string_view message, std::initializer_list<LogField> fields = {}) {
  return FormatLogLine(LogFormat::kJson, kWallMs, LogLevel::kInfo, message, {}, fields);
}

TEST(FormatUtcTest, IsUtcWithMilliseconds) {
  EXPECT_EQ(FormatUtc(kWallMs), "2026-11-23T13:54:38.123Z");
  EXPECT_EQ(FormatUtc(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatUtc(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatUtc(951'782'400'007), "2000-02-29T00:00:00.007Z");
}

TEST(FormatLogLineTest, TextHasTimeLevelMessageAndFields) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, kWallMs, LogLevel::kInfo, "role changed", {{"node", 1}},
                          {{"role", "leader"}, {"term", Term(3)}, {"ok", true}}),
            "2026-11-23T13:54:38.123Z info    role changed node=1 role=leader term=3 ok=true\n");
  EXPECT_EQ(FormatLogLine(LogFormat::kText, kWallMs, LogLevel::kWarning, "x", {}, {}),
            "2026-11-23T13:54:38.123Z warning x\n");
}

TEST(FormatLogLineTest, JsonHasTheSameParts) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, kWallMs, LogLevel::kError, "role changed",
                          {{"node", 1}}, {{"role", "leader"}, {"lag", -5}}),
            "{\"time\":\"2026-11-23T13:54:38.123Z\",\"level\":\"error\",\"message\":\"role "
            "changed\",\"node\":1,\"role\":\"leader\",\"lag\":-5}\n");
}

TEST(FormatLogLineTest, TextValuesCannotForgeFieldsOrLines) {
  EXPECT_EQ(Text("m", {{"a", "x y"}}).substr(33), "m a=\"x y\"\n");
  EXPECT_EQ(Text("m", {{"a", ""}}).substr(33), "m a=\"\"\n");
  EXPECT_EQ(Text("m", {{"a", "b=c"}}).substr(33), "m a=\"b=c\"\n");
  EXPECT_EQ(Text("m", {{"a", "x\n2026 error forged"}}).substr(33),
            "m a=\"x\\n2026 error forged\"\n");
  EXPECT_EQ(Text("m", {{"a", "x\" b=\"y"}}).substr(33), "m a=\"x\\\" b=\\\"y\"\n");
  EXPECT_EQ(Text("m", {{"a", "\\n"}}).substr(33), "m a=\"\\\\n\"\n");
  EXPECT_EQ(Text("m", {{"a", "\r\t\x1b[2J\x7f"}}).substr(33), "m a=\"\\x0d\\x09\\x1b[2J\\x7f\"\n");
  EXPECT_EQ(Text("m", {{"a", "\xe2\x80\xa8"}}).substr(33), "m a=\"\\xe2\\x80\\xa8\"\n");  // U+2028
  EXPECT_EQ(Text("m", {{"a", std::string("\0", 1)}}).substr(33), "m a=\"\\x00\"\n");
  EXPECT_EQ(Text("m\nn", {{"a\n", "1"}}).substr(33), "m\\nn a\\n=1\n");
}

TEST(FormatLogLineTest, JsonEscapesEverythingThatIsNotPlain) {
  const std::string prefix =
      "{\"time\":\"2026-11-23T13:54:38.123Z\",\"level\":\"info\",\"message\":";
  EXPECT_EQ(Json("m", {{"a", "x\"\\\n\x01"}}),
            prefix + R"("m","a":"x\u0022\u005c\u000a\u0001"})" + "\n");
  EXPECT_EQ(Json("m", {{"a", "\xc3\xa9"}}), prefix + R"("m","a":"\u00e9"})" + "\n");
  EXPECT_EQ(Json("m", {{"a", "\xf0\x9f\x98\x80"}}), prefix + R"("m","a":"\ud83d\ude00"})" + "\n");
  EXPECT_EQ(Json("m", {{"message", "x"}, {"time", 1}}),
            prefix + R"("m","field_message":"x","field_time":1})" + "\n");
}

TEST(FormatLogLineTest, JsonReplacesBytesThatAreNotUtf8) {
  const std::string prefix =
      "{\"time\":\"2026-11-23T13:54:38.123Z\",\"level\":\"info\",\"message\":\"m\",\"a\":\"";
  const auto value = [&](const char* bytes) {
    const std::string line = Json("m", {{"a", bytes}});
    EXPECT_TRUE(line.starts_with(prefix) && line.ends_with("\"}\n")) << line;
    return line.substr(prefix.size(), line.size() - prefix.size() - 3);
  };
  const std::string bad = "\\ufffd";
  EXPECT_EQ(value("\xff"), bad);
  EXPECT_EQ(value("\xc3"), bad);                                // cut
  EXPECT_EQ(value("\xc3("), bad + "(");                         // no continuation
  EXPECT_EQ(value("\xc0\x80"), bad + bad);                      // overlong
  EXPECT_EQ(value("\xe0\x80\x80"), bad + bad + bad);            // overlong
  EXPECT_EQ(value("\xed\xa0\x80"), bad + bad + bad);            // surrogate
  EXPECT_EQ(value("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // above U+10FFFF
  EXPECT_EQ(value("\xf4\x8f\xbf\xbf"), "\\udbff\\udfff");       // U+10FFFF itself
}

TEST(FormatLogLineTest, ValuesAreCutAtTheirLimit) {
  const std::string at_limit(kLogValueBytesMax, 'a');
  EXPECT_EQ(Text("m", {{"a", at_limit}}).substr(33), "m a=" + at_limit + "\n");
  EXPECT_EQ(Text("m", {{"a", at_limit + "b"}}).substr(33), "m a=\"" + at_limit + "...\"\n");
  EXPECT_NE(Json("m", {{"a", at_limit + "b"}}).find("a...\"}\n"), std::string::npos);
  EXPECT_LT(Text("m", {{"a", std::string(10'000'000, 'a')}}).size(), 1000U);
}

TEST(FormatLogLineTest, LinesAreCutAtWholeFields) {
  const std::string escaped(kLogValueBytesMax, '\x01');  // four or six times as long when escaped
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = FormatLogLine(
        format, kWallMs, LogLevel::kInfo, "m", {},
        {{"a", escaped}, {"b", escaped}, {"c", escaped}, {"d", escaped}, {"last", 1}});
    EXPECT_LE(line.size(), kLogLineBytesMax);
    EXPECT_NE(line.find(format == LogFormat::kText ? " a=\"" : ",\"a\":\""), std::string::npos);
    EXPECT_EQ(line.find("last"), std::string::npos) << "what follows a left out field is left out";
    EXPECT_TRUE(line.ends_with(format == LogFormat::kText ? "\"\n" : "\"}\n"));
  }
}

// A pipe whose read end gives lines.
class LogWriterTest : public ::testing::Test {
 protected:
  LogWriterTest() { EXPECT_EQ(pipe2(fds_, O_CLOEXEC), 0); }
  ~LogWriterTest() override {
    close(fds_[0]);
    if (fds_[1] >= 0) close(fds_[1]);
  }

  std::vector<std::string> ReadLines() {
    close(fds_[1]);
    fds_[1] = -1;
    std::string bytes;
    char piece[4096];
    for (ssize_t size = 0; (size = read(fds_[0], piece, sizeof piece)) > 0;) {
      bytes.append(piece, static_cast<size_t>(size));
    }
    std::vector<std::string> lines;
    std::istringstream in(bytes);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  int fds_[2] = {-1, -1};
  ManualClock clock_;
};

TEST_F(LogWriterTest, WritesFromTheLowestLevelOn) {
  LogWriter writer(fds_[1], LogFormat::kText, LogLevel::kInfo, &clock_, {{"node", 7}});
  writer.Log(LogLevel::kDebug, "too fine");
  writer.Log(LogLevel::kInfo, "one", {{"a", 1}});
  clock_.AdvanceMs(1500);
  writer.Log(LogLevel::kError, "two");
  const auto lines = ReadLines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "2023-11-14T22:13:20.000Z info    one node=7 a=1");
  EXPECT_EQ(lines[1], "2023-11-14T22:13:21.500Z error   two node=7");
}

TEST_F(LogWriterTest, LinesOfManyThreadsStayWhole) {
  LogWriter writer(fds_[1], LogFormat::kJson, LogLevel::kInfo, &clock_, {});
  std::vector<std::string> lines;
  std::thread reader([&] {
    // Reads until each thread's last line was seen, so that the pipe never stays full.
    std::string bytes;
    char piece[4096];
    while (true) {
      const ssize_t size = read(fds_[0], piece, sizeof piece);
      if (size <= 0) break;
      bytes.append(piece, static_cast<size_t>(size));
    }
    std::istringstream in(bytes);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  });
  std::vector<std::thread> threads;
  constexpr int kThreads = 4, kLines = 200;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&writer, thread] {
      for (int i = 0; i < kLines; ++i) {
        writer.Log(LogLevel::kInfo, "line", {{"thread", thread}, {"i", i}, {"fill", "a b c"}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  close(fds_[1]);
  fds_[1] = -1;
  reader.join();
  std::set<std::string> distinct;
  size_t notices = 0;
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("{\"time\":") && line.ends_with("}")) << line;
    if (line.find("log lines dropped") != std::string::npos) {
      ++notices;
    } else {
      EXPECT_TRUE(distinct.insert(line).second) << line;
    }
  }
  EXPECT_EQ(distinct.size() + writer.lines_dropped(), static_cast<size_t>(kThreads * kLines));
}

TEST_F(LogWriterTest, AFullPipeCostsLinesNotTimeAndIsTold) {
  LogWriter writer(fds_[1], LogFormat::kText, LogLevel::kInfo, &clock_, {});
  const std::string fill(400, 'x');
  int logged = 0;
  while (writer.lines_dropped() < 3) {
    writer.Log(LogLevel::kInfo, "fill", {{"fill", fill}});
    ASSERT_LT(++logged, 100'000) << "the pipe never fills";
  }
  char piece[65536];
  ASSERT_GT(read(fds_[0], piece, sizeof piece), 8192);
  writer.Log(LogLevel::kInfo, "after");
  EXPECT_EQ(writer.lines_dropped(), 3U);
  const auto lines = ReadLines();
  ASSERT_GE(lines.size(), 2U);
  EXPECT_NE(lines[lines.size() - 2].find("log lines dropped count=3"), std::string::npos);
  EXPECT_NE(lines.back().find("after"), std::string::npos);
}

TEST_F(LogWriterTest, AClosedDescriptorIsNoCrash) {
  LogWriter writer(-1, LogFormat::kText, LogLevel::kInfo, &clock_, {});
  writer.Log(LogLevel::kInfo, "nobody reads this");
  EXPECT_EQ(writer.lines_dropped(), 1U);
}

}  // namespace
}  // namespace baton::batond
