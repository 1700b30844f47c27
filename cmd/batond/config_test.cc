#include "cmd/batond/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cmd/batond/usage.h"

namespace baton::batond {
namespace {

// Settings as if from a file with one of them a line.
SettingValues Values(std::initializer_list<std::pair<std::string, std::string>> settings) {
  SettingValues values;
  int line = 0;
  for (const auto& [name, text] : settings) {
    values[name] = {text, "b.yaml:" + std::to_string(++line)};
  }
  return values;
}

std::string Refusal(std::initializer_list<std::pair<std::string, std::string>> settings) {
  const Result<Config> config = MakeConfig(Values(settings));
  return config.ok() ? "" : config.status().message();
}

TEST(MakeConfigTest, WithoutSettingsANodeAlone) {
  const Result<Config> config = MakeConfig({});
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->node_id, NodeId(1));
  EXPECT_EQ(config->node_name, "node-1");
  EXPECT_EQ(config->data_dir, "baton-data");
  EXPECT_EQ(config->client_listen.ToString(), "127.0.0.1:7400");
  EXPECT_EQ(config->initial_cluster.size(), 1U);
  EXPECT_EQ(config->initial_cluster.at(NodeId(1)).ToString(), "127.0.0.1:7401");
  EXPECT_EQ(config->client_urls.at(NodeId(1)), "http://127.0.0.1:7400");
  EXPECT_EQ(config->tick_ms, 100);
  EXPECT_EQ(config->election_timeout_ticks, 10U);
  EXPECT_EQ(config->heartbeat_interval_ticks, 1U);
  EXPECT_EQ(config->log_format, LogFormat::kText);
  EXPECT_EQ(config->log_level, LogLevel::kInfo);
  EXPECT_EQ(config->client_connections_max, 10'000U);
  EXPECT_EQ(config->client_connections_per_address_max, 2'000U);
  EXPECT_EQ(config->cluster_id.size(), 16U);
}

TEST(MakeConfigTest, ThreeNodes) {
  const Result<Config> config = MakeConfig(Values({
      {"node-id", "2"},
      {"name", "pod-1"},
      {"client-listen", "0.0.0.0:7400"},
      {"initial-cluster", "1=a:7401,2=b:7401,3=[::1]:7401"},
      {"client-urls", "1=http://a:7400,3=http://c:7400"},
      {"log-format", "json"},
      {"log-level", "error"},
      {"client-connections-max", "50"},
  }));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->initial_cluster.at(NodeId(3)).ToString(), "[::1]:7401");
  EXPECT_EQ(config->client_urls.size(), 2U);
  EXPECT_EQ(config->log_format, LogFormat::kJson);
  EXPECT_EQ(config->log_level, LogLevel::kError);
  EXPECT_EQ(config->client_connections_per_address_max, 50U) << "within client-connections-max";
}

TEST(MakeConfigTest, APodFindsItsPeersByItsName) {
  const Result<Config> config = MakeConfig(Values({{"name", "my-baton-1"},
                                                   {"peer-domain", "peers.ns.svc.cluster.local."},
                                                   {"peer-listen", "0.0.0.0:7401"},
                                                   {"client-listen", "[::]:7400"}}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_TRUE(config->named);
  EXPECT_EQ(config->InitialNames(),
            (std::vector<std::string>{"my-baton-0", "my-baton-1", "my-baton-2"}));
  EXPECT_EQ(config->peers.at("my-baton-2").ToString(),
            "my-baton-2.peers.ns.svc.cluster.local.:7401");
  EXPECT_TRUE(config->also_asked.contains("my-baton-3"));
  EXPECT_TRUE(config->also_asked.contains("my-baton-6"));
  EXPECT_EQ(config->also_asked.size(), 4u) << "docs/members.md says so";
  const node::MemberInfo self = config->Self();
  EXPECT_EQ(self.name, "my-baton-1");
  EXPECT_EQ(self.peer_address, "my-baton-1.peers.ns.svc.cluster.local.:7401");
  EXPECT_EQ(self.client_url, "http://my-baton-1.peers.ns.svc.cluster.local.:7400");
}

TEST(MakeConfigTest, APodBeyondTheInitialCountFoundsNothing) {
  const Result<Config> config =
      MakeConfig(Values({{"name", "b-3"}, {"peer-domain", "d"}, {"initial-count", "1"}}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->InitialNames(), std::vector<std::string>{"b-0"});
  EXPECT_FALSE(config->also_asked.contains("b-3")) << "it does not ask itself";
  EXPECT_TRUE(config->also_asked.contains("b-4"));
}

TEST(MakeConfigTest, PeersByName) {
  const Result<Config> config = MakeConfig(Values({{"name", "b"},
                                                   {"peers", "a=x:1,b=y:2"},
                                                   {"peer-listen", "0.0.0.0:2"},
                                                   {"client-url", "http://y:3"}}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->Self(), (node::MemberInfo{"b", "y:2", "http://y:3"}));
  EXPECT_EQ(MakeConfig(Values({{"name", "c"}, {"peers", "a=x:1"}, {"peer-address", "z:9"}}))
                ->peer_address,
            "z:9");
}

TEST(MakeConfigTest, NamesAndNumbersDoNotGoTogether) {
  EXPECT_EQ(Refusal({{"name", "b-0"}, {"peer-domain", "d"}, {"node-id", "2"}}),
            "b.yaml:3: \"node-id\" does not go with \"peer-domain\" (b.yaml:2)");
  EXPECT_EQ(Refusal({{"peer-domain", "d"}}),
            "b.yaml:1: \"peer-domain\" needs \"name\": what this node is called");
  EXPECT_EQ(Refusal({{"name", "b"}, {"peer-domain", "d"}}),
            "b.yaml:1: \"name\" must be NAME-ORDINAL, as of a pod of a StatefulSet, with "
            "\"peer-domain\", not \"b\"");
  EXPECT_EQ(Refusal({{"peer-address", "a:1"}}),
            "b.yaml:1: \"peer-address\" goes with \"peer-domain\" or \"peers\" only");
  EXPECT_EQ(
      Refusal({{"name", "c"}, {"peers", "a=x:1"}, {"peer-listen", "0.0.0.0:1"}}),
      "b.yaml:2: \"peers\" needs \"peer-address\", which says where the others reach this node");
  EXPECT_NE(Refusal({{"name", "b-0"}, {"peer-domain", "no domain"}}), "");
}

TEST(MakeConfigTest, OneAddressMayHaveAllConnectionsAndNoMore) {
  const auto of_one_address = [](const std::string& total, const std::string& per_address) {
    return MakeConfig(Values({{"client-connections-max", total},
                              {"client-connections-per-address-max", per_address}}))
        ->client_connections_per_address_max;
  };
  EXPECT_EQ(of_one_address("5", "4"), 4U);
  EXPECT_EQ(of_one_address("5", "5"), 5U);
  EXPECT_EQ(of_one_address("5", "6"), 5U);
  EXPECT_EQ(of_one_address("5", "1000000"), 5U);
}

TEST(MakeConfigTest, AnAddressOfEveryInterfaceIsNoUrl) {
  EXPECT_TRUE(MakeConfig(Values({{"client-listen", "0.0.0.0:7400"}}))->client_urls.empty());
  EXPECT_TRUE(MakeConfig(Values({{"client-listen", "127.0.0.1:0"}}))->client_urls.empty());
}

TEST(MakeConfigTest, WrongValuesNamePlaceSettingAndWhatIsAllowed) {
  EXPECT_EQ(Refusal({{"name", "a"}, {"tick-ms", "ten"}}),
            "b.yaml:2: \"tick-ms\" takes a number from 5 to 10000, not \"ten\"");
  EXPECT_EQ(Refusal({{"log-format", "jsn"}}),
            "b.yaml:1: \"log-format\" takes text|json, not \"jsn\"; did you mean \"json\"?");
  EXPECT_EQ(Refusal({{"log-level", ""}}),
            "b.yaml:1: \"log-level\" takes debug|info|warning|error, not \"\"");
  EXPECT_EQ(
      Refusal({{"client-listen", "localhost:7400"}}),
      "b.yaml:1: \"client-listen\" takes IP:PORT, but \"localhost:7400\" must begin with an IP "
      "address of this machine, as in 127.0.0.1:7400");
  EXPECT_EQ(Refusal({{"cluster-name", "my cluster"}}),
            "b.yaml:1: \"cluster-name\" takes 1 to 63 letters, digits, '.', '_' or '-'");
  EXPECT_EQ(Refusal({{"data-dir", ""}}), "b.yaml:1: \"data-dir\" must not be empty");
}

TEST(MakeConfigTest, NamesAndPathsAtTheirLimits) {
  EXPECT_EQ(Refusal({{"name", std::string(63, 'a')}}), "");
  EXPECT_NE(Refusal({{"name", std::string(64, 'a')}}), "");
  EXPECT_NE(Refusal({{"name", ""}}), "");
  EXPECT_NE(Refusal({{"name", "a\nb"}}), "");
  EXPECT_EQ(Refusal({{"data-dir", std::string(4096, 'a')}}), "");
  EXPECT_NE(Refusal({{"data-dir", std::string(4097, 'a')}}), "");
  EXPECT_NE(Refusal({{"data-dir", std::string("a\0b", 3)}}), "");
}

TEST(MakeConfigTest, MembersAreChecked) {
  EXPECT_EQ(Refusal({{"initial-cluster", "2=a:1"}}),
            "b.yaml:1: \"initial-cluster\" does not name this node, 1 (node-id is from default)");
  EXPECT_EQ(Refusal({{"initial-cluster", "1=a:1,1=b:1"}}),
            "b.yaml:1: \"initial-cluster\" names member 1 twice");
  EXPECT_EQ(Refusal({{"initial-cluster", "1=a:1,2=a:1"}}),
            "b.yaml:1: \"initial-cluster\" gives members 1 and 2 the same address a:1");
  EXPECT_EQ(Refusal({{"initial-cluster", "1=a"}}),
            "b.yaml:1: \"initial-cluster\" takes ID=HOST:PORT, but \"a\" has no port, as in "
            "127.0.0.1:7400");
  EXPECT_EQ(
      Refusal({{"initial-cluster", "a:1,b:1"}}),
      "b.yaml:1: \"initial-cluster\" takes ID=HOST:PORT,... with ids from 1 to 1000000000, but "
      "holds \"a:1\"");
  for (const std::string text :
       {"", ",", "1=a:1,", "0=a:1", "-1=a:1", "1000000001=a:1", "1", "1="}) {
    EXPECT_NE(Refusal({{"initial-cluster", text}}), "") << text;
  }
}

TEST(MakeConfigTest, AWrongMemberOfTheFileIsNamedByItsOwnLine) {
  const auto refusal = [](const std::string& text) {
    const Result<SettingValues> values = ReadYaml(text, "b.yaml");
    return values.ok() ? MakeConfig(*values).status().message() : values.status().message();
  };
  EXPECT_EQ(refusal("initial-cluster:\n  1: a:1\n  2: b\n"),
            "b.yaml:3: \"initial-cluster\" takes ID=HOST:PORT, but \"b\" has no port, as in "
            "127.0.0.1:7400");
  EXPECT_EQ(refusal("initial-cluster:\n  1: a:1\n  x: b:1\n").substr(0, 8), "b.yaml:3");
  EXPECT_EQ(refusal("initial-cluster:\n  1: a:1\n  1: b:1\n"),
            "b.yaml:3: \"initial-cluster\" names member 1 twice");
  EXPECT_EQ(refusal("initial-cluster:\n  1: a:1\n\n  2: a:1\n"),
            "b.yaml:4: \"initial-cluster\" gives members 1 and 2 the same address a:1");
  EXPECT_EQ(refusal("initial-cluster: {1: a:1}\nclient-urls:\n  1: http://a:1\n  2: http://b:1\n"),
            "b.yaml:4: \"client-urls\" names member 2, which initial-cluster does not (b.yaml:1)");
  EXPECT_EQ(refusal("client-urls:\n  1: a:1\n").substr(0, 8), "b.yaml:2");
}

TEST(MakeConfigTest, MembersAreBounded) {
  const auto members = [](size_t count) {
    std::string text;
    for (size_t i = 1; i <= count; ++i) {
      text += (i > 1 ? "," : "") + std::to_string(i) + "=h" + std::to_string(i) + ":1";
    }
    return text;
  };
  EXPECT_EQ(Refusal({{"initial-cluster", members(kMembersMax)}}), "");
  EXPECT_EQ(Refusal({{"initial-cluster", members(kMembersMax + 1)}}),
            "b.yaml:1: \"initial-cluster\" names 16 members; at most 15 are allowed");
  EXPECT_NE(Refusal({{"initial-cluster", members(2000)}}), "");
}

TEST(MakeConfigTest, ClientUrlsAreChecked) {
  EXPECT_EQ(Refusal({{"initial-cluster", "1=a:1"}, {"client-urls", "1=http://a:1,2=http://b:1"}}),
            "b.yaml:2: \"client-urls\" names member 2, which initial-cluster does not (b.yaml:1)");
  EXPECT_EQ(Refusal({{"client-urls", "1=a:1"}}),
            "b.yaml:1: \"client-urls\" takes ID=http://HOST:PORT, but \"a:1\" must begin with "
            "http://");
}

TEST(MakeConfigTest, ContradictionsNameBothPlaces) {
  EXPECT_EQ(Refusal({{"election-timeout-ticks", "5"}, {"heartbeat-interval-ticks", "5"}}),
            "b.yaml:2: \"heartbeat-interval-ticks\" must be less than \"election-timeout-ticks\", "
            "which is 5 (b.yaml:1)");
  EXPECT_EQ(Refusal({{"log-entries-max", "5000"}}),
            "b.yaml:1: \"log-entries-kept\" must be less than \"log-entries-max\", which is 5000 "
            "(b.yaml:1)");
  EXPECT_EQ(Refusal({{"client-request-timeout-ms", "1000"}}),
            "b.yaml:1: \"client-header-timeout-ms\" must be at most \"client-request-timeout-ms\", "
            "which is 1000 (b.yaml:1)");
  EXPECT_EQ(Refusal({{"client-request-timeout-ms", "5000"}}), "") << "equal is allowed";
}

TEST(MakeConfigTest, PortClashes) {
  EXPECT_EQ(
      Refusal({{"client-listen", "127.0.0.1:7401"}}),
      "b.yaml:1: \"peer-listen\" 127.0.0.1:7401 has the port of \"client-listen\" (b.yaml:1)");
  EXPECT_EQ(Refusal({{"client-listen", "0.0.0.0:9000"}, {"ops-listen", "127.0.0.1:9000"}}),
            "b.yaml:2: \"ops-listen\" 127.0.0.1:9000 has the port of \"client-listen\" (b.yaml:1)");
  EXPECT_NE(Refusal({{"client-listen", "127.0.0.1:9000"}, {"ops-listen", "[::]:9000"}}), "");
  EXPECT_EQ(Refusal({{"client-listen", "127.0.0.1:9000"}, {"ops-listen", "127.0.0.2:9000"}}), "");
  EXPECT_EQ(Refusal({{"client-listen", "127.0.0.1:0"}, {"ops-listen", "127.0.0.1:0"}}), "")
      << "port 0 is another one each time";
}

TEST(MakeConfigTest, MessagesStayShort) {
  const std::string huge(1'000'000, 'x');
  for (const std::string name : {"tick-ms", "log-format", "client-listen", "initial-cluster",
                                 "client-urls", "name", "data-dir"}) {
    const std::string message = Refusal({{name, huge}});
    EXPECT_NE(message, "") << name;
    EXPECT_LT(message.size(), 600U) << name;
  }
}

TEST(MakeClusterIdTest, IsTheDocumentedHash) {
  // FNV-1a of "baton-cluster-1\0" "baton\0" "1=a:7401\0" "2=b:7401\0".
  EXPECT_EQ(MakeClusterId("baton", {{NodeId(1), {"a", 7401}}, {NodeId(2), {"b", 7401}}}),
            "ae294a265a51e864");
}

TEST(MakeClusterIdTest, DependsOnNameAndMembersAndNotOnTheirOrder) {
  const auto id = [](const std::string& name, const std::string& members,
                     const std::string& node = "1") {
    const auto config = MakeConfig(
        Values({{"cluster-name", name}, {"initial-cluster", members}, {"node-id", node}}));
    EXPECT_TRUE(config.ok()) << config.status().ToString();
    return config->cluster_id;
  };
  const std::string base = id("x", "1=a:1,2=b:1");
  EXPECT_EQ(base, id("x", "2=b:1,1=a:1"));
  EXPECT_EQ(base, id("x", "1=a:1,2=b:1", "2")) << "every member has the same";
  EXPECT_NE(base, id("y", "1=a:1,2=b:1"));
  EXPECT_NE(base, id("x", "1=a:1,2=b:2"));
  EXPECT_NE(base, id("x", "1=a:1,3=b:1"));
  EXPECT_NE(base, id("x", "1=a:1,2=b:1,3=c:1"));
}

TEST(MakeClusterIdTest, ANodeAloneMayMoveToAnotherPort) {
  const std::string base = MakeConfig({})->cluster_id;
  EXPECT_EQ(base, MakeConfig(Values({{"peer-listen", "127.0.0.1:9999"}}))->cluster_id);
  EXPECT_NE(base, MakeConfig(Values({{"node-id", "2"}}))->cluster_id);
}

TEST(MakeClusterIdTest, ARestoredClusterHasTheOneItIsTold) {
  const auto config = MakeConfig(Values({{"cluster-id", "00ff00ff00ff00ff"}}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->cluster_id, "00ff00ff00ff00ff");
  EXPECT_TRUE(config->restored);
  EXPECT_FALSE(MakeConfig({})->restored);
  for (const char* wrong : {"", "00ff00ff00ff00f", "00ff00ff00ff00ff0", "00FF00FF00FF00FF"}) {
    EXPECT_NE(Refusal({{"cluster-id", wrong}}).find("takes 16 digits"), std::string::npos) << wrong;
  }
}

class LoadConfigTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static Flags FlagsOf(std::vector<std::string> arguments) {
    Result<Flags> flags = ReadFlags(arguments);
    EXPECT_TRUE(flags.ok()) << flags.status().ToString();
    return *flags;
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(std::getenv("TEST_TMPDIR") ? std::getenv("TEST_TMPDIR") : "/tmp") /
      ("config_test." + std::to_string(getpid()));
  const std::string path_ = directory_ / "baton.yaml";
};

TEST_F(LoadConfigTest, FlagsOverEnvironmentOverFile) {
  std::ofstream(path_) << "tick-ms: 10\nelection-timeout-ticks: 20\nname: file\n";
  const auto loaded =
      LoadConfig(FlagsOf({"--config", path_, "--name=flag"}),
                 {{"BATON_NAME", "variable"}, {"BATON_ELECTION_TIMEOUT_TICKS", "30"}});
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  EXPECT_EQ(loaded->config.tick_ms, 10);
  EXPECT_EQ(loaded->config.election_timeout_ticks, 30U);
  EXPECT_EQ(loaded->config.node_name, "flag");
  EXPECT_EQ(loaded->values.at("tick-ms").origin, path_ + ":1");
  EXPECT_EQ(loaded->values.at("election-timeout-ticks").origin, "BATON_ELECTION_TIMEOUT_TICKS");
}

TEST_F(LoadConfigTest, TheFileMayBeNamedByTheEnvironment) {
  std::ofstream(path_) << "tick-ms: 10\n";
  EXPECT_EQ(LoadConfig(FlagsOf({}), {{"BATON_CONFIG", path_}})->config.tick_ms, 10);
}

TEST_F(LoadConfigTest, ErrorsOfEachSourceComeThrough) {
  std::ofstream(path_) << "tick-ms: 10\n";
  const auto message = [&](std::vector<std::string> arguments,
                           const std::map<std::string, std::string>& environment) {
    return LoadConfig(FlagsOf(arguments), environment).status().message();
  };
  EXPECT_TRUE(message({"--config=/absent"}, {}).starts_with("/absent: cannot be read"));
  EXPECT_TRUE(message({}, {{"BATON_X", "1"}}).starts_with("BATON_X: "));
  EXPECT_EQ(message({"--config=" + path_, "--tick-ms=1"}, {}),
            "--tick-ms: \"tick-ms\" takes a number from 5 to 10000, not \"1\"");
  std::ofstream(path_) << "tick-ms: 1\n";
  EXPECT_TRUE(message({"--config=" + path_}, {}).starts_with(path_ + ":1: \"tick-ms\""));
  EXPECT_EQ(message({"--config=" + path_, "--tick-ms=50"}, {}), "") << "overridden before checked";
}

TEST_F(LoadConfigTest, PrintedValuesAreAFileThatGivesTheSameConfig) {
  const auto loaded = LoadConfig(
      FlagsOf({"--node-id=2", "--data-dir=/a \"b\"\\c\nd", "--initial-cluster=1=a:1,2=b:1",
               "--client-urls=1=http://a:2", "--log-format=json", "--tick-ms=70"}),
      {});
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const std::string printed = RenderValues(loaded->values);
  EXPECT_NE(printed.find("tick-ms: 70  # --tick-ms\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("election-timeout-ticks: 10  # default\n"), std::string::npos);
  std::ofstream(path_) << printed;
  const auto again = LoadConfig(FlagsOf({"--config", path_}), {});
  ASSERT_TRUE(again.ok()) << again.status().ToString() << "\n" << printed;
  EXPECT_EQ(again->config.data_dir, "/a \"b\"\\c\nd");
  EXPECT_EQ(again->config.cluster_id, loaded->config.cluster_id);
  EXPECT_EQ(again->config.client_urls, loaded->config.client_urls);
  EXPECT_EQ(again->config.log_format, LogFormat::kJson);
}

TEST(RenderSummaryTest, NamesNodeAndCluster) {
  const Config config = *MakeConfig({});
  EXPECT_EQ(RenderSummary(config),
            "ok: node 1 of 1 in cluster \"baton\" (" + config.cluster_id + ")\n");
}

}  // namespace
}  // namespace baton::batond
