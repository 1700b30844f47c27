// File: settings.h
//
// Every setting of batond in one table. The table drives parsing of the file, the environment and
// the flags, `--help`, "did you mean", `--print-config` and SETTINGS.md: a setting exists by its
// row.
//
// One name everywhere: `tick-ms` in the file, BATON_TICK_MS in the environment, --tick-ms as flag.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::batond {

enum class SettingType {
  kText,     // letters, digits, '.', '_' and '-', 1 to 63 of them
  kPath,     // any text without NUL
  kNumber,   // decimal, within [low, high]
  kListen,   // IP:PORT or [IPv6]:PORT; port 0 takes any free one
  kMembers,  // 1=host:port,2=host:port or, in the file, a map
  kUrls,     // 1=http://host:port,... or, in the file, a map
  kHost,     // a host name, with a port or as a URL
  kChoice,   // one of `choices`
};

struct Setting {
  std::string_view name;
  std::string_view group;  // heading in --help; groups are contiguous
  SettingType type;
  std::string_view value_name;    // "FILE", "N": for --help
  std::string_view default_text;  // parsed like any other value; empty: see help
  int64_t low = 0;                // kNumber
  int64_t high = 0;               // kNumber
  std::string_view choices = "";  // kChoice: "text|json"
  std::string_view help;          // one or two sentences
};

std::span<const Setting> AllSettings();
// nullptr for an unknown name.
const Setting* FindSetting(std::string_view name);
// All names, in the order of the table.
std::vector<std::string_view> SettingNames();
// "tick-ms" -> "BATON_TICK_MS".
std::string EnvironmentName(std::string_view setting_name);

}  // namespace baton::batond
