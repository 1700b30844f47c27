// Show: what a node knows before it has data outlives a crash at any point, and one directory is
// one process's.
#include "pkg/storage/birth.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "pkg/storage/data_dir.h"

namespace baton::storage {
namespace {

class BirthTest : public ::testing::Test {
 protected:
  BirthTest() { std::filesystem::remove_all(path_); }
  ~BirthTest() override { std::filesystem::remove_all(path_); }
  std::unique_ptr<Birthplace> Open() {
    auto place = Birthplace::Open(path_);
    EXPECT_TRUE(place.ok()) << place.status().ToString();
    return place.ok() ? *std::move(place) : nullptr;
  }
  static Birth Promised() {
    return {NodeId(uint64_t{1} << 52),
            "baton-0",
            {{.id = NodeId(uint64_t{1} << 52), .info = {"baton-0", "baton-0.x:7401", ""}},
             {.id = NodeId(7), .info = {"baton-1", "[::1]:7401", "http://baton-1:7400"}}}};
  }

  const std::string path_ = ::testing::TempDir() + "birth_test";
};

TEST_F(BirthTest, IsKept) {
  {
    const auto place = Open();
    EXPECT_FALSE(place->birth());
    EXPECT_FALSE(place->identity());
    ASSERT_TRUE(place->Keep({NodeId(5), "baton-0", {}}).ok());
    ASSERT_TRUE(place->Keep(Promised()).ok());
  }
  const auto place = Open();
  ASSERT_TRUE(place->birth());
  EXPECT_EQ(*place->birth(), Promised());
}

TEST_F(BirthTest, WhatItHasHeardOfAndThatItHasBegunAreKept) {
  Birth birth = Promised();
  birth.cluster_id = "0123456789abcdef";
  ASSERT_TRUE(Open()->Keep(birth).ok());
  EXPECT_EQ(*Open()->birth(), birth);
  ASSERT_TRUE(Birthplace::MarkBegun(path_).ok());
  birth.begun = true;
  EXPECT_EQ(*Open()->birth(), birth);
  ASSERT_TRUE(Birthplace::MarkBegun(path_).ok()) << "again";
  EXPECT_EQ(*Open()->birth(), birth);
}

TEST_F(BirthTest, NothingIsMarkedWhereNothingWasKept) {
  ASSERT_TRUE(Open() != nullptr);
  ASSERT_TRUE(Birthplace::MarkBegun(path_).ok());
  EXPECT_FALSE(Open()->birth());
}

TEST_F(BirthTest, DataAreMadeBesideItAndSayWhoseTheyAre) {
  const Identity identity{.cluster_id = "0123456789abcdef", .node_id = NodeId(5)};
  ASSERT_TRUE(Open()->Keep({NodeId(5), "baton-0", {}}).ok());
  ASSERT_TRUE(DataDir::Open(path_, identity, {}).ok());
  {
    const auto place = Open();
    ASSERT_TRUE(place->identity());
    EXPECT_EQ(*place->identity(), identity);
    EXPECT_TRUE(place->birth());
  }
  // The log knows it, too.
  std::ofstream(path_ + "/IDENTITY") << "damaged";
  EXPECT_EQ(*Open()->identity(), identity);
}

TEST_F(BirthTest, ADirectoryIsOneProcesss) {
  const auto place = Open();
  EXPECT_EQ(Birthplace::Open(path_).status().reason(), "data_dir_in_use");
  const Identity identity{.cluster_id = "0123456789abcdef", .node_id = NodeId(5)};
  EXPECT_EQ(DataDir::Open(path_, identity, {}).status().reason(), "data_dir_in_use");
}

TEST_F(BirthTest, ADamagedOneIsNone) {
  ASSERT_TRUE(Open()->Keep(Promised()).ok());
  std::ofstream(path_ + "/BIRTH", std::ios::app) << "x";
  EXPECT_FALSE(Open()->birth()) << "its id is lost, and with it all that the disk has promised";
}

TEST_F(BirthTest, AForeignDirectoryIsRefused) {
  std::filesystem::create_directories(path_);
  std::ofstream(path_ + "/letters.txt") << "x";
  EXPECT_EQ(Birthplace::Open(path_).status().reason(), "foreign_directory");
}

TEST_F(BirthTest, HasOneForm) {
  const std::string text = EncodeBirth(Promised());
  EXPECT_EQ(*DecodeBirth(text, "p"), Promised());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeBirth(text.substr(0, size), "p").ok()) << size;
  }
}

}  // namespace
}  // namespace baton::storage
