#include "cmd/batonctl/command_line.h"

#include <gtest/gtest.h>

namespace baton::batonctl {
namespace {

int Nothing(const Arguments&, Context*) { return 0; }

const std::vector<CommandSpec> kCommands = {
    {.name = "status", .synopsis = "", .summary = "", .details = "", .options = {}, .run = Nothing},
    {.name = "kv get",
     .synopsis = "KEY",
     .summary = "",
     .details = "",
     .options = {{"stale", "", ""}, {"revision", "N", ""}},
     .positionals_min = 1,
     .positionals_max = 1,
     .run = Nothing},
    {.name = "lock",
     .synopsis = "NAME [-- COMMAND...]",
     .summary = "",
     .details = "",
     .options = {{"wait", "DURATION", ""}},
     .positionals_min = 1,
     .positionals_max = 1,
     .takes_command = true,
     .run = Nothing},
};

Result<ParsedLine> Parse(std::vector<std::string> arguments,
                         const std::map<std::string, std::string>& environment = {}) {
  return ParseCommandLine(arguments, environment, kCommands);
}

std::string Refusal(std::vector<std::string> arguments,
                    const std::map<std::string, std::string>& environment = {}) {
  const auto parsed = Parse(std::move(arguments), environment);
  return parsed.ok() ? "" : parsed.status().message();
}

TEST(ParseCommandLineTest, FindsCommandOptionsAndPositionals) {
  const auto parsed = Parse({"kv", "get", "--stale", "a/b", "--revision=7"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->kind, ParsedLine::Kind::kRun);
  EXPECT_EQ(parsed->arguments.spec->name, "kv get");
  EXPECT_EQ(parsed->arguments.positionals, std::vector<std::string>{"a/b"});
  EXPECT_TRUE(parsed->arguments.Has("stale"));
  EXPECT_EQ(parsed->arguments.Text("revision"), "7");
  EXPECT_EQ(parsed->arguments.Text("absent", "x"), "x");
}

TEST(ParseCommandLineTest, OptionsMayComeFirst) {
  const auto parsed = Parse({"--output", "json", "--timeout", "3s", "status"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->arguments.output, OutputFormat::kJson);
  EXPECT_EQ(parsed->arguments.timeout_ms, 3000);
}

TEST(ParseCommandLineTest, TheCommandAfterTwoDashesIsLeftAlone) {
  const auto parsed = Parse({"lock", "x", "--wait", "5s", "--", "ls", "--help", "--", "-x"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->arguments.command, (std::vector<std::string>{"ls", "--help", "--", "-x"}));
  EXPECT_EQ(parsed->arguments.Text("wait"), "5s");
}

TEST(ParseCommandLineTest, ADashIsAWordAndOptionsTakeValuesThatBeginWithOne) {
  EXPECT_EQ(Parse({"kv", "get", "-"})->arguments.positionals[0], "-");
  EXPECT_EQ(Parse({"kv", "get", "a", "--revision", "-5"})->arguments.Text("revision"), "-5");
}

TEST(ParseCommandLineTest, Defaults) {
  const auto parsed = Parse({"status"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->arguments.endpoints,
            (std::vector<std::string>{"http://127.0.0.1:7400", "http://127.0.0.1:7410",
                                      "http://127.0.0.1:7420"}));
  EXPECT_EQ(parsed->arguments.output, OutputFormat::kTable);
  EXPECT_EQ(parsed->arguments.timeout_ms, 10'000);
}

TEST(ParseCommandLineTest, TheEnvironmentIsBelowTheOptions) {
  const std::map<std::string, std::string> environment = {
      {"BATON_ENDPOINTS", "http://a:1,http://b:2/"}, {"BATON_OUTPUT", "json"}};
  const auto parsed = Parse({"status"}, environment);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->arguments.endpoints, (std::vector<std::string>{"http://a:1", "http://b:2"}));
  EXPECT_EQ(parsed->arguments.output, OutputFormat::kJson);
  const auto over = Parse({"status", "--endpoints=http://c:3", "--output=table"}, environment);
  EXPECT_EQ(over->arguments.endpoints, std::vector<std::string>{"http://c:3"});
  EXPECT_EQ(over->arguments.output, OutputFormat::kTable);
}

TEST(ParseCommandLineTest, HelpAndVersion) {
  EXPECT_EQ(Parse({"--help"})->kind, ParsedLine::Kind::kHelp);
  EXPECT_EQ(Parse({"--help"})->help_for, nullptr);
  EXPECT_EQ(Parse({"help"})->kind, ParsedLine::Kind::kHelp);
  EXPECT_EQ(Parse({"kv", "get", "--help"})->help_for->name, "kv get");
  EXPECT_EQ(Parse({"kv", "-h"})->help_group, "kv");
  EXPECT_EQ(Parse({"--version"})->kind, ParsedLine::Kind::kVersion);
}

TEST(ParseCommandLineTest, WrongCommandsNameTheNearest) {
  EXPECT_EQ(Refusal({}), "no command; see batonctl --help");
  EXPECT_EQ(Refusal({"statsu"}), "unknown command \"statsu\"; did you mean \"status\"?");
  EXPECT_EQ(Refusal({"kv"}), "kv needs more; see batonctl kv --help");
  EXPECT_EQ(Refusal({"kv", "gte"}), "unknown command \"kv gte\"; did you mean \"kv get\"?");
  EXPECT_EQ(Refusal({"zzzzzzzzz"}), "unknown command \"zzzzzzzzz\"; see batonctl --help");
}

TEST(ParseCommandLineTest, WrongOptionsNameTheNearest) {
  EXPECT_EQ(Refusal({"kv", "get", "a", "--stael"}),
            "unknown option --stael; did you mean \"stale\"?");
  EXPECT_EQ(Refusal({"status", "--outptu=json"}),
            "unknown option --outptu; did you mean \"output\"?");
  EXPECT_EQ(Refusal({"status", "--stale"}), "--stale is not an option of batonctl status");
  EXPECT_EQ(Refusal({"kv", "get", "a", "--stale=yes"}), "--stale takes no value");
  EXPECT_EQ(Refusal({"kv", "get", "a", "--revision"}), "--revision needs a value: --revision N");
  EXPECT_EQ(Refusal({"lock", "a", "--wait", "--", "ls"}), "--wait needs a value: --wait DURATION");
}

TEST(ParseCommandLineTest, WrongShapesGiveTheUsage) {
  EXPECT_EQ(Refusal({"kv", "get"}),
            "batonctl kv get needs more arguments; usage: batonctl kv get KEY");
  EXPECT_EQ(Refusal({"kv", "get", "a", "b"}),
            "batonctl kv get does not take \"b\"; usage: batonctl kv get KEY");
  EXPECT_EQ(Refusal({"kv", "get", "a", "--", "ls"}),
            "batonctl kv get runs no command; usage: batonctl kv get KEY");
  EXPECT_EQ(Refusal({"lock", "a", "--"}),
            "there is no command after --; usage: batonctl lock NAME [-- COMMAND...]");
}

TEST(ParseCommandLineTest, WrongGlobalValues) {
  EXPECT_EQ(Refusal({"status", "--output=xml"}), "--output takes table or json, not \"xml\"");
  EXPECT_EQ(Refusal({"status", "--timeout=5"}),
            "--timeout: \"5\" is not a duration, as in 500ms, 30s, 5m or 1h");
  EXPECT_EQ(Refusal({"status", "--timeout=0s"}), "--timeout must be more than 0s");
  EXPECT_EQ(Refusal({"status", "--endpoints=localhost:7400"}),
            "--endpoints takes http://HOST:PORT,..., not \"localhost:7400\"");
  EXPECT_EQ(Refusal({"status", "--endpoints=http://a:1,"}),
            "--endpoints takes http://HOST:PORT,..., not \"\"");
  EXPECT_EQ(Refusal({"status"}, {{"BATON_OUTPUT", "x"}}),
            "--output takes table or json, not \"x\"");
}

TEST(ParseCommandLineTest, EndpointsAreBounded) {
  const auto endpoints = [](int count) {
    std::string text = "--endpoints=http://a:1";
    for (int i = 1; i < count; ++i) text += ",http://a:1";
    return text;
  };
  EXPECT_EQ(Refusal({"status", endpoints(16)}), "");
  EXPECT_EQ(Refusal({"status", endpoints(17)}), "--endpoints takes at most 16 addresses");
}

TEST(OptionTest, NumbersAndDurations) {
  Arguments arguments;
  arguments.options = {{"n", "7"}, {"bad", "7x"}, {"huge", "99999999999999999999"}, {"d", "2s"}};
  EXPECT_EQ(*NumberOption(arguments, "n", 1), 7U);
  EXPECT_EQ(*NumberOption(arguments, "absent", 1), 1U);
  EXPECT_EQ(NumberOption(arguments, "bad", 1).status().message(),
            "--bad takes a number, not \"7x\"");
  EXPECT_FALSE(NumberOption(arguments, "huge", 1).ok());
  EXPECT_EQ(*DurationOption(arguments, "d", 1), 2000);
  EXPECT_EQ(*DurationOption(arguments, "absent", 1), 1);
  EXPECT_FALSE(DurationOption(arguments, "n", 1).ok());
}

}  // namespace
}  // namespace baton::batonctl
