#include <gtest/gtest.h>

#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

const Source kTable = {"pkg/base/cruel_sites.h", "    {\"raft.a\", 2, \"rare\"},\n"};

std::string Found(std::vector<Source> tree) {
  tree.push_back(kTable);
  std::string all;
  for (const Finding& finding : CheckSites(tree)) all += Describe(finding) + "\n";
  return all;
}

TEST(SitesTest, AListedSiteIsUsedOnce) {
  const Source once = {"pkg/raft/a.cc", "if (CRUEL(\"raft.a\")) return;\n"};
  EXPECT_EQ(Found({once}), "");
  EXPECT_EQ(Found({}),
            "pkg/base/cruel_sites.h:1: raft.a is used 0 times: a name stands for one place\n");
  EXPECT_EQ(Found({once, {"pkg/node/b.cc", once.text}}),
            "pkg/base/cruel_sites.h:1: raft.a is used 2 times: a name stands for one place\n");
  EXPECT_NE(Found({{"pkg/raft/a.cc", once.text + once.text}}), "");
}

TEST(SitesTest, OnlyCodeThatShipsCounts) {
  const std::string use = "CRUEL(\"raft.a\")\n";
  for (const std::string path : {"pkg/raft/a_test.cc", "pkg/base/cruel_test.cc", "test/sim/a.cc",
                                 "pkg/raft/testing/a.cc", "pkg/raft/README.md"}) {
    EXPECT_NE(Found({{path, use}}), "") << path;
  }
  EXPECT_NE(Found({{"pkg/raft/a.cc", "// " + use}}), "");
}

TEST(SitesTest, PlantedBugsAreSitesToo) {
  const Source bugs = {"pkg/base/planted_bugs.h", "    {\"node.b\", \"sim\",\n"};
  const Source site = {"pkg/raft/a.cc", "CRUEL(\"raft.a\")\n"};
  EXPECT_EQ(Found({bugs, site, {"pkg/node/b.cc", "if (PLANTED(\"node.b\")) return;\n"}}), "");
  EXPECT_EQ(Found({bugs, site, {"pkg/node/b.cc", "PLANTED(\"node.b\"), PLANTED(\"node.c\")\n"}}),
            "pkg/node/b.cc:1: node.c: list it in pkg/base/planted_bugs.h\n");
  EXPECT_NE(Found({bugs, site}), "");
}

TEST(SitesTest, AUsedSiteIsListed) {
  EXPECT_EQ(Found({{"pkg/raft/a.cc", "CRUEL(\"raft.a\"), CRUEL(\"raft.b\")\n"}}),
            "pkg/raft/a.cc:1: raft.b: list it in pkg/base/cruel_sites.h\n");
}

}  // namespace
}  // namespace baton::tidy
