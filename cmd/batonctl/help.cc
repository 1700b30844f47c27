#include "cmd/batonctl/help.h"

#include <algorithm>

namespace baton::batonctl {
namespace {

constexpr std::string_view kIntroduction =
    R"(batonctl talks to a Baton cluster: keys, sessions, locks and elections from a shell.

Usage:
  batonctl COMMAND [ARGUMENTS] [--OPTION VALUE]...
  batonctl COMMAND --help

A command under a lock, with its fencing token in the environment:
  batonctl lock nightly-report -- sh -c 'echo I am alone, token $BATON_FENCING_TOKEN'
)";

constexpr std::string_view kExitCodes = R"(
Exit codes:
  0    done
  1    the cluster refused: no such key, lock held, compare failed, ...; data: damaged;
       bench: some operations failed
  2    the command line is wrong; data: the directory cannot be looked at
  3    no node could answer in time
  124  lock, elect: the wait was over before the turn came
  125  lock, elect: lost while the command ran; the command was stopped
  126  lock, elect: the command cannot be executed
  127  lock, elect: there is no such command
  else lock, elect: the command's own; 128 + N when signal N ended it
)";

std::string Columns(const std::vector<std::pair<std::string, std::string>>& lines) {
  size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size());
  std::string out;
  for (const auto& [left, right] : lines) {
    out += "  " + left + std::string(width - left.size() + 2, ' ') + right + "\n";
  }
  return out;
}

std::string Options(std::span<const OptionSpec> options) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const OptionSpec& option : options) {
    std::string left = "--" + std::string(option.name);
    if (!option.value_name.empty()) left += " " + std::string(option.value_name);
    lines.emplace_back(std::move(left), std::string(option.help));
  }
  return Columns(lines);
}

}  // namespace

std::string RenderHelp(std::span<const CommandSpec> commands, std::string_view group) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const CommandSpec& command : commands) {
    if (!group.empty() && !command.name.starts_with(std::string(group) + " ")) continue;
    std::string left(command.name);
    if (!command.synopsis.empty()) left += " " + std::string(command.synopsis);
    lines.emplace_back(std::move(left), std::string(command.summary));
  }
  std::string out(group.empty() ? kIntroduction : "");
  out += (group.empty() ? "\nCommands:\n" : "Commands:\n") + Columns(lines);
  out += "\nOptions of every command:\n" + Options(GlobalOptions());
  if (group.empty()) out += kExitCodes;
  return out;
}

std::string RenderCommandHelp(const CommandSpec& command) {
  std::string out = "batonctl " + std::string(command.name);
  if (!command.synopsis.empty()) out += " " + std::string(command.synopsis);
  out += ": " + std::string(command.summary) + "\n\n" + std::string(command.details);
  if (!command.options.empty()) out += "\nOptions:\n" + Options(command.options);
  return out + "\nOptions of every command:\n" + Options(GlobalOptions());
}

}  // namespace baton::batonctl
