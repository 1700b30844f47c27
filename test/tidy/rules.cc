#include "test/tidy/rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>

namespace baton::tidy {
namespace {

constexpr size_t kColumnsMax = 100;
constexpr size_t kFileLinesMax = 500;
constexpr int kFunctionLinesMax = 70;

// The rooms that a room may include, itself aside. DESIGN of the arrows: cmd -> {http, metrics,
// storage} -> node -> {raft, coord} -> base. metrics reads the counters of http, too.
const std::map<std::string, std::set<std::string>>& Arrows() {
  static const std::map<std::string, std::set<std::string>> arrows = {
      {"pkg/base", {}},
      {"pkg/raft", {"pkg/base"}},
      {"pkg/coord", {"pkg/base"}},
      {"pkg/node", {"pkg/base", "pkg/raft", "pkg/coord"}},
      {"pkg/storage", {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node"}},
      {"pkg/http", {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node"}},
      {"pkg/metrics", {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node", "pkg/http"}},
      {"cmd/cli", {"pkg/base"}},
      {"cmd/batonctl", {"pkg/base", "pkg/http", "cmd/cli"}},
      {"cmd/batond",
       {"pkg/base", "pkg/raft", "pkg/coord", "pkg/node", "pkg/storage", "pkg/http", "pkg/metrics",
        "cmd/cli"}},
  };
  return arrows;
}

struct Library {
  const char* header_prefix;
  std::vector<std::string> rooms;  // path prefixes that may include it
  bool heavy;                      // only in .cc files
  const char* instead;
};

const std::vector<Library>& Libraries() {
  static const std::vector<Library> libraries = {
      {"leveldb/", {"pkg/storage/"}, false, "use the ports of pkg/node/ports.h"},
      {"httplib.h", {"pkg/http/"}, true, "use pkg/http/server.h or pkg/http/client.h"},
      {"asio", {"pkg/http/"}, true, "use pkg/http/server.h"},
      {"openssl/", {"pkg/http/"}, true, "use pkg/http"},
      {"prometheus/", {"pkg/metrics/"}, true, "count in plain fields of pkg/base/histogram.h"},
      {"nlohmann/json.hpp",
       {"pkg/http/", "cmd/batonctl/", "test/", "pkg/metrics/"},
       true,
       "use pkg/http/json.h, or json_fwd.hpp in a header"},
      {"yaml-cpp/", {"cmd/batond/"}, true, "settings come from cmd/batond/config.h"},
  };
  return libraries;
}

const std::map<std::string, std::string>& ImpureHeaders() {
  static const std::map<std::string, std::string> headers = {
      {"chrono", "time comes in as ticks and stamps"},
      {"ctime", "time comes in as ticks and stamps"},
      {"thread", "the driver owns the thread"},
      {"mutex", "one thread uses this room"},
      {"condition_variable", "one thread uses this room"},
      {"future", "return a value, or answer through Ready"},
      {"fstream", "the driver owns the disk"},
      {"filesystem", "the driver owns the disk"},
      {"iostream", "return a Status, or describe yourself as a string"},
      {"random", "use pkg/base/random.h, seeded"},
      {"unordered_map", "use std::map: iteration order must not depend on hashes"},
      {"unordered_set", "use std::set: iteration order must not depend on hashes"},
      {"cstdio", "return a Status, or describe yourself as a string"},
  };
  return headers;
}

// "pkg/raft/log.h" -> "pkg/raft"
std::string RoomOf(const std::string& path) {
  const size_t first = path.find('/');
  if (first == std::string::npos) return "";
  const size_t second = path.find('/', first + 1);
  return second == std::string::npos ? "" : path.substr(0, second);
}

struct Include {
  int line;
  std::string target;
  bool quoted;
};

std::vector<Include> Includes(const Source& source) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<Include> includes;
  int number = 0;
  for (const std::string& line : Lines(source.text)) {
    ++number;
    if (std::smatch match; line.find("include") != std::string::npos && line.size() < 200 &&
                           std::regex_match(line, match, pattern)) {
      includes.push_back({number, match[2], match[1] == "\""});
    }
  }
  return includes;
}

bool IsPure(const Source& source) {
  return source.IsCpp() && !source.IsTest() &&
         (source.IsUnder("pkg/raft/") || source.IsUnder("pkg/coord/"));
}

// A line that opens a function at namespace or class level as our layout writes it: it ends in "{",
// is not indented beyond a class body, and has a parameter list.
bool OpensFunction(const std::string& line) {
  if (line.empty() || !line.ends_with("{") || line.find('(') == std::string::npos) return false;
  const size_t indent = line.find_first_not_of(' ');
  static const std::regex control(R"(^(namespace|class|struct|enum|if|for|while|switch|else)\b.*)");
  return indent <= 2 && !std::regex_match(line.substr(indent, 20), control);
}

// Adds a finding for each function longer than the limit, by the indentation of its closing brace.
void CheckFunctionLengths(const Source& source, const std::vector<std::string>& lines,
                          std::vector<Finding>* findings) {
  for (size_t start = 0; start < lines.size(); ++start) {
    if (!OpensFunction(lines[start])) continue;
    const std::string close = std::string(lines[start].find_first_not_of(' '), ' ') + "}";
    size_t end = start + 1;
    while (end < lines.size() && !lines[end].starts_with(close)) ++end;
    const int length = static_cast<int>(end - start) + 1;
    if (length > kFunctionLinesMax) {
      findings->push_back({source.path, static_cast<int>(start) + 1,
                           "a function of " + std::to_string(length) + " lines; the limit is " +
                               std::to_string(kFunctionLinesMax) + ": split it by topic"});
    }
    start = end;
  }
}

}  // namespace

std::vector<Finding> CheckArrows(const Source& source) {
  std::vector<Finding> findings;
  const std::string room = RoomOf(source.path);
  const auto allowed = Arrows().find(room);
  if (!source.IsCpp() || source.IsUnder("test/")) return findings;
  for (const Include& include : Includes(source)) {
    if (!include.quoted) continue;
    const std::string target = RoomOf(include.target);
    if (target.empty() || target == room) {
      if (target.empty()) {
        findings.push_back({source.path, include.line,
                            "include by the full path from the root, not " + include.target});
      }
      continue;
    }
    if (target.starts_with("test/") && source.IsTest()) continue;
    if (allowed == Arrows().end() || !allowed->second.contains(target)) {
      findings.push_back({source.path, include.line,
                          room + " must not include " + target +
                              ": arrows point down only; declare a port in " + room + " instead"});
    }
  }
  return findings;
}

std::vector<Finding> CheckLibraries(const Source& source) {
  std::vector<Finding> findings;
  if (!source.IsCpp()) return findings;
  for (const Include& include : Includes(source)) {
    for (const Library& library : Libraries()) {
      if (include.quoted || !include.target.starts_with(library.header_prefix)) continue;
      const bool at_home =
          std::any_of(library.rooms.begin(), library.rooms.end(),
                      [&](const std::string& room) { return source.IsUnder(room); });
      if (!at_home) {
        findings.push_back({source.path, include.line,
                            "<" + include.target + "> is known to " + library.rooms[0] +
                                " only: " + library.instead});
      } else if (library.heavy && source.HasSuffix(".h") && !source.IsTest()) {
        findings.push_back({source.path, include.line,
                            "<" + include.target + "> is heavy: include it in .cc files only"});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckPurity(const Source& source) {
  std::vector<Finding> findings;
  if (!IsPure(source)) return findings;
  for (const Include& include : Includes(source)) {
    const auto found = ImpureHeaders().find(include.target);
    if (found == ImpureHeaders().end() || include.quoted) continue;
    findings.push_back({source.path, include.line,
                        RoomOf(source.path) + " is pure and must not include <" + include.target +
                            ">: " + found->second});
  }
  static const std::vector<std::string> calls = {"getenv(",        "random_device", "std::rand(",
                                                 "clock_gettime(", "std::cout",     "std::cerr"};
  int number = 0;
  for (const std::string& line : Lines(source.text)) {
    ++number;
    for (const std::string& call : calls) {
      if (line.find(call) == std::string::npos || line.find("//") < line.find(call)) continue;
      findings.push_back(
          {source.path, number, call + " in a pure room: hand the value in from outside instead"});
    }
  }
  return findings;
}

std::vector<Finding> CheckSizes(const Source& source) {
  std::vector<Finding> findings;
  const bool script = source.IsUnder("scripts/") && !source.HasSuffix(".md");
  if (!source.IsCpp() && !script) return findings;
  const std::vector<std::string> lines = Lines(source.text);
  if (lines.size() > kFileLinesMax) {
    findings.push_back({source.path, 0,
                        std::to_string(lines.size()) + " lines; the limit is " +
                            std::to_string(kFileLinesMax) + ": give the second topic a file"});
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto columns = static_cast<size_t>(
        std::count_if(lines[i].begin(), lines[i].end(), [](char c) { return (c & 0xC0) != 0x80; }));
    if (columns > kColumnsMax && !script) {
      findings.push_back({source.path, static_cast<int>(i) + 1,
                          std::to_string(columns) + " columns; run `make format`"});
    }
  }
  if (source.HasSuffix(".cc")) CheckFunctionLengths(source, lines, &findings);
  return findings;
}

std::vector<Finding> CheckWords(const Source& source) {
  // Written in two parts, so that this file does not find itself.
  static const std::vector<std::pair<std::string, std::string>> words = {
      {"TO"
       "DO",
       "do it, or file it"},
      {"FIX"
       "ME",
       "fix it, or file it"},
      {"XX"
       "X",
       "say what you mean"},
      {"HA"
       "CK",
       "say why it must be so"},
      {"/wo"
       "rk/",
       "no path of a machine"},
      {"/ro"
       "ot/",
       "no path of a machine"},
      {"using namespace "
       "std",
       "write std::"},
  };
  std::vector<Finding> findings;
  if (source.path == "LICENSE" || source.HasSuffix(".png")) return findings;
  int number = 0;
  for (const std::string& line : Lines(source.text)) {
    ++number;
    for (const auto& [word, instead] : words) {
      const size_t at = line.find(word);
      if (at == std::string::npos) continue;
      const bool inside_a_word =
          isalnum(static_cast<unsigned char>(word[0])) != 0 &&
          ((at > 0 && isalnum(static_cast<unsigned char>(line[at - 1])) != 0) ||
           (at + word.size() < line.size() &&
            isalnum(static_cast<unsigned char>(line[at + word.size()])) != 0));
      if (!inside_a_word) findings.push_back({source.path, number, word + ": " + instead});
    }
  }
  return findings;
}

std::vector<Finding> CheckSleeps(const Source& source) {
  std::vector<Finding> findings;
  if (!source.IsCpp() || !source.IsTest()) return findings;
  static const std::regex sleep(R"(.*\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(.*)");
  int number = 0;
  for (const std::string& line : Lines(source.text)) {
    ++number;
    if (line.find("sleep") != std::string::npos && line.size() < 200 &&
        line.find("sleep") < line.find("//") && line.find('"') == std::string::npos &&
        std::regex_match(line, sleep)) {
      findings.push_back({source.path, number,
                          "a sleep in a test hides a race: wait for the event, or move the clock"});
    }
  }
  return findings;
}

std::vector<Finding> CheckVisibility(const Source& source) {
  const bool build = source.path == "BUILD" || source.HasSuffix("/BUILD");
  if (!build || source.IsUnder("third_party/bazel/")) return {};
  if (source.text.find("default_visibility = [\"//visibility:private\"]") != std::string::npos) {
    return {};
  }
  return {{source.path, 0,
           "no package(default_visibility = [\"//visibility:private\"]): start private"}};
}

std::vector<Finding> CheckReadmes(const std::vector<Source>& tree) {
  std::set<std::string> rooms;
  std::set<std::string> documented;
  for (const Source& source : tree) {
    const std::string room = RoomOf(source.path);
    const bool is_room = room.starts_with("pkg/") || room.starts_with("cmd/") ||
                         room.starts_with("test/") || room.starts_with("charts/");
    if (!is_room) continue;
    rooms.insert(room);
    if (source.path == room + "/README.md") documented.insert(room);
  }
  std::vector<Finding> findings;
  for (const std::string& room : rooms) {
    if (documented.contains(room)) continue;
    findings.push_back(
        {room, 0, "no README.md: say what it is, what it may touch, where to begin"});
  }
  return findings;
}

std::vector<Finding> CheckTree(const std::vector<Source>& tree) {
  std::vector<Finding> findings = CheckReadmes(tree);
  for (const Source& source : tree) {
    for (const auto& check : {CheckArrows, CheckLibraries, CheckPurity, CheckSizes, CheckWords,
                              CheckSleeps, CheckVisibility}) {
      const std::vector<Finding> found = check(source);
      findings.insert(findings.end(), found.begin(), found.end());
    }
  }
  return findings;
}

}  // namespace baton::tidy
