#include "test/history/json_lines.h"

#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "test/history/testing/random_history.h"

namespace baton::history {
namespace {

std::string ErrorOf(const std::string& line) {
  const Result<Record> record = FromLine(line);
  return record.ok() ? "" : record.status().message();
}

// Every field with a value of its own.
Operation FullOperation() {
  Operation operation;
  operation.client = 1;
  operation.node = 2;
  operation.attempts = 3;
  operation.kind = Kind::kPut;
  operation.space = Space::kElection;
  operation.key = "key";
  operation.value = std::string("\xff\x00 bytes", 8);
  operation.expected_revision = 0;
  operation.session = ~uint64_t{0};
  operation.guard_lock = "lock";
  operation.token = 4;
  operation.ttl_ms = 5;
  operation.compact_to = 6;
  operation.min_revision = 4;
  operation.call_us = -7;
  operation.return_us = 8;
  operation.outcome = Outcome::kRefused;
  operation.error = "precondition_failed";
  operation.revision = 9;
  operation.replayed = true;
  operation.found = true;
  operation.found_value_omitted = true;
  operation.found_value = "\xc3\xa4\"\\\n";
  operation.found_mod_revision = 10;
  operation.found_session = 11;
  operation.granted_token = 12;
  operation.holder_session = 13;
  operation.ticket = 14;
  return operation;
}

TEST(JsonLinesTest, AnOperationComesBackAsItWas) {
  const Operation operation = FullOperation();
  const std::string line = ToLine(operation);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Result<Record> record = FromLine(line);
  ASSERT_TRUE(record.ok()) << record.status().ToString();
  EXPECT_EQ(std::get<Operation>(*record), operation);
}

TEST(JsonLinesTest, TheFormat) {
  Operation put;
  put.client = 3;
  put.node = 1;
  put.kind = Kind::kPut;
  put.key = "k";
  put.value = "v";
  put.expected_revision = 7;
  put.call_us = 1000;
  put.return_us = 2000;
  put.outcome = Outcome::kOk;
  put.revision = 8;
  EXPECT_EQ(ToLine(put),
            R"({"record":"operation","kind":"put","client":3,"node":1,"attempts":1,"key":"k",)"
            R"("value":"v","expected_revision":7,"call_us":1000,"return_us":2000,"outcome":"ok",)"
            R"("revision":8})");
  EXPECT_EQ(ToLine(SessionEnd{5, 9000, true, 12}),
            R"({"record":"session_end","session":5,"at_us":9000,"expired":true,"revision":12})");
  Watch watch;
  watch.client = 9;
  watch.node = 2;
  watch.prefix = "k";
  watch.from = 5;
  watch.call_us = 100;
  watch.deliveries.push_back({200, {{5, "put", "k", "v", 0, 0}}, 6});
  EXPECT_EQ(ToLine(watch),
            R"({"record":"watch","client":9,"node":2,"prefix":"k","from":5,"call_us":100,)"
            R"("deliveries":[{"at_us":200,"through":6,"events":[{"revision":5,"type":"put",)"
            R"("key":"k","value":"v"}]}]})");
}

TEST(JsonLinesTest, AHistoryComesBackAsItWas) {
  RandomShape shape;
  shape.seed = 1;
  const History history = MakeRun(shape).history;
  ASSERT_FALSE(history.watches.empty());
  ASSERT_FALSE(history.session_ends.empty());
  std::stringstream text;
  WriteHistory(history, &text);
  const Result<History> read = ReadHistory(&text, ReadLimits());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(*read == history);
}

TEST(JsonLinesTest, ErrorsNameTheField) {
  EXPECT_EQ(ErrorOf("{"), "it is not JSON");
  EXPECT_EQ(ErrorOf("[]"), "it is no JSON object");
  EXPECT_EQ(ErrorOf("{}"), "field \"record\": is missing");
  EXPECT_EQ(ErrorOf(R"({"record":"x"})"),
            "field \"record\": must be \"operation\", \"watch\" or \"session_end\"");
  EXPECT_EQ(ErrorOf(R"({"record":"session_end","session":1})"), "field \"at_us\": is missing");
  EXPECT_EQ(ErrorOf(R"({"record":"session_end","session":-1,"at_us":1})"),
            "field \"session\": must be a whole number of 0 or more");
  EXPECT_EQ(ErrorOf(R"({"record":"session_end","session":1,"at_us":9223372036854775808})"),
            "field \"at_us\": must be a whole number below 2^63");
  EXPECT_EQ(ErrorOf(R"({"record":"session_end","session":1,"at_us":1.5})"),
            "field \"at_us\": must be a whole number below 2^63");
  EXPECT_EQ(ErrorOf(R"({"record":"session_end","session":1,"at_us":1,"expired":1})"),
            "field \"expired\": must be true or false");
  EXPECT_EQ(ErrorOf(R"({"record":"session_end","session":1,"at_us":1,"when":1})"),
            "field \"when\": is not known");
  EXPECT_EQ(ErrorOf(R"({"record":"operation","kind":"putt","client":1,"call_us":1,)"
                    R"("outcome":"ok"})"),
            "field \"kind\": \"putt\" is none of its words");
  EXPECT_EQ(ErrorOf(R"({"record":"operation","kind":"put","client":1,"call_us":1,)"
                    R"("outcome":"ok","value_hex":"f"})"),
            "field \"value_hex\": must be pairs of hexadecimal digits");
  EXPECT_EQ(ErrorOf(R"({"record":"watch","client":1,"call_us":1,)"
                    R"("deliveries":[{"at_us":1,"through":2,"events":[{"type":"put"}]}]})"),
            "field \"deliveries[0].events[0].revision\": is missing");
}

TEST(JsonLinesTest, ErrorsNameTheLine) {
  std::stringstream text("\n" + ToLine(SessionEnd{5, 1, true, 0}) + "\n{}\n");
  const Result<History> read = ReadHistory(&text, ReadLimits());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().message(), "line 3: field \"record\": is missing");
}

TEST(JsonLinesTest, TheLastLineNeedsNoEnd) {
  std::stringstream text(ToLine(SessionEnd{5, 1, true, 0}));
  const Result<History> read = ReadHistory(&text, ReadLimits());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->session_ends.size(), 1u);
}

