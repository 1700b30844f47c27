#include "test/bench/options.h"

#include <gtest/gtest.h>

namespace baton::bench {
namespace {

const std::set<std::string_view> kAll = {"quick", "rounds", "seconds", "only", "output", "picture"};

bool Parses(const std::string& argument) {
  Options options;
  return ParseOptions({argument}, kAll, &options);
}

TEST(OptionsTest, AreReadOverTheDefaults) {
  Options options;
  ASSERT_TRUE(ParseOptions({"--quick", "--rounds=7", "--only=keys,members", "--output=a/b.json"},
                           kAll, &options));
  EXPECT_TRUE(options.quick);
  EXPECT_EQ(options.rounds, 7);
  EXPECT_EQ(options.seconds, Options().seconds);
  EXPECT_EQ(options.output, "a/b.json");
  EXPECT_EQ(options.picture, "");
  EXPECT_TRUE(options.Wants("keys"));
  EXPECT_FALSE(options.Wants("sessions"));
  EXPECT_TRUE(Options().Wants("sessions"));
}

TEST(OptionsTest, HaveBounds) {
  EXPECT_FALSE(Parses("--rounds=0"));
  EXPECT_TRUE(Parses("--rounds=1"));
  EXPECT_TRUE(Parses("--rounds=100"));
  EXPECT_FALSE(Parses("--rounds=101"));
  EXPECT_FALSE(Parses("--rounds=99999999999999999999"));
  EXPECT_FALSE(Parses("--seconds=0.09"));
  EXPECT_TRUE(Parses("--seconds=0.1"));
  EXPECT_TRUE(Parses("--seconds=600"));
  EXPECT_FALSE(Parses("--seconds=600.1"));
  EXPECT_FALSE(Parses("--seconds=nan"));
}

TEST(OptionsTest, WhatIsNotKnownIsRefused) {
  EXPECT_FALSE(Parses("--fast"));
  EXPECT_FALSE(Parses("quick"));
  EXPECT_FALSE(Parses("--quick=yes"));
  EXPECT_FALSE(Parses("--rounds"));
  EXPECT_FALSE(Parses("--rounds=3x"));
  EXPECT_FALSE(Parses("--output="));
  Options options;
  EXPECT_FALSE(ParseOptions({"--rounds=3"}, {"quick"}, &options));
}

}  // namespace
}  // namespace baton::bench
