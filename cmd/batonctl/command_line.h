// File: command_line.h
//
// Reads a command line against the table of commands (commands.h). Options may stand anywhere
// before "--"; --name value and --name=value are the same.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"

namespace baton::batonctl {

struct OptionSpec {
  std::string_view name;        // without the dashes
  std::string_view value_name;  // empty: a switch
  std::string_view help;
};

struct Context;
struct Arguments;

struct CommandSpec {
  std::string_view name;      // "kv get"
  std::string_view synopsis;  // what follows the name: "KEY [--stale]"
  std::string_view summary;   // one sentence, for the list of commands
  std::string_view details;   // more, for the command's own help; lines of at most 100
  std::vector<OptionSpec> options;
  size_t positionals_min = 0;
  size_t positionals_max = 0;
  bool takes_command = false;  // "-- command..." may follow
  int (*run)(const Arguments& arguments, Context* context) = nullptr;
};

enum class OutputFormat { kTable, kJson };

struct Arguments {
  const CommandSpec* spec = nullptr;
  std::vector<std::string> endpoints;  // base URLs, at least one
  OutputFormat output = OutputFormat::kTable;
  int64_t timeout_ms = 10'000;
  std::map<std::string, std::string, std::less<>> options;  // switches: "true"
  std::vector<std::string> positionals;
  std::vector<std::string> command;  // after "--"

  bool Has(std::string_view option) const { return options.contains(option); }
  // The option's value, or `otherwise`.
  std::string Text(std::string_view option, std::string_view otherwise = "") const;
};

// The options that every command takes.
std::span<const OptionSpec> GlobalOptions();

struct ParsedLine {
  enum class Kind { kRun, kHelp, kVersion };
  Kind kind = Kind::kRun;
  const CommandSpec* help_for = nullptr;  // kHelp: nullptr is the program's own
  std::string help_group;                 // kHelp: "kv", when only a group was named
  Arguments arguments;                    // kRun
};

// kInvalidArgument with one sentence that names the argument and the nearest right one.
// BATON_ENDPOINTS and BATON_OUTPUT of `environment` are the defaults of --endpoints and --output.
Result<ParsedLine> ParseCommandLine(std::span<const std::string> arguments,
                                    const std::map<std::string, std::string>& environment,
                                    std::span<const CommandSpec> commands);

// Option values, checked; the message of an error names the option.
Result<int64_t> DurationOption(const Arguments& arguments, std::string_view option,
                               int64_t otherwise_ms);
Result<uint64_t> NumberOption(const Arguments& arguments, std::string_view option,
                              uint64_t otherwise);

}  // namespace baton::batonctl
