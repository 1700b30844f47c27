#include "pkg/load/recorder.h"

#include <gtest/gtest.h>

#include <set>

namespace baton::load {
namespace {

TEST(RecorderTest, CountsAndMerges) {
  Recorder one, two;
  one.Record(Measure::kPut, 5);
  one.Error("no_leader");
  one.Operation(true);
  two.Record(Measure::kPut, 7);
  two.Record(Measure::kGet, 9);
  two.Error("no_leader");
  two.Error("timed_out");
  two.Operation(false);
  one.Merge(two);
  EXPECT_EQ(one.latency(Measure::kPut).count(), 2u);
  EXPECT_EQ(one.latency(Measure::kPut).max(), 7);
  EXPECT_EQ(one.latency(Measure::kGet).count(), 1u);
  EXPECT_EQ(one.errors().at("no_leader"), 2u);
  EXPECT_EQ(one.errors_total(), 3u);
  EXPECT_EQ(one.operations(), 2u);
  EXPECT_EQ(one.operations_in_time(), 1u);
  one.Clear();
  EXPECT_EQ(one.operations(), 0u);
  EXPECT_EQ(one.errors_total(), 0u);
}

TEST(RecorderTest, ReasonsAreBounded) {
  for (const size_t different :
       {Recorder::kReasonsMax, Recorder::kReasonsMax + 1, 100 * Recorder::kReasonsMax}) {
    Recorder recorder;
    for (size_t i = 0; i < different; ++i) recorder.Error("reason" + std::to_string(i));
    EXPECT_EQ(recorder.errors_total(), different);
    EXPECT_LE(recorder.errors().size(), Recorder::kReasonsMax + 1);
    EXPECT_EQ(recorder.errors().contains("other"), different > Recorder::kReasonsMax);
    Recorder merged;
    merged.Error("mine");
    merged.Merge(recorder);
    EXPECT_EQ(merged.errors_total(), different + 1);
    EXPECT_LE(merged.errors().size(), Recorder::kReasonsMax + 1);
  }
  Recorder recorder;
  recorder.Error(std::string(Recorder::kReasonSizeMax, 'a'));
  recorder.Error(std::string(Recorder::kReasonSizeMax + 1, 'a'));
  recorder.Error(std::string(1 << 20, 'a'));
  EXPECT_EQ(recorder.errors().size(), 1u);
}

TEST(RecorderTest, EveryMeasureHasAName) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kMeasures; ++i) names.insert(MeasureName(static_cast<Measure>(i)));
  EXPECT_EQ(names.size(), kMeasures);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace baton::load