std::string NameOfLimit(const std::string& text, const ReadLimits& limits) {
  std::stringstream input(text);
  const Result<History> read = ReadHistory(&input, limits);
  if (read.ok()) return "";
  EXPECT_EQ(read.status().code(), Code::kTooLarge);
  return read.status().message();
}

TEST(JsonLinesTest, LinesAreBounded) {
  const std::string line = ToLine(FullOperation());
  ReadLimits limits;
  limits.line_bytes_max = line.size();
  EXPECT_EQ(NameOfLimit(line + "\n", limits), "");
  EXPECT_NE(NameOfLimit(line + " \n", limits), "");
  EXPECT_NE(NameOfLimit(line + std::string(100 * line.size(), ' ') + "\n", limits), "");
}

TEST(JsonLinesTest, RecordsAreBounded) {
  const std::string line = ToLine(SessionEnd{5, 1, true, 0}) + "\n";
  ReadLimits limits;
  limits.records_max = 2;
  EXPECT_EQ(NameOfLimit(line + line, limits), "");
  EXPECT_EQ(NameOfLimit(line + line + line, limits),
            "line 3: there are more records than the limit of 2");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += line;
  EXPECT_NE(NameOfLimit(many, limits), "");
}

TEST(JsonLinesTest, EventsAreBounded) {
  ReadLimits limits;
  limits.events_max = 2;
  for (const int events : {2, 3, 1000}) {
    Watch watch;
    watch.deliveries.emplace_back().events.resize(events, {1, "put", "k", "", 0, 0});
    EXPECT_EQ(NameOfLimit(ToLine(watch), limits).empty(), events == 2);
    watch.deliveries.assign(events, Delivery());
    EXPECT_EQ(NameOfLimit(ToLine(watch), limits).empty(), events == 2);
  }
}

TEST(JsonLinesTest, NestingIsBounded) {
  const std::string begin = R"({"record":)";
  const auto nested = [&begin](int depth) {
    return begin + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_NE(ErrorOf(nested(7)), "JSON nests deeper than the limit of 8");
  EXPECT_EQ(ErrorOf(nested(8)), "JSON nests deeper than the limit of 8");
  EXPECT_EQ(ErrorOf(nested(1'000'000)), "JSON nests deeper than the limit of 8");
  EXPECT_NE(ErrorOf(begin + "\"[[[[[[[[[[[[\\\"[[[\"}"), "JSON nests deeper than the limit of 8");
}

}  // namespace
}  // namespace baton::history
