#include "pkg/raft/membership_codec.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

ConfigState Joint() {
  ConfigState config;
  config.voters = {NodeId(1), NodeId(2), NodeId(300)};
  config.voters_outgoing = {NodeId(2), NodeId(4)};
  config.learners = {NodeId(5)};
  config.learners_next = {NodeId(4)};
  config.witnesses = {NodeId(300)};
  config.auto_leave = true;
  config.commit_quorum = 3;
  config.commit_quorum_outgoing = 2;
  return config;
}

TEST(MembershipCodecTest, BytesAreAsDrawn) {
  std::string bytes;
  ByteWriter writer(&bytes);
  WriteConfigState(Joint(), &writer);
  EXPECT_EQ(ToHex(bytes),
            "01"
            "030102ac02"
            "020204"
            "0105"
            "0104"
            "01ac02"
            "010302");
}

TEST(MembershipCodecTest, AnEntryComesBack) {
  const Payload data = EncodeMembershipEntry(Joint(), "by hand");
  const Result<MembershipEntry> entry = DecodeMembershipEntry(data.view());
  ASSERT_TRUE(entry.ok()) << entry.status().ToString();
  EXPECT_EQ(*entry, (MembershipEntry{Joint(), "by hand"}));
}

TEST(MembershipCodecTest, EveryCutAndEveryOtherVersionIsRefused) {
  const std::string bytes(EncodeMembershipEntry(Joint(), "").view());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeMembershipEntry(bytes.substr(0, size)).status().code(), Code::kInvalidArgument)
        << size;
  }
  std::string other = bytes;
  other[1] = 2;
  EXPECT_FALSE(DecodeMembershipEntry(other).ok());
}

TEST(MembershipCodecTest, ConfigurationsWithoutSenseAreRefused) {
  ConfigState config = Joint();
  config.learners = {NodeId(1)};
  EXPECT_FALSE(DecodeMembershipEntry(EncodeMembershipEntry(config, "").view()).ok());
  EXPECT_FALSE(DecodeMembershipEntry(EncodeMembershipEntry(ConfigState(), "").view()).ok());
}

TEST(MembershipCodecTest, ListsAreBounded) {
  ConfigState config;
  for (uint64_t id = 1; id <= kMembersMax; ++id) config.voters.push_back(NodeId(id));
  EXPECT_TRUE(DecodeMembershipEntry(EncodeMembershipEntry(config, "").view()).ok());
  config.voters.push_back(NodeId(kMembersMax + 1));
  EXPECT_FALSE(DecodeMembershipEntry(EncodeMembershipEntry(config, "").view()).ok());
}

}  // namespace
}  // namespace baton::raft
