#include "cmd/batonctl/batonctl.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/help.h"
#include "cmd/batonctl/test_run.h"
#include "cmd/cli/version.h"

namespace baton::batonctl {
namespace {

TEST(RunTest, HelpListsEveryCommand) {
  const RunResult result = TestRun().Run({"--help"});
  EXPECT_EQ(result.exit_code, kExitOk);
  for (const CommandSpec& command : AllCommands()) {
    EXPECT_NE(result.out.find("\n  " + std::string(command.name) + " "), std::string::npos)
        << command.name;
  }
  for (const std::string_view word : {"Exit codes:", "124", "125", "BATON_ENDPOINTS", "Usage:"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word;
  }
}

TEST(RunTest, EachCommandHasHelpWithAnExample) {
  for (const CommandSpec& command : AllCommands()) {
    SCOPED_TRACE(command.name);
    std::vector<std::string> arguments;
    for (std::string name(command.name); !name.empty();) {
      const size_t space = std::min(name.find(' '), name.size());
      arguments.push_back(name.substr(0, space));
      name.erase(0, space + 1);
    }
    arguments.emplace_back("--help");
    const RunResult result = TestRun().Run(arguments);
    EXPECT_EQ(result.exit_code, kExitOk);
    EXPECT_NE(result.out.find("batonctl " + std::string(command.name)), std::string::npos);
    EXPECT_NE(command.details.find("  "), std::string::npos);
    for (const OptionSpec& option : command.options) {
      EXPECT_NE(result.out.find("--" + std::string(option.name)), std::string::npos);
    }
  }
}

TEST(RunTest, HelpOfAGroup) {
  const RunResult result = TestRun().Run({"kv", "--help"});
  EXPECT_NE(result.out.find("kv watch"), std::string::npos);
  EXPECT_EQ(result.out.find("session"), std::string::npos);
}

TEST(RunTest, VersionAndUsageErrors) {
  EXPECT_EQ(TestRun().Run({"--version"}).out, "batonctl " + std::string(cli::kVersion) + "\n");
  const RunResult result = TestRun().Run({"kv", "gte"});
  EXPECT_EQ(result.exit_code, kExitUsage);
  EXPECT_EQ(result.err, "batonctl: unknown command \"kv gte\"; did you mean \"kv get\"?\n");
  EXPECT_EQ(TestRun().Run({}).exit_code, kExitUsage);
}

// The parser relies on it: whether an option takes a value is known before its command is.
TEST(CommandTableTest, AnOptionHasTheSameFormEverywhere) {
  std::map<std::string_view, bool> takes_value;
  for (const CommandSpec& command : AllCommands()) {
    std::set<std::string_view> names;
    for (const OptionSpec& option : command.options) {
      EXPECT_TRUE(names.insert(option.name).second) << command.name << " --" << option.name;
      const auto [found, added] = takes_value.emplace(option.name, !option.value_name.empty());
      EXPECT_EQ(found->second, !option.value_name.empty()) << "--" << option.name;
      for (const OptionSpec& global : GlobalOptions()) EXPECT_NE(option.name, global.name);
    }
    EXPECT_LE(command.positionals_min, command.positionals_max);
    EXPECT_NE(command.run, nullptr);
  }
}

}  // namespace
}  // namespace baton::batonctl
