#include "cmd/batonctl/command_line.h"

#include <algorithm>
#include <charconv>

#include "cmd/batonctl/duration.h"
#include "cmd/cli/did_you_mean.h"

namespace baton::batonctl {
namespace {

constexpr std::string_view kDefaultEndpoints =
    "http://127.0.0.1:7400,http://127.0.0.1:7410,http://127.0.0.1:7420";
constexpr size_t kEndpointsMax = 16;

constexpr OptionSpec kGlobalOptions[] = {
    {"endpoints", "URL,...",
     "where the nodes are; the next one is tried when one does not answer (BATON_ENDPOINTS)"},
    {"output", "FORMAT", "table or json (BATON_OUTPUT); default table"},
    {"timeout", "DURATION", "how long to try in all; default 10s"},
    {"help", "", "help for the program or for a command"},
};

Status Refuse(const std::string& what) { return Status(Code::kInvalidArgument, what); }

std::string Quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 100)) + "\""; }

Result<std::vector<std::string>> ParseEndpoints(std::string_view text) {
  std::vector<std::string> endpoints;
  while (true) {
    const size_t end = text.find(',');
    std::string endpoint(text.substr(0, end));
    while (endpoint.ends_with('/')) endpoint.pop_back();
    if (!endpoint.starts_with("http://") || endpoint.size() == 7) {
      return Refuse("--endpoints takes http://HOST:PORT,..., not " + Quoted(endpoint));
    }
    endpoints.push_back(std::move(endpoint));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (endpoints.size() > kEndpointsMax) return Refuse("--endpoints takes at most 16 addresses");
  return endpoints;
}

const OptionSpec* FindOption(const CommandSpec* command, std::string_view name) {
  for (const OptionSpec& option : kGlobalOptions) {
    if (option.name == name) return &option;
  }
  if (command == nullptr) return nullptr;
  for (const OptionSpec& option : command->options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

// Finds the command that the first one or two words name. `words` are the positionals.
const CommandSpec* FindCommand(std::span<const CommandSpec> commands,
                               const std::vector<std::string>& words, size_t* words_used) {
  for (const size_t count : {size_t{2}, size_t{1}}) {
    if (words.size() < count) continue;
    const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
    for (const CommandSpec& command : commands) {
      if (command.name != name) continue;
      *words_used = count;
      return &command;
    }
  }
  return nullptr;
}

bool IsGroup(std::span<const CommandSpec> commands, const std::string& word) {
  return std::any_of(commands.begin(), commands.end(), [&](const CommandSpec& command) {
    return command.name.starts_with(word + " ");
  });
}

Status UnknownCommand(std::span<const CommandSpec> commands,
                      const std::vector<std::string>& words) {
  if (words.empty()) return Refuse("no command; see batonctl --help");
  std::vector<std::string_view> names;
  for (const CommandSpec& command : commands) names.push_back(command.name);
  std::string name = words[0];
  if (IsGroup(commands, name)) {
    if (words.size() == 1) return Refuse(name + " needs more; see batonctl " + name + " --help");
    name += " " + words[1];
  }
  const std::string suggestion = cli::DidYouMean(name, names);
  return Refuse("unknown command " + Quoted(name) +
                (suggestion.empty() ? "; see batonctl --help" : suggestion));
}

// One pass over the arguments. Which options exist depends on the command, which may come after
// them, so options are kept as they stand until the command is known.
struct RawLine {
  struct Option {
    std::string name;
    std::string value;
  };
  std::vector<Option> options;
  std::vector<std::string> words;
  std::vector<std::string> command;
  bool has_command = false;
  bool help = false;
  bool version = false;
};

// The options of all commands: whether an option takes a value must be known before its command is.
// The table gives one name the same form everywhere (a test sees to it).
const OptionSpec* FindAnywhere(std::span<const CommandSpec> commands, std::string_view name) {
  for (const CommandSpec& command : commands) {
    if (const OptionSpec* option = FindOption(&command, name)) return option;
  }
  return FindOption(nullptr, name);
}

Status UnknownOption(const OptionSpec* candidate, const CommandSpec* command,
                     std::span<const CommandSpec> commands, const std::string& name) {
  if (candidate != nullptr && command != nullptr) {
    return Refuse("--" + name + " is not an option of batonctl " + std::string(command->name));
  }
  std::vector<std::string_view> names;
  for (const OptionSpec& option : kGlobalOptions) names.push_back(option.name);
  for (const CommandSpec& spec : commands) {
    if (command != nullptr && &spec != command) continue;
    for (const OptionSpec& option : spec.options) names.push_back(option.name);
  }
  return Refuse("unknown option --" + name.substr(0, 100) + cli::DidYouMean(name, names));
}

Status ReadOption(std::span<const std::string> arguments, std::span<const CommandSpec> commands,
                  size_t* at, RawLine* line) {
  const std::string& argument = arguments[*at];
  const size_t equals = std::min(argument.find('='), argument.size());
  const std::string name = argument.substr(2, equals - 2);
  const bool has_value = equals < argument.size();
  const OptionSpec* option = FindAnywhere(commands, name);
  if (option == nullptr) {
    size_t words_used = 0;
    return UnknownOption(nullptr, FindCommand(commands, line->words, &words_used), commands, name);
  }
  if (option->value_name.empty()) {
    if (has_value) return Refuse("--" + name + " takes no value");
    line->options.push_back({name, "true"});
  } else if (has_value) {
    line->options.push_back({name, argument.substr(equals + 1)});
  } else if (*at + 1 < arguments.size() && arguments[*at + 1] != "--") {
    line->options.push_back({name, arguments[++*at]});
  } else {
    return Refuse("--" + name + " needs a value: --" + name + " " +
                  std::string(option->value_name));
  }
  return Status::Ok();
}

Result<RawLine> ReadLine(std::span<const std::string> arguments,
                         std::span<const CommandSpec> commands) {
  RawLine line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      line.has_command = true;
      line.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (argument == "--help" || argument == "-h") {
      line.help = true;
    } else if (argument == "--version") {
      line.version = true;
    } else if (argument.starts_with("--")) {
      BATON_RETURN_IF_ERROR(ReadOption(arguments, commands, &i, &line));
    } else {
      line.words.push_back(argument);  // "-" is a word: standard input
    }
  }
  return line;
}

Status CheckShape(const CommandSpec& spec, const RawLine& line, const Arguments& arguments) {
  const std::string name = "batonctl " + std::string(spec.name);
  const std::string usage = "; usage: " + name + " " + std::string(spec.synopsis);
  if (arguments.positionals.size() < spec.positionals_min) {
    return Refuse(name + " needs more arguments" + usage);
  }
  if (arguments.positionals.size() > spec.positionals_max) {
    return Refuse(name + " does not take " + Quoted(arguments.positionals[spec.positionals_max]) +
                  usage);
  }
  if (line.has_command && !spec.takes_command) return Refuse(name + " runs no command" + usage);
  if (line.has_command && line.command.empty()) {
    return Refuse("there is no command after --" + usage);
  }
  return Status::Ok();
}

Status ReadGlobals(const std::map<std::string, std::string>& environment, Arguments* arguments) {
  const auto value = [&](const char* option, const char* variable, std::string_view otherwise) {
    if (arguments->Has(option)) return arguments->Text(option);
    const auto found = environment.find(variable);
    return found == environment.end() ? std::string(otherwise) : found->second;
  };
  Result<std::vector<std::string>> endpoints =
      ParseEndpoints(value("endpoints", "BATON_ENDPOINTS", kDefaultEndpoints));
  if (!endpoints.ok()) return endpoints.status();
  arguments->endpoints = *std::move(endpoints);
  const std::string output = value("output", "BATON_OUTPUT", "table");
  if (output != "table" && output != "json") {
    return Refuse("--output takes table or json, not " + Quoted(output));
  }
  arguments->output = output == "json" ? OutputFormat::kJson : OutputFormat::kTable;
  const Result<int64_t> timeout = DurationOption(*arguments, "timeout", arguments->timeout_ms);
  if (!timeout.ok()) return timeout.status();
  if (*timeout == 0) return Refuse("--timeout must be more than 0s");
  arguments->timeout_ms = *timeout;
  return Status::Ok();
}

}  // namespace

std::span<const OptionSpec> GlobalOptions() { return kGlobalOptions; }

std::string Arguments::Text(std::string_view option, std::string_view otherwise) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string(otherwise) : found->second;
}

