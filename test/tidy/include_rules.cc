#include <algorithm>

#include "test/tidy/code_text.h"
#include "test/tidy/rooms.h"
#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

struct Include {
  int line;
  std::string target;
  bool quoted;
};

std::string_view TrimStart(std::string_view text) {
  const size_t start = text.find_first_not_of(' ');
  return start == std::string_view::npos ? "" : text.substr(start);
}

std::vector<Include> Includes(const Source& source) {
  std::vector<Include> includes;
  const std::string text = WithoutComments(source.text);
  int number = 0;
  for (std::string_view line : Lines(text)) {
    ++number;
    line = TrimStart(line);
    if (!line.starts_with('#')) continue;
    line = TrimStart(line.substr(1));
    if (!line.starts_with("include")) continue;
    line = TrimStart(line.substr(sizeof("include") - 1));
    if (line.empty()) continue;
    const bool quoted = line[0] == '"';
    const size_t end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) continue;
    includes.push_back({number, std::string(line.substr(1, end - 1)), quoted});
  }
  return includes;
}

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The first place of `name` as a whole word.
size_t FindName(std::string_view line, std::string_view name) {
  for (size_t at = 0; (at = line.find(name, at)) != std::string_view::npos; ++at) {
    const size_t end = at + name.size();
    const bool begins = at == 0 || (!IsWord(line[at - 1]) && line[at - 1] != '.');
    if (begins && (end == line.size() || !IsWord(line[end]))) return at;
  }
  return std::string_view::npos;
}

std::string WhyNot(const Source& source, const Include& include) {
  if (include.target.find('/') == std::string::npos) {
    return "include by the full path from the root, not \"" + include.target + "\"";
  }
  const Source target{.path = include.target, .text = ""};
  if (target.IsTest() && !source.IsTest()) {
    return "what ships must not include test code (" + include.target + ")";
  }
  const std::string room = source.Room();
  const std::string target_room = target.Room();
  if (room == target_room || target.IsUnder("test/")) return "";
  const auto allowed = Arrows().find(room);
  if (allowed == Arrows().end()) return room + " is no room yet: add it to test/tidy/rooms.cc";
  if (allowed->second.contains(target_room)) return "";
  return room + " must not include " + target_room +
         ": arrows point down only; declare a port in " + room + " instead";
}

}  // namespace

std::vector<Finding> CheckArrows(const Source& source) {
  std::vector<Finding> findings;
  if (!source.IsCpp() || source.IsUnder("test/")) return findings;
  for (const Include& include : Includes(source)) {
    if (!include.quoted) continue;
    const std::string why = WhyNot(source, include);
    if (!why.empty()) findings.push_back({source.path, include.line, why});
  }
  return findings;
}

std::vector<Finding> CheckLibraries(const Source& source) {
  std::vector<Finding> findings;
  if (!source.IsCpp()) return findings;
  for (const Include& include : Includes(source)) {
    for (const Library& library : Libraries()) {
      if (!include.target.starts_with(library.header_prefix)) continue;
      const bool at_home = std::any_of(library.rooms.begin(), library.rooms.end(),
                                       [&](std::string_view room) { return source.IsUnder(room); });
      const std::string header = "<" + include.target + ">";
      if (!at_home) {
        findings.push_back({source.path, include.line,
                            header + " is known to " + std::string(library.rooms[0]) +
                                " only: " + std::string(library.instead)});
      } else if (library.heavy && source.HasSuffix(".h") && !source.IsTest()) {
        findings.push_back(
            {source.path, include.line, header + " is heavy: include it in .cc files only"});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckPurity(const Source& source) {
  std::vector<Finding> findings;
  if (!source.IsCpp() || source.IsTest() || !IsPure(source.path)) return findings;
  for (const Include& include : Includes(source)) {
    const auto found = ImpureHeaders().find(include.target);
    if (found == ImpureHeaders().end()) continue;
    findings.push_back(
        {source.path, include.line,
         "no <" + include.target + "> in deterministic code: " + std::string(found->second)});
  }
  const std::string code = CodeWithoutDirectives(source.text);
  int number = 0;
  for (const std::string_view line : Lines(code)) {
    ++number;
    for (const auto& [name, instead] : ImpureNames()) {
      if (FindName(line, name) == std::string_view::npos) continue;
      findings.push_back(
          {source.path, number,
           "no " + std::string(name) + " in deterministic code: " + std::string(instead)});
    }
  }
  return findings;
}

}  // namespace baton::tidy
