#include "cmd/batond/settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "cmd/batond/config.h"
#include "cmd/batond/usage.h"

namespace baton::batond {
namespace {

TEST(SettingsTest, NamesAreUniqueWordsWithVariables) {
  std::set<std::string_view> names;
  std::set<std::string> variables;
  for (const Setting& setting : AllSettings()) {
    SCOPED_TRACE(setting.name);
    EXPECT_TRUE(names.insert(setting.name).second);
    EXPECT_TRUE(variables.insert(EnvironmentName(setting.name)).second);
    EXPECT_EQ(setting.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
    EXPECT_EQ(FindSetting(setting.name), &setting);
    EXPECT_EQ(setting.help.back(), '.');
  }
  EXPECT_EQ(EnvironmentName("tick-ms"), "BATON_TICK_MS");
  EXPECT_EQ(FindSetting("tick_ms"), nullptr);
  EXPECT_EQ(SettingNames().size(), names.size());
}

TEST(SettingsTest, GroupsAreContiguous) {
  std::set<std::string_view> seen;
  std::string_view group;
  for (const Setting& setting : AllSettings()) {
    if (setting.group == group) continue;
    EXPECT_TRUE(seen.insert(setting.group).second) << setting.group;
    group = setting.group;
  }
}

// Each setting's default, range ends and what lies beyond, through the whole of the parsing.
TEST(SettingsTest, NumbersAreTakenAtTheirLimitsAndRefusedBeyond) {
  for (const Setting& setting : AllSettings()) {
    if (setting.type != SettingType::kNumber) continue;
    SCOPED_TRACE(setting.name);
    ASSERT_LT(setting.low, setting.high);
    const auto accepts = [&](const std::string& text) {
      // The other half of a pair is moved out of the way.
      SettingValues values = {{"election-timeout-ticks", {"1000", "test"}},
                              {"log-entries-max", {"100000000", "test"}},
                              {"client-request-timeout-ms", {"600000", "test"}},
                              {"client-connections-max", {"1000000", "test"}}};
      if (setting.name == "election-timeout-ticks" || setting.name == "log-entries-max" ||
          setting.name == "client-request-timeout-ms") {
        values = {{"log-entries-kept", {"0", "test"}},
                  {"client-header-timeout-ms", {"100", "test"}}};
      }
      values[std::string(setting.name)] = {text, "test"};
      return MakeConfig(values).ok();
    };
    const bool has_strict_partner = setting.name == "log-entries-kept";
    EXPECT_TRUE(accepts(std::to_string(setting.low)));
    EXPECT_TRUE(accepts(std::to_string(setting.high - (has_strict_partner ? 1 : 0))));
    EXPECT_FALSE(accepts(std::to_string(setting.low - 1)));
    EXPECT_FALSE(accepts(std::to_string(setting.high + 1)));
    for (const std::string text :
         {"", "ten", "1e3", "0x10", " 5", "5 ", "+5", "5.0", "99999999999999999999999999"}) {
      EXPECT_FALSE(accepts(text)) << text;
    }
  }
}

TEST(SettingsTest, HelpTeachesEverySetting) {
  const std::string help = RenderHelp();
  for (const Setting& setting : AllSettings()) {
    EXPECT_NE(help.find("--" + std::string(setting.name) + " "), std::string::npos);
    EXPECT_NE(help.find(EnvironmentName(setting.name) + ")"), std::string::npos);
    EXPECT_NE(help.find("\n" + std::string(setting.group) + ":\n"), std::string::npos);
  }
  for (const std::string word : {"Usage:", "curl", "Exit codes:", "SIGTERM", "--check-config"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100U) << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
}

TEST(SettingsTest, TheDocumentIsWhatTheTableSays) {
  std::ifstream in("cmd/batond/SETTINGS.md");
  std::ostringstream document;
  document << in.rdbuf();
  EXPECT_EQ(document.str(), RenderMarkdown())
      << "run: batond --help-markdown > cmd/batond/SETTINGS.md";
}

}  // namespace
}  // namespace baton::batond
