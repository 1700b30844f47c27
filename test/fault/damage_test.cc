// One byte of one file of one of three nodes is flipped, or a file is cut, while the node is down
// or up, again and again. No answer is ever wrong, and the node comes back by itself.
//
//   damage_test --flips=10000 --cuts=1000 --seed=1
//   damage_test --cuts=1000 --planted=NAME    with that bug (pkg/base/planted.h; --config=planted)
#include <gtest/gtest.h>

#include <charconv>
#include <iostream>
#include <map>
#include <string_view>

#include "pkg/base/planted.h"
#include "test/fault/rotting_cluster.h"

namespace baton::fault {
namespace {

constexpr int64_t kServesAgainMs = 60'000;
constexpr uint64_t kDamagesPerLine = 500;  // of progress

uint64_t flips = 200;
uint64_t cuts = 60;
uint64_t seed = 1;

struct Tally {
  uint64_t damages = 0;
  uint64_t served_again = 0;
  std::map<std::string, uint64_t> refusals;
};

void DamageOnce(RottingCluster& cluster, Random& random, bool cut, Tally* tally) {
  const bool up = random.Chance(1, 2);
  const bool alone = !up && random.Chance(1, 4);
  if (alone) cluster.LeaveTheVictimAlone();
  if (!up) cluster.Stop(/*kill=*/random.Chance(1, 2));
  const std::string what = cut ? cluster.CutFile() : cluster.FlipByte();
  ++tally->damages;
  if (up) {
    cluster.WriteSome(2);
    cluster.CheckReads();
    cluster.Stop(/*kill=*/random.Chance(1, 2));
  }
  if (alone) {
    (void)cluster.ServesAgain(3'000);  // nobody helps it
    cluster.BringBack();
  }
  const std::string trouble = cluster.ServesAgain(kServesAgainMs);
  if (trouble.empty()) {
    ++tally->served_again;
  } else {
    ++tally->refusals[what + ": " + trouble];
    cluster.ReplaceDisk();
    ASSERT_EQ(cluster.ServesAgain(kServesAgainMs), "") << "with a new disk, after " << what;
  }
  cluster.WriteSome(2);
  cluster.CheckReads();
}

Tally Damage(uint64_t count, bool cut, uint64_t from_seed) {
  Tally tally;
  Random random(from_seed);
  RottingCluster cluster(from_seed);
  for (uint64_t i = 0; i < count && !::testing::Test::HasFatalFailure(); ++i) {
    DamageOnce(cluster, random, cut, &tally);
    if (tally.damages % kDamagesPerLine == 0) {
      std::cout << tally.damages << " of " << count << (cut ? " cuts" : " flips") << std::endl;
    }
  }
  std::cout << tally.damages << (cut ? " cuts" : " flips") << " of " << cluster.kinds_hit()
            << " kinds of files, " << cluster.repairs() << " repairs, " << cluster.deaths()
            << " deaths: " << tally.served_again << " times it served again unaided, "
            << tally.damages - tally.served_again << " times it did not\n";
  for (const auto& [what, times] : tally.refusals) std::cout << "  " << what << "\n";
  EXPECT_GE(cluster.kinds_hit(), 10u);
  EXPECT_GE(cluster.repairs(), count / 5) << "else nothing was put to the test";
  return tally;
}

TEST(DamageTest, FlippedBytesGiveNoWrongAnswerAndTheNodeComesBack) {
  const Tally tally = Damage(flips, /*cut=*/false, seed);
  EXPECT_GE(tally.served_again * 100, tally.damages * 99);
}

TEST(DamageTest, CutFilesGiveNoWrongAnswerAndTheNodeComesBack) {
  const Tally tally = Damage(cuts, /*cut=*/true, seed + 1);
  EXPECT_GE(tally.served_again * 100, tally.damages * 99);
}

bool TakeArgument(std::string_view argument, std::string_view name, uint64_t* value) {
  if (!argument.starts_with(name)) return false;
  const std::string_view digits = argument.substr(name.size());
  return std::from_chars(digits.data(), digits.data() + digits.size(), *value).ec == std::errc();
}

}  // namespace
}  // namespace baton::fault

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const bool taken = baton::fault::TakeArgument(argv[i], "--flips=", &baton::fault::flips) ||
                       baton::fault::TakeArgument(argv[i], "--cuts=", &baton::fault::cuts) ||
                       baton::fault::TakeArgument(argv[i], "--seed=", &baton::fault::seed);
    const std::string_view argument = argv[i];
    const bool planted = argument.starts_with("--planted=") &&
                         baton::PlantBug(argument.substr(argument.find('=') + 1));
    if (!taken && !planted) {
      std::cerr << argv[i] << ": --flips=N, --cuts=N, --seed=N or --planted=NAME (of this build)\n";
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
