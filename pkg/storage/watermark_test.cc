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

  // Of the file, which must have no more of them.
  std::string Records(size_t count) {
    const std::string file = env_.Contents("/data/WATERMARK");
    const std::string rest = file.substr(count * kRecordBytes);
    EXPECT_EQ(rest, std::string(rest.size(), '\0'));
    return file.substr(0, count * kRecordBytes);
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

TEST_F(WatermarkTest, ItHasItsLengthFromTheStart) {
  for (const uint64_t last : {uint64_t{1}, uint64_t{100}, Watermark::kRecordsMax}) {
    Record(1, last);
    uint64_t bytes = 0;
    ASSERT_TRUE(env_.GetFileSize("/data/WATERMARK", &bytes).ok());
    EXPECT_EQ(bytes, Watermark::kRecordsMax * kRecordBytes) << last;
    EXPECT_EQ(Newest(), Write(last)) << "and not the zeros after it";
  }
}

TEST_F(WatermarkTest, AFileThatCannotBeBegunIsBegunAnew) {
  auto watermark = *Watermark::Open(&env_, "/data");
  env_.SetCapacity(env_.used_bytes() + 100'000);
  const Status full = watermark->Record(Write(1));
  EXPECT_NE(full.message().find("/data/WATERMARK"), std::string::npos) << full.ToString();
  EXPECT_EQ(Newest(), Acknowledged()) << "the old one is whole";
  env_.SetCapacity(0);
  ASSERT_TRUE(watermark->Record(Write(2)).ok());
  EXPECT_EQ(Newest(), Write(2));
}

TEST_F(WatermarkTest, OpeningChangesNothing) {
  Record(1, 5);
  const std::string before = env_.Contents("/data/WATERMARK");
  ASSERT_EQ(Newest(), Write(5));
  EXPECT_EQ(env_.Contents("/data/WATERMARK"), before);
}

TEST_F(WatermarkTest, AfterATornRecordTheNextOneBeginsAFreshFile) {
  Record(1, 5);
  const std::string whole = Records(5);
  env_.SetContents("/data/WATERMARK", whole.substr(0, whole.size() - 1));
  Record(6, 7);
  Records(2);
  EXPECT_EQ(Newest(), Write(7));
}

TEST_F(WatermarkTest, AFreshFileIsBegunBeforeItGrows) {
  Record(1, Watermark::kRecordsMax + 10);
  Records(10);
  EXPECT_EQ(Newest(), Write(Watermark::kRecordsMax + 10));
}

TEST_F(WatermarkTest, ATornLastRecordIsPassedOver) {
  Record(1, 5);
  const std::string whole = Records(5);
  for (size_t lost = 1; lost < kRecordBytes; ++lost) {
    const std::string torn = whole.substr(0, whole.size() - lost);
    for (const size_t zeros : {size_t{0}, lost, 10 * kRecordBytes}) {
      env_.SetContents("/data/WATERMARK", torn + std::string(zeros, '\0'));
      ASSERT_EQ(Newest(), Write(4)) << lost << " " << zeros;
    }
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
