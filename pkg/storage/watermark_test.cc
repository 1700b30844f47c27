#include "pkg/storage/watermark.h"

#include <gtest/gtest.h>

#include "pkg/storage/testing/fault_env.h"

namespace baton::storage {
namespace {

constexpr size_t kRecordBytes = 37;

Acknowledged Write(uint64_t number) {
  return {
      .write_number = number, .last_index = Index(number * 10), .term = Term(3), .vote = NodeId(2)};
}

class WatermarkTest : public ::testing::Test {
 protected:
  WatermarkTest() {
    EXPECT_TRUE(env_.CreateDir("/data").ok() && env_.SyncDir("/").ok());
    EXPECT_TRUE(Watermark::Create(&env_, "/data", {}).ok());
  }

  Acknowledged Newest() {
    const auto watermark = Watermark::Open(&env_, "/data");
    EXPECT_TRUE(watermark.ok()) << watermark.status().ToString();
    return watermark.ok() ? (*watermark)->newest() : Acknowledged();
  }
  void Record(uint64_t first, uint64_t last) {
    auto watermark = *Watermark::Open(&env_, "/data");
    for (uint64_t i = first; i <= last; ++i) ASSERT_TRUE(watermark->Record(Write(i)).ok());
  }

  FaultEnv env_;
};

TEST_F(WatermarkTest, TheNewestRecordCounts) {
  EXPECT_EQ(Newest(), Acknowledged());
  Record(1, 5);
  EXPECT_EQ(Newest(), Write(5));
}

TEST_F(WatermarkTest, AKilledProcessLosesNothing) {
  auto watermark = *Watermark::Open(&env_, "/data");
  ASSERT_TRUE(watermark->Record(Write(1)).ok());
  env_.PowerOff();  // nobody gets to say goodbye
  watermark.reset();
  env_.Restart();
  EXPECT_EQ(Newest(), Write(1));
}

TEST_F(WatermarkTest, APowerLossLosesLessThanItsStride) {
  auto watermark = *Watermark::Open(&env_, "/data");
  const uint64_t last = 3 * Watermark::kSyncEveryWrites + 5;
  for (uint64_t i = 1; i <= last; ++i) ASSERT_TRUE(watermark->Record(Write(i)).ok());
  env_.PowerOff();
  watermark.reset();
  env_.PowerOn();
  // The first record begins the file, durably; then every stride.
  EXPECT_EQ(Newest(), Write(1 + 3 * Watermark::kSyncEveryWrites));
}

TEST_F(WatermarkTest, OpeningChangesNothing) {
  Record(1, 5);
  const std::string before = env_.Contents("/data/WATERMARK");
  ASSERT_EQ(Newest(), Write(5));
  EXPECT_EQ(env_.Contents("/data/WATERMARK"), before);
}

TEST_F(WatermarkTest, AfterATornRecordTheNextOneBeginsAFreshFile) {
  Record(1, 5);
  const std::string whole = env_.Contents("/data/WATERMARK");
  env_.SetContents("/data/WATERMARK", whole.substr(0, whole.size() - 1));
  Record(6, 7);
  EXPECT_EQ(env_.Contents("/data/WATERMARK").size(), 2 * kRecordBytes);
  EXPECT_EQ(Newest(), Write(7));
}

TEST_F(WatermarkTest, AFreshFileIsBegunBeforeItGrows) {
  Record(1, Watermark::kRecordsMax + 10);
  EXPECT_LT(env_.Contents("/data/WATERMARK").size(), 100 * kRecordBytes);
  EXPECT_EQ(Newest(), Write(Watermark::kRecordsMax + 10));
}

TEST_F(WatermarkTest, ATornLastRecordIsPassedOver) {
  Record(1, 5);
  const std::string whole = env_.Contents("/data/WATERMARK");
  for (size_t lost = 1; lost < kRecordBytes; ++lost) {
    env_.SetContents("/data/WATERMARK", whole.substr(0, whole.size() - lost));
    ASSERT_EQ(Newest(), Write(4));
  }
}

TEST_F(WatermarkTest, ADamagedRecordDoesNotHideTheOthers) {
  Record(1, 5);
  std::string bad = env_.Contents("/data/WATERMARK");
  bad[2 * kRecordBytes + 1] = static_cast<char>(bad[2 * kRecordBytes + 1] ^ 1);
  env_.SetContents("/data/WATERMARK", bad);
  EXPECT_EQ(Newest(), Write(5));
}

TEST_F(WatermarkTest, WithoutARecordThereIsNoGuessing) {
  for (const std::string& contents :
       {std::string(), std::string(kRecordBytes, 'x'), std::string(10 << 20, 'x')}) {
    env_.SetContents("/data/WATERMARK", contents);
    EXPECT_EQ(Watermark::Open(&env_, "/data").status().code(), Code::kCorruption);
  }
  ASSERT_TRUE(env_.RemoveFile("/data/WATERMARK").ok());
  EXPECT_EQ(Watermark::Open(&env_, "/data").status().code(), Code::kCorruption);
}

}  // namespace
}  // namespace baton::storage
