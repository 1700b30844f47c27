// Each alert that has a runbook, which is every one of the chart, is provoked by provoke.sh or has
// its reason in README.md, and none has both.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace baton::e2e {
namespace {

using Names = std::set<std::string>;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What the first group of `pattern` is, wherever it is found.
Names Find(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    names.insert((*at)[1].str());
  }
  return names;
}

Names AllAlerts() {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator("docs/runbooks")) {
    const std::string name = entry.path().stem().string();
    if (name.starts_with("Baton")) names.insert(name);
  }
  return names;
}

// Those after the word expect, with or without a severity.
Names Provoked() {
  Names names;
  for (const std::string& line :
       Find(Read("test/e2e/provoke.sh"), "expect ((?:Baton[A-Za-z/ ]+)+)")) {
    names.merge(Find(line, "(Baton[A-Za-z]+)"));
  }
  return names;
}

Names LeftOut() { return Find(Read("test/e2e/README.md"), "\\| `(Baton[A-Za-z]+)` \\| [^|]{10}"); }

Names Without(const Names& all, const Names& some) {
  Names rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

TEST(AlertListsTest, EveryAlertIsProvokedOrHasItsReason) {
  Names known = Provoked();
  known.merge(LeftOut());
  EXPECT_EQ(Without(AllAlerts(), known), Names()) << "neither provoked nor in the table";
  EXPECT_EQ(Without(known, AllAlerts()), Names()) << "no such alert";
}

TEST(AlertListsTest, WhatIsProvokedNeedsNoReason) {
  const Names left_out = LeftOut();
  ASSERT_FALSE(left_out.empty());
  EXPECT_EQ(Without(left_out, Provoked()), left_out);
}

}  // namespace
}  // namespace baton::e2e
