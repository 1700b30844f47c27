// A node's disk life (disk_life.h), ended at every moment at which it can end: before each storage
// call, in the middle of each append, and after each call. The disk is taken as it is at that
// moment, with what the process had been promised until then, and a second node starts on it.
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "test/fault/arguments.h"
#include "test/fault/disk_life.h"

namespace baton::fault {
namespace {

using storage::FaultEnv;

// What becomes of the bytes and names that were not synced.
enum class Unsynced { kThere, kGone, kTorn };

constexpr const char* kUnsyncedNames[] = {"there", "gone", "torn"};

struct Crash {
  Unsynced unsynced;
  bool slow_tables = false;  // LevelDB's compactions lag behind the writes
};

// Starts on copies of a disk.
class CrashPoints {
 public:
  CrashPoints(FaultEnv* disk, const DiskLife* life, Unsynced unsynced, uint64_t seed)
      : disk_(disk), life_(life), unsynced_(unsynced), random_(seed) {}

  // As FaultEnv::Observer.
  void Observe(FaultEnv::Moment moment, FaultEnv::Operation, const std::string& path) {
    if (moment == FaultEnv::Moment::kBefore) ++calls_;
    life_->WithPromise([&](const Promise& promise, uint64_t number) {
      // Before a call the disk is as it was after the last one; but more may be promised.
      if (moment == FaultEnv::Moment::kBefore && number == last_number_) return;
      last_number_ = number;
      Crash(promise, path);
    });
  }

  uint64_t calls() const { return calls_; }
  uint64_t points() const { return points_; }
  uint64_t lost() const { return lost_; }
  uint64_t starts_cut_short() const { return starts_cut_short_; }

 private:
  void Crash(const Promise& promise, const std::string& path) {
    ++points_;
    const std::shared_ptr<const FaultEnv::Disk> disk = disk_->TakeDisk();
    FaultEnv crashed;
    crashed.PutDisk(*disk);
    LosePower(&crashed);
    if (Contents(crashed) != Contents(*disk_)) ++lost_;
    // Only one in four: the power fails once more while it starts.
    if (points_ % 4 == 0) CutAStartShort(&crashed);
    const std::string broken = FindBrokenPromise(&crashed, promise, &random_);
    EXPECT_EQ(broken, "") << "after call " << calls_ << " (" << path << ", step '"
                          << StepName(life_->step()) << "'), crash point " << points_;
  }

  // Without files that are always empty, such as LOCK.
  static FaultEnv::Image Contents(const FaultEnv& env) {
    FaultEnv::Image image = env.TakeImage();
    std::erase_if(image, [](const auto& file) { return file.second.empty(); });
    return image;
  }

  void LosePower(FaultEnv* env) {
    if (unsynced_ == Unsynced::kThere) return env->Restart();
    env->PowerOn(unsynced_ == Unsynced::kTorn ? &random_ : nullptr);
  }

  void CutAStartShort(FaultEnv* env) {
    uint64_t left = random_.Below(40);
    env->SetFault([&left](FaultEnv::Operation, const std::string& path) {
      if (left == 0) return leveldb::Status::IOError(path, "the power is off");
      --left;
      return leveldb::Status::OK();
    });
    { const auto dir = OpenDataDir(env); }
    env->SetFault({});
    if (left == 0) ++starts_cut_short_;
    LosePower(env);
  }

  FaultEnv* const disk_;
  const DiskLife* const life_;
  const Unsynced unsynced_;
  Random random_;
  uint64_t last_number_ = UINT64_MAX;
  uint64_t calls_ = 0;
  uint64_t points_ = 0;
  uint64_t lost_ = 0;  // crash points at which something was not synced
  uint64_t starts_cut_short_ = 0;
};

class CrashPointsTest : public ::testing::TestWithParam<Crash> {};

std::string CrashName(const ::testing::TestParamInfo<Crash>& crash) {
  const std::string name = kUnsyncedNames[static_cast<int>(crash.param.unsynced)];
  return "Unsynced_" + name + (crash.param.slow_tables ? "_SlowTables" : "");
}

void RunScript(const Crash& crash, uint64_t seed, int operations) {
  SCOPED_TRACE("--seed=" + std::to_string(seed));
  FaultEnv disk;
  DiskLife life(&disk, seed);
  CrashPoints points(&disk, &life, crash.unsynced, seed);
  disk.SetObserver([&points](auto... what) { points.Observe(what...); });
  if (crash.slow_tables) {
    disk.SetDelay([](FaultEnv::Operation, const std::string& path) {
      return std::chrono::microseconds(path.ends_with(".ldb") ? 300 : 0);
    });
  }
  const Status status = life.Run(operations);
  disk.SetObserver({});
  EXPECT_TRUE(status.ok()) << status.ToString();

  std::cout << "fault: script " << seed << ", " << operations << " operations, " << points.calls()
            << " storage calls, " << points.points() << " crash points with the unsynced bytes "
            << kUnsyncedNames[static_cast<int>(crash.unsynced)] << " (" << points.lost()
            << " where there were some, " << points.starts_cut_short()
            << " where the start crashed, too)\n";
  // Honest floors: a script that does little would prove little.
  const auto operations_done = static_cast<uint64_t>(operations);
  EXPECT_GT(points.calls(), 5 * operations_done);
  EXPECT_GT(points.points(), points.calls());
  if (crash.unsynced != Unsynced::kThere) {
    EXPECT_GT(points.lost(), operations_done / 2);
  }
  EXPECT_GT(points.starts_cut_short(), operations_done / 2);
  if (operations >= 200) {
    EXPECT_EQ(life.steps().size(), 13u) << "a kind of step is missing";
  }
}

TEST_P(CrashPointsTest, EveryOneKeepsThePromise) {
  const Arguments& arguments = GivenArguments();
  for (uint64_t i = 0; i < arguments.seeds; ++i) {
    RunScript(GetParam(), arguments.first_seed + i, arguments.operations);
    if (HasFailure()) return;  // the first seed that fails is the one to look at
  }
}

INSTANTIATE_TEST_SUITE_P(All, CrashPointsTest,
                         ::testing::Values(Crash{.unsynced = Unsynced::kThere},
                                           Crash{.unsynced = Unsynced::kGone},
                                           Crash{.unsynced = Unsynced::kTorn},
                                           Crash{.unsynced = Unsynced::kTorn, .slow_tables = true}),
                         CrashName);

}  // namespace
}  // namespace baton::fault

int main(int argc, char** argv) { return baton::fault::RunTests(argc, argv); }
