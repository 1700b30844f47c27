// A node's disk life (disk_life.h), in which one storage call fails with an I/O error, once: every
// call in turn, those that only look at the disk among them. Every second one fails dirtily
// (FaultEnv::SetDirtyFailures). Nothing more is acknowledged by the store that failed, and the next
// start finds everything that was.
#include <gtest/gtest.h>

#include <iostream>

#include "pkg/storage/testing/fixtures.h"
#include "test/fault/arguments.h"
#include "test/fault/disk_life.h"

namespace baton::fault {
namespace {

using storage::FaultEnv;

constexpr uint64_t kSlices = 4;  // of the calls, so that the tests run side by side

// Fails one call.
class OneFailure {
 public:
  OneFailure(FaultEnv* env, const DiskLife* life, uint64_t call) : life_(life), call_(call) {
    env->SetFault([this](FaultEnv::Operation operation, const std::string& path) {
      const bool writes =
          operation == FaultEnv::Operation::kAppend || operation == FaultEnv::Operation::kSync;
      return Count(path, writes);
    });
    env->SetLookFault(
        [this](FaultEnv::Look, const std::string& path) { return Count(path, /*writes=*/false); });
  }

  uint64_t calls() const { return calls_; }
  const std::string& failed_path() const { return failed_path_; }  // empty: none yet
  DiskLife::Step step() const { return step_; }                    // in which it failed
  // What failed was an append to the log's write-ahead file or watermark, or a sync of them.
  bool hit_the_log() const { return hit_the_log_; }

 private:
  leveldb::Status Count(const std::string& path, bool writes) {
    if (calls_++ != call_) return leveldb::Status::OK();
    failed_path_ = path;
    step_ = life_->step();
    const bool wal = path.starts_with("/data/log-") && path.ends_with(".log");
    hit_the_log_ = writes && (wal || path.starts_with("/data/WATERMARK"));
    return leveldb::Status::IOError(path, "Input/output error");
  }

  const DiskLife* const life_;
  const uint64_t call_;
  uint64_t calls_ = 0;
  DiskLife::Step step_ = DiskLife::Step::kReopen;
  std::string failed_path_;
  bool hit_the_log_ = false;
};

// The store that has failed says so to whatever comes.
void ExpectNothingIsAcknowledged(const std::string& part, storage::DataDir* dir) {
  if (part == "log") {
    const uint64_t term = dir->log().State().hard_state.term.value() + 1;
    EXPECT_FALSE(storage::WriteOne(&dir->log(), storage::VoteWrite(term, 1, 0)).ok());
  }
  if (part == "state") {
    dir->state().Put("after", "the failure");
    EXPECT_FALSE(dir->state().Commit().ok());
    EXPECT_FALSE(dir->state().Sync().ok());
  }
}

class FailedCallsTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  // True: there was such a call.
  bool FailCall(uint64_t call, uint64_t seed, int operations) {
    FaultEnv disk;
    disk.SetDirtyFailures(call / kSlices % 2 == 1);
    DiskLife life(&disk, seed);
    life.SetCloseMayFail();
    OneFailure failure(&disk, &life, call);
    const Status status = life.Run(operations);
    disk.SetFault({});  // LevelDB's thread may still be at work
    disk.SetLookFault({});
    const std::string& path = failure.failed_path();
    SCOPED_TRACE("call " + std::to_string(call) + " fails (" + path + "), step '" +
                 StepName(failure.step()) + "'");
    calls_ = failure.calls();
    if (path.empty()) {
      EXPECT_TRUE(status.ok()) << status.ToString();
      return false;
    }
    if (!status.ok()) {
      ++refusals_;
      if (life.dir() != nullptr) ExpectNothingIsAcknowledged(life.failed_part(), life.dir());
    } else if (failure.hit_the_log()) {
      // Who closes a store asks for no answer; the start that follows shows what is there.
      EXPECT_EQ(failure.step(), DiskLife::Step::kReopen) << "a write was acknowledged";
    }
    life.Close();
    EndAndStart(&disk, life, call);
    return true;
  }

  void EndAndStart(FaultEnv* disk, const DiskLife& life, uint64_t call) {
    Random random(call);
    const uint64_t way = call / kSlices % 3;
    if (way == 0) disk->Restart();
    if (way > 0) disk->PowerOn(way == 1 ? nullptr : &random);
    life.WithPromise([&](const Promise& promise, uint64_t) {
      EXPECT_EQ(FindBrokenPromise(disk, promise, &random), "");
    });
  }

  uint64_t calls_ = 0;     // of the last run
  uint64_t refusals_ = 0;  // runs in which the failure came back to the caller
};

TEST_P(FailedCallsTest, StopTheStoreAndNotTheNextStart) {
  const Arguments& arguments = GivenArguments();
  for (uint64_t seed = arguments.first_seed; seed < arguments.first_seed + arguments.seeds;
       ++seed) {
    SCOPED_TRACE("--seed=" + std::to_string(seed));
    uint64_t call = GetParam();
    uint64_t runs = 0;
    refusals_ = 0;
    for (; FailCall(call, seed, arguments.operations); call += kSlices) {
      ++runs;
      if (HasFailure()) return;  // the first is the one to look at
    }
    std::cout << "fault: script " << seed << ", " << arguments.operations << " operations, "
              << calls_ << " storage calls; " << runs << " of them failed once each, " << refusals_
              << " times the caller was told\n";
    EXPECT_GT(runs, static_cast<uint64_t>(arguments.operations));
    EXPECT_GT(refusals_, runs / 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Slice, FailedCallsTest, ::testing::Range(uint64_t{0}, kSlices));

}  // namespace
}  // namespace baton::fault

int main(int argc, char** argv) { return baton::fault::RunTests(argc, argv); }
