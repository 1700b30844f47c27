#include "cmd/batond/setting_values.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "cmd/batond/settings.h"
#include "cmd/cli/did_you_mean.h"

namespace baton::batond {
namespace {

Status Refuse(const std::string& place, const std::string& what) {
  return Status(Code::kInvalidArgument, place + ": " + what);
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// The tail of a variable that Kubernetes makes for a port: 7400_TCP, 7400_TCP_ADDR, ...
bool IsServicePortTail(std::string_view tail) {
  const size_t digits_end = std::min(tail.find('_'), tail.size());
  if (!IsDigits(tail.substr(0, digits_end))) return false;
  tail.remove_prefix(digits_end);
  for (const std::string_view protocol : {"_TCP", "_UDP", "_SCTP"}) {
    if (!tail.starts_with(protocol)) continue;
    tail.remove_prefix(protocol.size());
    return tail.empty() || tail == "_PROTO" || tail == "_PORT" || tail == "_ADDR";
  }
  return false;
}

// Kubernetes gives every pod variables for every Service of its namespace. For a Service "baton" or
// "baton-x" they begin with BATON_; refusing them would keep the pod from starting.
bool IsServiceLink(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT")) return true;
  if (name.find("_SERVICE_PORT_") != std::string_view::npos) return true;
  // BATON_PORT=tcp://10.0.0.1:7400. By its value, or a mistaken BATON_CLIENT_PORT=7400 would pass.
  if (name.ends_with("_PORT") && value.find("://") != std::string_view::npos) return true;
  const size_t port = name.find("_PORT_");
  return port != std::string_view::npos && IsServicePortTail(name.substr(port + 6));
}

// What batonctl sets for the commands it runs, and its own settings.
bool IsOfBatonctl(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"BATON_ENDPOINTS", "BATON_FENCING_TOKEN",
                                                      "BATON_LOCK_NAME", "BATON_ELECTION_NAME",
                                                      "BATON_SESSION",   "BATON_OUTPUT"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

Result<SettingValues> ReadEnvironment(const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string_view> known;  // variable -> setting
  for (const Setting& setting : AllSettings()) known[EnvironmentName(setting.name)] = setting.name;
  SettingValues values;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with("BATON_")) continue;
    const auto found = known.find(name);
    if (found != known.end()) {
      values[std::string(found->second)] = {text, name};
      continue;
    }
    if (IsServiceLink(name, text) || IsOfBatonctl(name)) continue;
    std::vector<std::string_view> names;
    for (const auto& [variable, setting] : known) names.push_back(variable);
    return Refuse(name, "no setting has this environment variable" + cli::DidYouMean(name, names));
  }
  return values;
}

Result<Flags> ReadFlags(std::span<const std::string> arguments) {
  using Action = Flags::Action;
  const std::map<std::string_view, Action> actions = {
      {"--help", Action::kHelp},
      {"-h", Action::kHelp},
      {"--help-markdown", Action::kHelpMarkdown},
      {"--version", Action::kVersion},
      {"--check-config", Action::kCheckConfig},
      {"--print-config", Action::kPrintConfig},
  };
  Flags flags;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (const auto action = actions.find(argument); action != actions.end()) {
      flags.action = action->second;
      continue;
    }
    if (!argument.starts_with("--")) {
      return Refuse("\"" + argument + "\"", "batond takes only flags, see batond --help");
    }
    const size_t equals = std::min(argument.find('='), argument.size());
    const std::string flag = argument.substr(0, equals);
    const std::string name = flag.substr(2);
    if (FindSetting(name) == nullptr) {
      std::vector<std::string_view> names = SettingNames();
      for (const auto& [action, unused] : actions) names.push_back(action.substr(2));
      return Refuse(flag, "unknown setting \"" + name + "\"" + cli::DidYouMean(name, names));
    }
    if (equals < argument.size()) {
      flags.values[name] = {argument.substr(equals + 1), flag};
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      flags.values[name] = {arguments[++i], flag};
    } else {
      return Refuse(flag, "needs a value, as in " + flag + "=VALUE");
    }
  }
  return flags;
}

void Overlay(const SettingValues& over, SettingValues* values) {
  for (const auto& [name, value] : over) (*values)[name] = value;
}

}  // namespace baton::batond
