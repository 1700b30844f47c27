#include "pkg/node/inbox.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace baton::node {
namespace {

constexpr int64_t kForeverUs = 60'000'000;  // a test that waits for so long has failed

// Items are told apart by refusing them: running one needs a Node.
InboxItem Named(std::string name, std::vector<std::string>* refused) {
  return {[](Node&) {}, [name = std::move(name), refused](
                            const Status& why) { refused->push_back(name + ":" + why.reason()); }};
}

TEST(InboxTest, ClientsAreRefusedBeyondTheBoundAndPeersAndCompletionsAreNot) {
  Inbox inbox(3);
  std::vector<std::string> refused;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(inbox.PushClient(Named("client", &refused)).ok());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(inbox.PushClient(Named("client", &refused)).reason(), "overloaded");
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(inbox.PushPeer(Named("peer", &refused)).ok());
  EXPECT_EQ(inbox.PushPeer(Named("peer", &refused)).reason(), "overloaded");
  for (int i = 0; i < 100; ++i) inbox.PushCompletion([](Node&) {});
  inbox.PushCancel([](Node&) {});
  EXPECT_EQ(inbox.size(), 107U);
  EXPECT_TRUE(refused.empty()) << "whoever pushes answers the refusal itself";
}

TEST(InboxTest, BytesAreBoundedToo) {
  Inbox inbox(1'000);
  const auto item = [](size_t bytes) { return InboxItem{[](Node&) {}, {}, bytes}; };
  EXPECT_TRUE(inbox.PushClient(item(10 * Inbox::kBytesMax)).ok()) << "one item is always taken";
  EXPECT_EQ(inbox.PushClient(item(1)).reason(), "overloaded");
  EXPECT_TRUE(inbox.PushPeer(item(Inbox::kBytesMax - 1)).ok());
  EXPECT_TRUE(inbox.PushPeer(item(1)).ok());
  EXPECT_EQ(inbox.PushPeer(item(1)).reason(), "overloaded");
  EXPECT_EQ(inbox.Take().size(), 3U);
  EXPECT_TRUE(inbox.PushClient(item(1)).ok());
  EXPECT_TRUE(inbox.PushPeer(item(1)).ok());
}

TEST(InboxTest, CompletionsComeFirstThenPeersThenClients) {
  Inbox inbox(10);
  std::vector<std::string> order;
  const auto item = [&](const std::string& name) { return Named(name, &order); };
  ASSERT_TRUE(inbox.PushClient(item("client")).ok());
  ASSERT_TRUE(inbox.PushPeer(item("peer")).ok());
  inbox.PushCompletion([](Node&) {});
  const std::vector<InboxItem> items = inbox.Take();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_FALSE(items[0].refuse) << "the completion";
  for (const size_t i : {1, 2}) items[i].refuse(Status(Code::kUnavailable, "x", ""));
  EXPECT_EQ(order, (std::vector<std::string>{"peer:x", "client:x"}));
  EXPECT_EQ(inbox.size(), 0U);
}

TEST(InboxTest, OneTakeGivesABoundedNumberOfClientsItems) {
  Inbox inbox(10'000);
  std::vector<std::string> refused;
  for (size_t i = 0; i < Inbox::kClientItemsPerTake + 1; ++i) {
    ASSERT_TRUE(inbox.PushClient(Named("client", &refused)).ok());
  }
  EXPECT_EQ(inbox.Take().size(), Inbox::kClientItemsPerTake);
  EXPECT_TRUE(inbox.Await(kForeverUs)) << "does not wait while something is left";
  EXPECT_EQ(inbox.Take().size(), 1U);
}

TEST(InboxTest, AwaitEndsForAnItemAndForWake) {
  Inbox inbox(10);
  std::thread pusher([&] {
    inbox.PushCompletion([](Node&) {});
    inbox.Announce();
  });
  EXPECT_TRUE(inbox.Await(kForeverUs));
  EXPECT_EQ(inbox.Take().size(), 1U);
  pusher.join();
  std::thread waker([&] { inbox.Wake(); });
  EXPECT_TRUE(inbox.Await(kForeverUs));
  EXPECT_EQ(inbox.Take().size(), 0U);
  waker.join();
}

TEST(InboxTest, WakeIsRememberedUntilTheNextAwaitWhoeverTakesMeanwhile) {
  Inbox inbox(10);
  inbox.Wake();
  EXPECT_EQ(inbox.Take().size(), 0U);
  EXPECT_TRUE(inbox.Await(kForeverUs));
}

TEST(InboxTest, AnAnnouncementOfWhatSomebodyElseTookIsNone) {
  Inbox inbox(10);
  inbox.PushCompletion([](Node&) {});
  EXPECT_EQ(inbox.Take().size(), 1U);
  inbox.Announce();
  EXPECT_FALSE(inbox.Await(1));
}

TEST(InboxTest, CloseRefusesWhatIsInsideAndWhatComesLater) {
  Inbox inbox(10);
  std::vector<std::string> refused;
  ASSERT_TRUE(inbox.PushClient(Named("a", &refused)).ok());
  ASSERT_TRUE(inbox.PushPeer(Named("b", &refused)).ok());
  inbox.Close();
  EXPECT_EQ(refused, (std::vector<std::string>{"b:shutting_down", "a:shutting_down"}));
  EXPECT_EQ(inbox.PushClient(Named("c", &refused)).reason(), "shutting_down");
  inbox.PushCompletion([](Node&) {});
  EXPECT_EQ(inbox.size(), 0U);
}

}  // namespace
}  // namespace baton::node
