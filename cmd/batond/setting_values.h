// File: setting_values.h
//
// Settings as text with the place each came from, read from a file, the environment and flags, and
// laid over each other. Nothing is converted yet (config.h does); names are checked already.
//
// Errors are kInvalidArgument with one sentence that begins with the place:
//   baton.yaml:3: unknown setting "tik-ms"; did you mean "tick-ms"?
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"

namespace baton::batond {

struct SettingValue {
  std::string text;
  std::string origin;  // "baton.yaml:3", "BATON_TICK_MS", "--tick-ms", "default"
  // Of a map in the file: where each member stands, in the order of the parts of `text`.
  std::vector<std::string> member_origins = {};
};

// By setting name.
using SettingValues = std::map<std::string, SettingValue, std::less<>>;

// The variables that begin with BATON_. An unknown one is refused, but for those that Kubernetes
// makes of a Service called baton-something (BATON_PORT_7400_TCP, BATON_SERVICE_HOST, ...) and
// those that batonctl gives to the commands it runs.
Result<SettingValues> ReadEnvironment(const std::map<std::string, std::string>& environment);

struct Flags {
  enum class Action { kRun, kHelp, kHelpMarkdown, kVersion, kCheckConfig, kPrintConfig };
  Action action = Action::kRun;
  SettingValues values;
};
// The arguments after the program's name: --name value or --name=value. The last of repeated ones
// counts, so that a script can add to a command line.
Result<Flags> ReadFlags(std::span<const std::string> arguments);

// One YAML map of names to values. `file_name` is only for messages. Refused: duplicate names,
// unknown names, values that are lists or empty, maps where no members are wanted, anchors that
// make the file grow, more than 1 MiB.
Result<SettingValues> ReadYaml(std::string_view text, const std::string& file_name);
// The same of a file. kInvalidArgument when it cannot be read, too: the sentence says why.
Result<SettingValues> ReadYamlFile(const std::string& path);

// `over` wins.
void Overlay(const SettingValues& over, SettingValues* values);

}  // namespace baton::batond
