#include "cmd/batond/usage.h"

#include "cmd/batond/settings.h"

namespace baton::batond {
namespace {

constexpr size_t kHelpWidth = 100;
constexpr size_t kHelpIndent = 6;

constexpr std::string_view kIntroduction =
    R"(batond is one node of a Baton cluster: leader election, locks with fencing tokens, sessions,
watches and small replicated data, over HTTP.

Usage:
  batond [--config FILE] [--SETTING VALUE]...

A node alone, to try things:
  batond
  curl -X PUT --data hello http://127.0.0.1:7400/v1/kv/greeting

The first of three on one machine (the others: --node-id 2 and 3, other ports and directories):
  batond --node-id 1 --data-dir data/1 \
    --client-listen 127.0.0.1:7400 --peer-listen 127.0.0.1:7401 --ops-listen 127.0.0.1:7402 \
    --initial-cluster 1=127.0.0.1:7401,2=127.0.0.1:7411,3=127.0.0.1:7421

The same in a file (batond --config baton.yaml):
  node-id: 1
  data-dir: data/1
  initial-cluster:
    1: 127.0.0.1:7401
    2: 127.0.0.1:7411
    3: 127.0.0.1:7421

Every setting has one name: tick-ms in the file, BATON_TICK_MS in the environment, --tick-ms as a
flag. Flags override the environment, which overrides the file.
)";

constexpr std::string_view kEnd = R"(
Instead of running:
  --help           this text
  --help-markdown  the settings as a Markdown table
  --version        the version
  --check-config   checks all settings and exits: 0 good, 2 not
  --print-config   prints all settings with the place each came from, as a file batond reads

Signals: SIGTERM and SIGINT drain (leadership is handed over, requests are answered) and exit; a
second one exits at once.

Exit codes: 0 stopped as asked; 1 a fatal error while running, or a second signal; 2 could not
start: settings, data directory or ports, with one sentence on standard error; 74 a row of the state
could not be read from the disk.
)";

// Words in lines of at most kHelpWidth, each indented.
std::string Wrap(std::string_view text) {
  std::string out;
  std::string line(kHelpIndent, ' ');
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (line.size() > kHelpIndent && line.size() + 1 + word.size() > kHelpWidth) {
      out += line + "\n";
      line.assign(kHelpIndent, ' ');
    }
    if (line.size() > kHelpIndent) line += ' ';
    line += word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + line + "\n";
}

// "a number from 5 to 10000": what a setting takes.
std::string Domain(const Setting& setting) {
  switch (setting.type) {
    case SettingType::kNumber:
      return std::to_string(setting.low) + " to " + std::to_string(setting.high);
    case SettingType::kChoice:
      return std::string(setting.choices);
    case SettingType::kText:
      return "1 to 63 letters, digits, '.', '_', '-'";
    case SettingType::kHost:
      return "a host";
    case SettingType::kPath:
      return "a path";
    case SettingType::kListen:
      return "an IP address and a port";
    case SettingType::kMembers:
    case SettingType::kUrls:
      return "up to " + std::to_string(kMembersMax) + " members";
  }
  return "";
}

std::string Describe(const Setting& setting) {
  std::string facts = " (" + Domain(setting);
  if (!setting.default_text.empty()) facts += "; default " + std::string(setting.default_text);
  facts += "; " + EnvironmentName(setting.name) + ")";
  return "  --" + std::string(setting.name) + " " + std::string(setting.value_name) + "\n" +
         Wrap(std::string(setting.help) + facts);
}

// A YAML scalar in double quotes: always text, always one line.
std::string Quote(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string EscapePipes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string RenderHelp() {
  std::string out(kIntroduction);
  std::string_view group;
  for (const Setting& setting : AllSettings()) {
    if (setting.group != group) out += "\n" + std::string(setting.group) + ":\n";
    group = setting.group;
    out += Describe(setting);
  }
  out += kEnd;
  return out;
}

std::string RenderMarkdown() {
  std::string out =
      "# Settings of batond\n\n"
      "Made by `batond --help-markdown`; a test keeps it true. Each name is the name in the file, "
      "and\nwith `--` before it the flag. Flags override the environment, which overrides the "
      "file.\n";
  std::string_view group;
  for (const Setting& setting : AllSettings()) {
    if (setting.group != group) {
      out += "\n## " + std::string(setting.group) +
             "\n\n| name | environment | takes | default | what it does |\n|---|---|---|---|---|\n";
    }
    group = setting.group;
    const std::string default_text =
        setting.default_text.empty() ? "-" : "`" + std::string(setting.default_text) + "`";
    out += "| `" + std::string(setting.name) + "` | `" + EnvironmentName(setting.name) + "` | " +
           EscapePipes(Domain(setting)) + " | " + default_text + " | " + EscapePipes(setting.help) +
           " |\n";
  }
  return out;
}

std::string RenderValues(const SettingValues& values) {
  std::string out;
  for (const Setting& setting : AllSettings()) {
    if (setting.name == "config") continue;  // has no place in a file
    const auto found = values.find(setting.name);
    const bool is_set = found != values.end();
    if (!is_set && setting.default_text.empty()) continue;
    const std::string text = is_set ? found->second.text : std::string(setting.default_text);
    out += std::string(setting.name) + ": " +
           (setting.type == SettingType::kNumber ? text : Quote(text)) + "  # " +
           (is_set ? found->second.origin : "default") + "\n";
  }
  return out;
}

std::string RenderSummary(const Config& config) {
  if (config.named) {
    return "ok: node " + config.node_name + ", " + std::to_string(config.peers.size()) +
           " initial members, in cluster \"" + config.cluster_name + "\"\n";
  }
  return "ok: node " + std::to_string(config.node_id.value()) + " of " +
         std::to_string(config.initial_cluster.size()) + " in cluster \"" + config.cluster_name +
         "\" (" + config.cluster_id + ")\n";
}

}  // namespace baton::batond
