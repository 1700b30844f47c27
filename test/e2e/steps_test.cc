// The gaps of a run, and members that came back as others.
#include "test/e2e/steps.h"

#include <gtest/gtest.h>

namespace baton::e2e {
namespace {

using history::History;
using history::Kind;
using history::Operation;
using history::Outcome;

Operation At(Kind kind, int64_t return_us, Outcome outcome = Outcome::kOk) {
  Operation operation;
  operation.kind = kind;
  operation.node = 1;
  operation.call_us = return_us - 500;
  operation.return_us = return_us;
  operation.outcome = outcome;
  return operation;
}

TEST(ScriptTest, TakesItsTwoLinesAndNoOther) {
  Script script;
  EXPECT_TRUE(script.Take("step delete pod 0", 10).ok());
  EXPECT_TRUE(script.Take("replaced 2", 20).ok());
  for (const char* line : {"", "step", "replaced", "replaced 0", "replaced -1", "replaced 1 2"}) {
    EXPECT_FALSE(script.Take(line, 30).ok()) << line;
  }
  ASSERT_EQ(script.steps.size(), 1u);
  EXPECT_EQ(script.steps[0].name, "delete pod 0");
  ASSERT_EQ(script.replacements.size(), 1u);
  EXPECT_EQ(script.replacements[0].node, 2u);
}

TEST(GapsTest, TheLongestSilenceOfEachStep) {
  History history;
  for (const int64_t ms : {1, 2, 9}) history.Add(At(Kind::kGet, ms * 1000));
  for (const int64_t ms : {3, 25}) history.Add(At(Kind::kPut, ms * 1000));
  history.Add(At(Kind::kPut, 13'000, Outcome::kUnknown));
  const std::vector<Gap> gaps = Gaps(history, {{"one", 0}, {"two", 10'000}}, 30'000);
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].any_ms, 6);     // from 3 to 9
  EXPECT_EQ(gaps[0].change_ms, 7);  // from 3 to the end of the step
  EXPECT_EQ(gaps[0].acknowledged, 4u);
  EXPECT_EQ(gaps[1].any_ms, 15);  // what failed ends no silence
  EXPECT_EQ(gaps[1].change_ms, 15);
  EXPECT_EQ(gaps[1].unknown, 1u);
}

TEST(GapsTest, AStepWithoutAnyAnswerIsOneSilence) {
  const std::vector<Gap> gaps = Gaps(History(), {{"one", 0}}, 5'000);
  EXPECT_EQ(gaps[0].any_ms, 5);
  EXPECT_EQ(gaps[0].acknowledged, 0u);
}

TEST(RenumberTest, OnlyTheReplacedOneAndOnlyFromThenOn) {
  History history;
  history.Add(At(Kind::kGet, 1'000));
  history.Add(At(Kind::kGet, 9'000));
  Operation other = At(Kind::kGet, 9'000);
  other.node = 2;
  history.Add(other);
  Renumber({{1, 5'000}}, &history);
  EXPECT_EQ(history.operations[0].node, 1u);
  EXPECT_EQ(history.operations[1].node, 1001u);
  EXPECT_EQ(history.operations[2].node, 2u);
}

}  // namespace
}  // namespace baton::e2e
