// Nodes in namespaces of their own: packets between them are cut, lost and refused, per direction.
#include "test/chaos/network.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "pkg/http/client.h"
#include "test/chaos/isolation.h"
#include "test/chaos/proxy/proxy.h"
#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::chaos {
namespace {

using integration::Process;

constexpr int64_t kPatienceMs = 30'000;
constexpr int kNodes = 2;
constexpr uint16_t kPort = 7401;

Isolation isolation;

// Two nodes, each of which answers on its port: `curl` in the one's namespace calls the other.
class NetworkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    isolation = EnterNamespaces();
    if (!isolation.no_network.empty()) return;
    auto created = Network::Create(kNodes, directory_->path());
    if (!created.ok()) {
      isolation.no_network = created.status().message();
      return;
    }
    network = std::move(created)->release();
    proxy = Proxy::Start(1).release();
    for (int node = 0; node < kNodes; ++node) {
      const int other = 1 - node;
      links[node] = *proxy->AddLink(network->hub_address(), {network->address(other), kPort});
      network->SetLinkPort(node, other, links[node].port);
    }
  }
  static void TearDownTestSuite() {
    delete proxy;
    delete network;
    delete directory_;
  }

  void SetUp() override {
    if (!isolation.no_network.empty()) {
      GTEST_SKIP() << "there are no network namespaces here: " << isolation.no_network;
    }
    if (const Status filter = network->CanFilter(); !filter.ok()) {
      GTEST_SKIP() << "packets cannot be filtered here: " << filter.message();
    }
    ASSERT_TRUE(network->SetPacketFaults({}).ok());
    for (int node = 0; node < kNodes; ++node) Serve(node);
  }

  // A server in the node's namespace: a batond alone.
  void Serve(int node) {
    const std::string self = network->address(node);
    const std::string path = directory.path() + "/" + std::to_string(node);
    servers[node] = Process::Start(
        {integration::BatondPath(), "--data-dir=" + path, "--client-listen=" + self + ":7401",
         "--peer-listen=" + self + ":7400", "--ops-listen=" + self + ":7402"},
        path + ".log", {.network_namespace = network->namespace_fd(node)});
    ASSERT_TRUE(integration::WaitUntil(kPatienceMs, [&] {
      const auto answer = integration::Request("http://" + self + ":7402", "GET", "/livez");
      return answer.ok() && answer->status == 200;
    })) << integration::ReadFile(path + ".log");
  }

  // What curl, in the namespace of `from`, says of a call to the other node: 0 is an answer,
  // 7 a refused connection, 28 silence for a second.
  int Call(int from) {
    const std::string url =
        "http://" + network->hub_address() + ":" + std::to_string(links[from].port) + "/livez";
    Process curl = Process::Start({"/usr/bin/curl", "-s", "-m", "1", "-o", "/dev/null", url},
                                  directory.path() + "/curl.log",
                                  {.network_namespace = network->namespace_fd(from)});
    return curl.Wait(kPatienceMs).value_or(-1);
  }

  static constexpr int kAnswered = 0;
  static constexpr int kRefused = 7;
  static constexpr int kSilent = 28;

  static integration::TemporaryDirectory* const directory_;
  static Network* network;
  static Proxy* proxy;
  static Proxy::Link links[kNodes];
  integration::TemporaryDirectory directory;
  Process servers[kNodes];
};

integration::TemporaryDirectory* const NetworkTest::directory_ =
    new integration::TemporaryDirectory();
Network* NetworkTest::network = nullptr;
Proxy* NetworkTest::proxy = nullptr;
Proxy::Link NetworkTest::links[kNodes];

TEST_F(NetworkTest, WithoutFaultsEachReachesTheOther) {
  EXPECT_EQ(Call(0), kAnswered);
  EXPECT_EQ(Call(1), kAnswered);
}

// What node 0 says is lost: its own calls, and what it answers on those of the other...
TEST_F(NetworkTest, OneDirectionIsCut) {
  ASSERT_TRUE(network->SetPacketFaults({{.from = 0, .to = 1}}).ok());
  EXPECT_EQ(Call(0), kSilent);
  EXPECT_EQ(Call(1), kSilent);
  ASSERT_TRUE(network->SetPacketFaults({}).ok());
  EXPECT_EQ(Call(0), kAnswered);
  EXPECT_EQ(Call(1), kAnswered);
}

TEST_F(NetworkTest, ARefusalIsAReset) {
  ASSERT_TRUE(
      network->SetPacketFaults({{.from = 0, .to = 1, .kind = PacketFault::Kind::kReject}}).ok());
  EXPECT_EQ(Call(0), kRefused);
}

TEST_F(NetworkTest, AllIsLostOrSome) {
  const auto lose = [&](int percent) {
    return network->SetPacketFaults(
        {{.from = 0, .to = 1, .kind = PacketFault::Kind::kLose, .percent = percent}});
  };
  ASSERT_TRUE(lose(100).ok());
  EXPECT_EQ(Call(0), kSilent);
  ASSERT_TRUE(lose(5).ok());
  EXPECT_TRUE(integration::WaitUntil(kPatienceMs, [&] { return Call(0) == kAnswered; }));
}

TEST_F(NetworkTest, ACableIsDrawnAndPutBack) {
  ASSERT_TRUE(network->SetPlugged(0, false).ok());
  EXPECT_EQ(Call(1), kSilent);
  ASSERT_TRUE(network->SetPlugged(0, true).ok());
  EXPECT_TRUE(integration::WaitUntil(kPatienceMs, [&] { return Call(1) == kAnswered; }));
}

}  // namespace
}  // namespace baton::chaos
