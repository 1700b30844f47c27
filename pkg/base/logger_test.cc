#include "pkg/base/logger.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

// Keeps what it was told, the way every real Logger sees it.
class KeepingLogger final : public Logger {
 public:
  struct Line {
    LogLevel level;
    std::string message;
    std::vector<LogField> fields;
  };
  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override {
    lines.push_back({level, std::string(message), fields});
  }
  std::vector<Line> lines;
};

void ExpectField(const LogField& field, std::string_view key, std::string_view value,
                 bool is_number) {
  EXPECT_EQ(field.key, key);
  EXPECT_EQ(field.value, value);
  EXPECT_EQ(field.is_number, is_number) << key;
}

TEST(LogFieldTest, TextIsText) {
  ExpectField({"role", "leader"}, "role", "leader", false);
  ExpectField({"role", std::string("leader")}, "role", "leader", false);
  ExpectField({"role", std::string_view("leaders", 6)}, "role", "leader", false);
  ExpectField({"empty", ""}, "empty", "", false);
  ExpectField({"digits", "12"}, "digits", "12", false);
}

TEST(LogFieldTest, NumbersAreNumbers) {
  ExpectField({"n", 0}, "n", "0", true);
  ExpectField({"n", -5}, "n", "-5", true);
  ExpectField({"n", UINT64_MAX}, "n", "18446744073709551615", true);
  ExpectField({"n", INT64_MIN}, "n", "-9223372036854775808", true);
  ExpectField({"n", uint16_t{7}}, "n", "7", true);
  ExpectField({"term", Term(9)}, "term", "9", true);
}

TEST(LogFieldTest, FlagsAreWords) {
  ExpectField({"ready", true}, "ready", "true", false);
  ExpectField({"ready", false}, "ready", "false", false);
}

TEST(LoggerTest, FieldsArriveInOrder) {
  KeepingLogger keeping;
  Logger& logger = keeping;
  logger.Log(LogLevel::kWarning, "role changed", {{"role", "leader"}, {"term", Term(3)}});
  logger.Log(LogLevel::kInfo, "nothing more");
  ASSERT_EQ(keeping.lines.size(), 2u);
  EXPECT_EQ(keeping.lines[0].level, LogLevel::kWarning);
  EXPECT_EQ(keeping.lines[0].message, "role changed");
  ASSERT_EQ(keeping.lines[0].fields.size(), 2u);
  ExpectField(keeping.lines[0].fields[1], "term", "3", true);
  EXPECT_TRUE(keeping.lines[1].fields.empty());
}

TEST(LoggerTest, TheNullLoggerTakesAnything) {
  NullLogger null;
  Logger& logger = null;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  logger.Log(LogLevel::kError, "gone", {{"key", "value"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace baton
