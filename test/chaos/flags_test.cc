#include "test/chaos/flags.h"

#include <gtest/gtest.h>

#include "test/chaos/fault_kind.h"

namespace baton::chaos {
namespace {

std::string Trouble(const std::string& flag) {
  const auto options = ParseFlags({flag});
  return options.ok() ? "" : options.status().message();
}

TEST(FlagsTest, WhatIsSaidIsTaken) {
  const auto options = ParseFlags({"--seconds=5", "--nodes=3", "--seed=9", "--faults=kill,cut",
                                   "--clients=4", "--think-ms=0", "--output=/x",
                                   "--least-per-second=20", "--commit=80ca1d9-dirty"});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->seconds, 5);
  EXPECT_EQ(options->nodes, 3);
  EXPECT_EQ(options->seed, 9u);
  EXPECT_EQ(options->faults, (std::vector<std::string>{"kill", "cut"}));
  EXPECT_EQ(options->workers, 4);
  EXPECT_EQ(options->think_ms_max, 0);
  EXPECT_EQ(options->output, "/x");
  EXPECT_EQ(options->least_per_second, 20);
  EXPECT_EQ(options->commit, "80ca1d9-dirty");
  EXPECT_EQ(ParseFlags({})->least_per_second, 0);
}

TEST(FlagsTest, AgainIsTheSameRun) {
  EXPECT_EQ(AgainFlags(*ParseFlags({})), "--seed=1 --nodes=3 --seconds=60 --think-ms=10");
  const auto options =
      ParseFlags({"--seconds=5", "--nodes=5", "--seed=9", "--faults=kill,cut", "--clients=4",
                  "--think-ms=0", "--output=/x", "--least-per-second=20", "--commit=80ca1d9"});
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(AgainFlags(*options),
            "--seed=9 --nodes=5 --clients=4 --seconds=5 --think-ms=0 --least-per-second=20 "
            "--faults=kill,cut");
}

// Where no commit can be asked for, make says none.
TEST(FlagsTest, ACommitMayBeUnknown) { EXPECT_EQ(Trouble("--commit="), ""); }

TEST(FlagsTest, WhatIsWrongIsNamed) {
  EXPECT_EQ(Trouble("--nodes=16"),
            "--nodes takes a number from 1 to 15, not \"16\"; --help tells more");
  EXPECT_NE(Trouble("--nodes=0"), "");
  EXPECT_EQ(Trouble("--nodes=15"), "");
  EXPECT_NE(Trouble("--nodes=3x"), "");
  EXPECT_NE(Trouble("--nodes"), "");
  EXPECT_NE(Trouble("--output="), "");
  EXPECT_EQ(Trouble("--least-per-second=0"), "");
  EXPECT_EQ(Trouble("--least-per-second=1000000"), "");
  EXPECT_EQ(
      Trouble("--least-per-second=1000001"),
      "--least-per-second takes a number from 0 to 1000000, not \"1000001\"; --help tells more");
  EXPECT_NE(Trouble("--least-per-second=-1"), "");
  EXPECT_NE(Trouble("--faults="), "");
  EXPECT_NE(Trouble("--secnds=1").find("did you mean \"seconds\"?"), std::string::npos);
  EXPECT_NE(Trouble("--faults=kil").find("did you mean \"kill\"?"), std::string::npos);
}

TEST(FlagsTest, HelpNamesEveryFlag) {
  for (const std::string name : {"seconds", "nodes", "seed", "faults", "clients", "think-ms",
                                 "least-per-second", "output", "commit"}) {
    EXPECT_NE(HelpText().find("  --" + name + "="), std::string::npos) << name;
  }
}

TEST(FlagsTest, HelpNamesEveryFault) {
  for (const FaultKind& kind : FaultKinds()) {
    EXPECT_NE(HelpText().find("  " + std::string(kind.name) + " "), std::string::npos);
  }
}

}  // namespace
}  // namespace baton::chaos
