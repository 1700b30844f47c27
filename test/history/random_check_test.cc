// Random histories of a service that keeps its promises, in which nothing may be found, and of ones
// that break one promise each, in which it must be.
//
//   random_check_test --seeds=20000   searches longer for false alarms

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "test/history/check.h"
#include "test/history/testing/random_history.h"

namespace baton::history {
namespace {

uint64_t seeds = 300;

std::string Sentences(const Verdict& verdict) {
  std::string all;
  for (const Violation& violation : verdict.violations) {
    all += violation.name + ": " + violation.sentence + "\n";
  }
  return all;
}

TEST(RandomCheckTest, ACorrectServiceIsFoundCorrect) {
  uint64_t operations = 0;
  uint64_t searched = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    RandomShape shape;
    shape.seed = seed;
    shape.busy = seed % 4 == 0;
    shape.truth = seed % 2 == 0;
    shape.unique_values = seed % 3 != 0;
    shape.all_revisions = seed % 5 != 0;
    const RandomRun run = MakeRun(shape);
    const Verdict verdict = Check(run.history, run.options);
    operations += run.history.operations.size();
    searched += verdict.keys_searched;
    ASSERT_TRUE(verdict.ok()) << "seed " << seed << "\n" << Sentences(verdict);
  }
  std::printf("%llu operations, %llu keys searched\n", static_cast<unsigned long long>(operations),
              static_cast<unsigned long long>(searched));
  EXPECT_GT(searched, seeds);
}

// The names that say what each bug is; what follows from it may be found under others, too.
const std::map<Bug, std::set<std::string>>& NamesOfBugs() {
  static const std::map<Bug, std::set<std::string>> names = {
      {Bug::kStaleRead, {"stale_read"}},
      {Bug::kNodeGoesBack, {"node_went_back"}},
      {Bug::kLostWrite, {"lost_write"}},
      {Bug::kUndoneWrite, {"lost_write"}},
      {Bug::kSplitCas, {"split_cas"}},
      {Bug::kWrongRefusal, {"wrong_refusal"}},
      {Bug::kAppliedTwice, {"applied_twice"}},
      {Bug::kNotAppliedHappens, {"not_applied_visible"}},
      {Bug::kRefusedHappens, {"refused_visible"}},
      {Bug::kRevisionReused, {"revision_reused"}},
      {Bug::kWrongValue, {"wrong_value"}},
      {Bug::kGuardBypassed, {"guard_bypassed"}},
      {Bug::kStaleTokenAccepted, {"stale_token_accepted"}},
      {Bug::kLiveTokenRefused, {"wrong_refusal"}},
      // Who held is not seen to hold on, so that his session must have ended.
      {Bug::kDoubleGrant, {"two_holders", "session_lived_on", "session_lost"}},
      {Bug::kTokenReused, {"token_reused"}},
      {Bug::kTokenBackwards, {"token_order", "two_holders"}},
      {Bug::kStaleRelease, {"stale_token_accepted"}},
      {Bug::kDeafRelease, {"released_lived_on"}},
      {Bug::kVerifyAnything, {"stale_token_accepted"}},
      {Bug::kHolderForgotten, {"wrong_holder"}},
      {Bug::kLineJumped, {"line_jumped"}},
      {Bug::kLostWakeup, {"lost_wakeup"}},
      {Bug::kProclaimLost, {"lost_write"}},
      {Bug::kEarlyExpiry, {"expired_early"}},
      {Bug::kLateExpiry, {"expired_late"}},
      {Bug::kEndInTwoSteps, {"session_lived_on", "session_lost"}},
      {Bug::kKeyOutlivesSession, {"session_lived_on"}},
      {Bug::kLockOutlivesSession, {"session_lived_on"}},
      {Bug::kRenewedAfterEnd, {"session_lived_on"}},
      {Bug::kWatchGap, {"watch_gap"}},
      {Bug::kWatchDuplicate, {"watch_duplicate"}},
      {Bug::kWatchOrder, {"watch_order"}},
      {Bug::kWatchSplit, {"watch_split"}},
      {Bug::kWatchProgress, {"watch_progress"}},
      {Bug::kWatchValue, {"watch_lied", "watch_differs"}},
      {Bug::kWatchUnasked, {"watch_unasked"}},
      {Bug::kWatchResumeGap, {"watch_gap"}},
  };
  return names;
}

class BugTest : public ::testing::TestWithParam<int> {};

// The names under which a bug shows, in how many of 40 runs.
TEST_P(BugTest, IsFound) {
  const Bug bug = static_cast<Bug>(GetParam());
  const std::set<std::string>& wanted = NamesOfBugs().at(bug);
  std::map<std::string, int> names;
  int found = 0;
  int found_as_such = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    RandomShape shape;
    shape.seed = (seed + 1) / 2;
    shape.busy = seed % 2 == 0;
    shape.bug = bug;
    shape.steps = 6000;
    shape.truth = shape.seed % 2 == 0;
    const RandomRun run = MakeRun(shape);
    const Verdict verdict = Check(run.history, run.options);
    found += verdict.ok() ? 0 : 1;
    std::set<std::string> of_seed;
    for (const Violation& violation : verdict.violations) of_seed.insert(violation.name);
    for (const std::string& name : of_seed) ++names[name];
    found_as_such += std::any_of(of_seed.begin(), of_seed.end(),
                                 [&wanted](const auto& name) { return wanted.contains(name); });
  }
  std::printf("%-20s %2d/40:", BugName(bug), found);
  for (const auto& [name, count] : names) std::printf(" %s %d", name.c_str(), count);
  std::printf("\n");
  EXPECT_GE(found, 2);
  EXPECT_GE(found_as_such, 1) << "under no name that says what it is";
}

INSTANTIATE_TEST_SUITE_P(Bugs, BugTest, ::testing::Range(1, static_cast<int>(Bug::kLast) + 1),
                         [](const ::testing::TestParamInfo<int>& bug) {
                           return std::string(BugName(static_cast<Bug>(bug.param)));
                         });

}  // namespace
}  // namespace baton::history

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view kSeeds = "--seeds=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kSeeds)) {
      baton::history::seeds = std::strtoull(argv[i] + kSeeds.size(), nullptr, 10);
    }
  }
  return RUN_ALL_TESTS();
}