Result<ParsedLine> ParseCommandLine(std::span<const std::string> arguments,
                                    const std::map<std::string, std::string>& environment,
                                    std::span<const CommandSpec> commands) {
  Result<RawLine> line = ReadLine(arguments, commands);
  if (!line.ok()) return line.status();
  ParsedLine parsed;
  if (line->version) {
    parsed.kind = ParsedLine::Kind::kVersion;
    return parsed;
  }
  size_t words_used = 0;
  const CommandSpec* spec = FindCommand(commands, line->words, &words_used);
  if (line->help || line->words == std::vector<std::string>{"help"}) {
    parsed.kind = ParsedLine::Kind::kHelp;
    parsed.help_for = spec;
    const bool group = spec == nullptr && !line->words.empty() && IsGroup(commands, line->words[0]);
    if (group) parsed.help_group = line->words[0];
    return parsed;
  }
  if (spec == nullptr) return UnknownCommand(commands, line->words);
  parsed.arguments.spec = spec;
  for (const RawLine::Option& option : line->options) {
    const OptionSpec* known = FindOption(spec, option.name);
    if (known == nullptr) {
      return UnknownOption(FindAnywhere(commands, option.name), spec, commands, option.name);
    }
    parsed.arguments.options[option.name] = option.value;
  }
  const auto rest = line->words.begin() + static_cast<std::ptrdiff_t>(words_used);
  parsed.arguments.positionals.assign(rest, line->words.end());
  parsed.arguments.command = line->command;
  BATON_RETURN_IF_ERROR(CheckShape(*spec, *line, parsed.arguments));
  BATON_RETURN_IF_ERROR(ReadGlobals(environment, &parsed.arguments));
  return parsed;
}

Result<int64_t> DurationOption(const Arguments& arguments, std::string_view option,
                               int64_t otherwise_ms) {
  if (!arguments.Has(option)) return otherwise_ms;
  Result<int64_t> duration = ParseDurationMs(arguments.Text(option));
  if (duration.ok()) return duration;
  return Refuse("--" + std::string(option) + ": " + duration.status().message());
}

Result<uint64_t> NumberOption(const Arguments& arguments, std::string_view option,
                              uint64_t otherwise) {
  if (!arguments.Has(option)) return otherwise;
  const std::string text = arguments.Text(option);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return number;
  return Refuse("--" + std::string(option) + " takes a number, not " + Quoted(text));
}

}  // namespace baton::batonctl
