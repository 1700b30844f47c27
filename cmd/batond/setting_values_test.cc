#include "cmd/batond/setting_values.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cmd/batond/settings.h"

namespace baton::batond {
namespace {

std::string YamlError(std::string_view text) {
  const Result<SettingValues> values = ReadYaml(text, "b.yaml");
  return values.ok() ? "" : values.status().message();
}

TEST(ReadYamlTest, ReadsScalarsWithTheirLines) {
  const auto values = ReadYaml(
      "# a comment\n"
      "node-id: 2\n"
      "\n"
      "data-dir: \"/var/lib/a b\"\n"
      "log-format: json\n",
      "b.yaml");
  ASSERT_TRUE(values.ok()) << values.status().ToString();
  EXPECT_EQ(values->size(), 3U);
  EXPECT_EQ(values->at("node-id").text, "2");
  EXPECT_EQ(values->at("node-id").origin, "b.yaml:2");
  EXPECT_EQ(values->at("data-dir").text, "/var/lib/a b");
  EXPECT_EQ(values->at("data-dir").origin, "b.yaml:4");
}

TEST(ReadYamlTest, NothingIsNothing) {
  for (const std::string text : {"", "# only this\n", "---\n", "{}\n"}) {
    const auto values = ReadYaml(text, "b.yaml");
    ASSERT_TRUE(values.ok()) << text;
    EXPECT_TRUE(values->empty());
  }
}

TEST(ReadYamlTest, MembersMayBeAMap) {
  const auto values =
      ReadYaml("initial-cluster:\n  1: a:7401\n  2: b:7401\nclient-urls: {1: \"http://a:7400\"}\n",
               "b.yaml");
  ASSERT_TRUE(values.ok()) << values.status().ToString();
  EXPECT_EQ(values->at("initial-cluster").text, "1=a:7401,2=b:7401");
  EXPECT_EQ(values->at("client-urls").text, "1=http://a:7400");
}

TEST(ReadYamlTest, AnUnknownNameGivesLineAndNearest) {
  EXPECT_EQ(YamlError("node-id: 1\n\ntik-ms: 5\n"),
            "b.yaml:3: unknown setting \"tik-ms\"; did you mean \"tick-ms\"?");
  EXPECT_EQ(YamlError("tick_ms: 5\n"),
            "b.yaml:1: unknown setting \"tick_ms\"; did you mean \"tick-ms\"?");
  EXPECT_EQ(YamlError("zzzzzzzz: 5\n"), "b.yaml:1: unknown setting \"zzzzzzzz\"");
}

TEST(ReadYamlTest, ARepeatedNameGivesBothLines) {
  EXPECT_EQ(YamlError("tick-ms: 5\nnode-id: 1\ntick-ms: 6\n"),
            "b.yaml:3: \"tick-ms\" is set twice, first at b.yaml:1");
}

TEST(ReadYamlTest, WrongShapesGiveTheLine) {
  EXPECT_EQ(YamlError("node-id: 1\ntick-ms: [1, 2]\n"),
            "b.yaml:2: \"tick-ms\" takes one value, not a list");
  EXPECT_EQ(YamlError("tick-ms: {a: 1}\n"),
            "b.yaml:1: \"tick-ms\" takes one value, not a map of values");
  EXPECT_EQ(YamlError("tick-ms:\n"), "b.yaml:1: \"tick-ms\" has no value");
  EXPECT_EQ(YamlError("tick-ms: ~\n"), "b.yaml:1: \"tick-ms\" has no value");
  EXPECT_EQ(YamlError("initial-cluster: {1: [a]}\n"),
            "b.yaml:1: members are written as \"1: host:port\", one a line");
  EXPECT_EQ(YamlError("initial-cluster:\n  1: a:1\n  2: b:1,3=c:1\n"),
            "b.yaml:3: members are written as \"1: host:port\", one a line");
  EXPECT_EQ(YamlError("initial-cluster: [a]\n"),
            "b.yaml:1: \"initial-cluster\" takes one value, not a list");
  EXPECT_EQ(YamlError("- tick-ms\n"),
            "b.yaml:1: must be a map of settings, as in \"tick-ms: 100\"");
  EXPECT_EQ(YamlError("just words\n"),
            "b.yaml:1: must be a map of settings, as in \"tick-ms: 100\"");
  EXPECT_EQ(YamlError("[1]: 5\n"), "b.yaml:1: a setting's name must be a word");
  EXPECT_EQ(YamlError("config: other.yaml\n"),
            "b.yaml:1: \"config\" cannot be set in the file itself");
  EXPECT_EQ(YamlError("tick-ms: 1\n---\ntick-ms: 2\n"),
            "b.yaml: holds more than one YAML document");
}

TEST(ReadYamlTest, WhatIsNotYamlGivesTheLine) {
  EXPECT_TRUE(YamlError("node-id: 1\ntick-ms: {a: 1\n").starts_with("b.yaml:3: not YAML: "));
  EXPECT_TRUE(YamlError("a: b: c\n").starts_with("b.yaml:1: not YAML: "));
  EXPECT_TRUE(YamlError("\tx: 1\n").starts_with("b.yaml:1: "));
  EXPECT_TRUE(YamlError("tick-ms: *unknown\n").starts_with("b.yaml:1: not YAML: "));
}

TEST(ReadYamlTest, HostileFilesEndInAnError) {
  EXPECT_FALSE(ReadYaml(std::string(100'000, '['), "b.yaml").ok());
  EXPECT_FALSE(ReadYaml(std::string(100'000, '{'), "b.yaml").ok());
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_FALSE(ReadYaml(deep.substr(0, 1 << 19), "b.yaml").ok());
  EXPECT_EQ(YamlError("#" + std::string(1 << 20, 'x')), "b.yaml: larger than 1 MiB");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_FALSE(ReadYaml(bytes, "b.yaml").ok());
}

class ReadYamlFileTest : public ::testing::Test {
 protected:
  const std::filesystem::path directory_ =
      std::filesystem::path(std::getenv("TEST_TMPDIR") ? std::getenv("TEST_TMPDIR") : "/tmp") /
      ("setting_values_test." + std::to_string(getpid()));
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }
};

TEST_F(ReadYamlFileTest, ReadsAFileAndNamesItInErrors) {
  const std::string path = directory_ / "baton.yaml";
  std::ofstream(path) << "tick-ms: 50\nnode-ld: 3\n";
  const auto values = ReadYamlFile(path);
  ASSERT_FALSE(values.ok());
  EXPECT_EQ(values.status().message(),
            path + ":2: unknown setting \"node-ld\"; did you mean \"node-id\"?");
  std::ofstream(path) << "tick-ms: 50\n";
  EXPECT_EQ(ReadYamlFile(path)->at("tick-ms").origin, path + ":1");
}

TEST_F(ReadYamlFileTest, SaysWhyAFileCannotBeRead) {
  const auto absent = ReadYamlFile(directory_ / "absent.yaml");
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.status().message().find("No such file"), std::string::npos);
  const auto directory = ReadYamlFile(directory_);
  ASSERT_FALSE(directory.ok());
  EXPECT_NE(directory.status().message().find("cannot be read"), std::string::npos);
  const std::string path = directory_ / "large.yaml";
  std::ofstream(path) << std::string((1 << 20) + 1, '#');
  EXPECT_EQ(ReadYamlFile(path).status().message(), path + ": larger than 1 MiB");
}

TEST(ReadEnvironmentTest, TakesOurVariables) {
  const auto values = ReadEnvironment(
      {{"PATH", "/bin"}, {"BATON_TICK_MS", "50"}, {"BATON_CONFIG", "/etc/baton.yaml"}});
  ASSERT_TRUE(values.ok()) << values.status().ToString();
  EXPECT_EQ(values->size(), 2U);
  EXPECT_EQ(values->at("tick-ms").text, "50");
  EXPECT_EQ(values->at("tick-ms").origin, "BATON_TICK_MS");
}

TEST(ReadEnvironmentTest, AnUnknownVariableGivesTheNearest) {
  EXPECT_EQ(ReadEnvironment({{"BATON_TIK_MS", "5"}}).status().message(),
            "BATON_TIK_MS: no setting has this environment variable; did you mean "
            "\"BATON_TICK_MS\"?");
  EXPECT_FALSE(ReadEnvironment({{"BATON_", "5"}}).ok());
  EXPECT_FALSE(ReadEnvironment({{"BATON_CLIENT_PORT", "7400"}}).ok()) << "not made by Kubernetes";
  EXPECT_FALSE(ReadEnvironment({{"BATON_PORT_X_TCP", "7400"}}).ok());
  EXPECT_FALSE(ReadEnvironment({{"BATON_PORT_7400_HTTP", "7400"}}).ok());
}

TEST(ReadEnvironmentTest, PassesOverTheVariablesOfKubernetesServices) {
  // Of Services called "baton" and "baton-client".
  const auto values = ReadEnvironment({
      {"BATON_SERVICE_HOST", "10.0.0.1"},
      {"BATON_SERVICE_PORT", "7400"},
      {"BATON_SERVICE_PORT_CLIENT", "7400"},
      {"BATON_PORT", "tcp://10.0.0.1:7400"},
      {"BATON_PORT_7400_TCP", "tcp://10.0.0.1:7400"},
      {"BATON_PORT_7400_TCP_PROTO", "tcp"},
      {"BATON_PORT_7400_TCP_PORT", "7400"},
      {"BATON_PORT_7400_TCP_ADDR", "10.0.0.1"},
      {"BATON_CLIENT_SERVICE_HOST", "10.0.0.2"},
      {"BATON_CLIENT_PORT", "tcp://10.0.0.2:7400"},
      {"BATON_CLIENT_PORT_53_UDP", "udp://10.0.0.2:53"},
  });
  ASSERT_TRUE(values.ok()) << values.status().ToString();
  EXPECT_TRUE(values->empty());
}

TEST(ReadEnvironmentTest, PassesOverTheVariablesOfBatonctl) {
  EXPECT_TRUE(
      ReadEnvironment({{"BATON_FENCING_TOKEN", "7"}, {"BATON_ENDPOINTS", "http://a:1"}}).ok());
}

Result<Flags> Read(std::vector<std::string> arguments) { return ReadFlags(arguments); }

TEST(ReadFlagsTest, TakesBothForms) {
  const auto flags = Read({"--tick-ms", "50", "--data-dir=a=b", "--name="});
  ASSERT_TRUE(flags.ok()) << flags.status().ToString();
  EXPECT_EQ(flags->action, Flags::Action::kRun);
  EXPECT_EQ(flags->values.at("tick-ms").text, "50");
  EXPECT_EQ(flags->values.at("tick-ms").origin, "--tick-ms");
  EXPECT_EQ(flags->values.at("data-dir").text, "a=b");
  EXPECT_EQ(flags->values.at("name").text, "");
}

TEST(ReadFlagsTest, TheLastOfRepeatedFlagsCounts) {
  EXPECT_EQ(Read({"--tick-ms=1", "--tick-ms=2"})->values.at("tick-ms").text, "2");
}

TEST(ReadFlagsTest, Actions) {
  EXPECT_EQ(Read({"--help"})->action, Flags::Action::kHelp);
  EXPECT_EQ(Read({"-h"})->action, Flags::Action::kHelp);
  EXPECT_EQ(Read({"--help-markdown"})->action, Flags::Action::kHelpMarkdown);
  EXPECT_EQ(Read({"--version"})->action, Flags::Action::kVersion);
  EXPECT_EQ(Read({"--check-config", "--tick-ms=9"})->action, Flags::Action::kCheckConfig);
  EXPECT_EQ(Read({"--print-config"})->action, Flags::Action::kPrintConfig);
}

TEST(ReadFlagsTest, RefusesWithTheNearestName) {
  EXPECT_EQ(Read({"--data-dri=x"}).status().message(),
            "--data-dri: unknown setting \"data-dri\"; did you mean \"data-dir\"?");
  EXPECT_EQ(Read({"--versoin"}).status().message(),
            "--versoin: unknown setting \"versoin\"; did you mean \"version\"?");
  EXPECT_EQ(Read({"start"}).status().message(),
            "\"start\": batond takes only flags, see batond --help");
  EXPECT_EQ(Read({"-v"}).status().message(), "\"-v\": batond takes only flags, see batond --help");
  EXPECT_EQ(Read({"--tick-ms"}).status().message(),
            "--tick-ms: needs a value, as in --tick-ms=VALUE");
  EXPECT_EQ(Read({"--tick-ms", "--name=a"}).status().message(),
            "--tick-ms: needs a value, as in --tick-ms=VALUE");
  EXPECT_FALSE(Read({"--"}).ok());
  EXPECT_FALSE(Read({""}).ok());
}

TEST(OverlayTest, TheUpperWins) {
  SettingValues values = {{"a", {"1", "x"}}, {"b", {"2", "x"}}};
  Overlay({{"b", {"3", "y"}}, {"c", {"4", "y"}}}, &values);
  EXPECT_EQ(values.size(), 3U);
  EXPECT_EQ(values.at("a").text, "1");
  EXPECT_EQ(values.at("b").origin, "y");
}

}  // namespace
}  // namespace baton::batond
