#include "test/docs/console.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "pkg/base/check.h"

namespace baton::docs {
namespace {

constexpr std::string_view kMarker = "\x01step\x01";

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
    lines.push_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// "..." in the pattern stands for any run of characters.
bool LineMatches(std::string_view pattern, std::string_view line) {
  const size_t gap = pattern.find("...");
  if (gap == std::string_view::npos) return pattern == line;
  if (line.substr(0, gap) != pattern.substr(0, gap)) return false;
  const std::string_view rest = pattern.substr(gap + 3);
  for (size_t i = gap; i <= line.size(); ++i) {
    if (LineMatches(rest, line.substr(i))) return true;
  }
  return false;
}

bool LinesMatch(const std::vector<std::string>& expected, size_t e,
                const std::vector<std::string>& lines, size_t l) {
  if (e == expected.size()) return l == lines.size();
  if (expected[e] == "...") {
    for (size_t next = l; next <= lines.size(); ++next) {
      if (LinesMatch(expected, e + 1, lines, next)) return true;
    }
    return false;
  }
  return l < lines.size() && LineMatches(expected[e], lines[l]) &&
         LinesMatch(expected, e + 1, lines, l + 1);
}

}  // namespace

std::string PagePath(const std::string& page) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") + "/" + page;
}

std::vector<ConsoleStep> ParseConsole(std::string_view page) {
  std::vector<ConsoleStep> steps;
  bool inside = false;
  bool continues = false;
  int number = 0;
  for (const std::string& line : Lines(page)) {
    ++number;
    if (!inside) {
      inside = line == "```console";
    } else if (line == "```") {
      inside = false;
    } else if (continues) {
      steps.back().command += "\n" + line;
      continues = line.ends_with("\\");
    } else if (line.starts_with("$ ")) {
      steps.push_back({.line = number, .command = line.substr(2), .expected = {}});
      continues = line.ends_with("\\");
    } else if (!steps.empty()) {
      steps.back().expected.push_back(line);
    }
  }
  return steps;
}

bool OutputMatches(const std::vector<std::string>& expected, std::string_view output) {
  std::vector<std::string> wanted = expected;
  while (!wanted.empty() && wanted.back().empty()) wanted.pop_back();
  return LinesMatch(wanted, 0, Lines(output), 0);
}

std::vector<std::string> RunConsole(const std::vector<ConsoleStep>& steps,
                                    const std::string& directory) {
  const std::string script = directory + "/steps.sh";
  {
    std::ofstream file(script);
    file << "cd '" << directory << "'\nexec 2>&1\n";
    for (const ConsoleStep& step : steps) {
      file << step.command << "\nprintf '%s' '" << kMarker << "'\n";
    }
  }
  FILE* bash = popen(("bash '" + script + "' </dev/null").c_str(), "r");
  CHECK(bash != nullptr);
  std::string all;
  std::array<char, 4096> buffer;
  for (size_t size; (size = fread(buffer.data(), 1, buffer.size(), bash)) > 0;) {
    all.append(buffer.data(), size);
  }
  pclose(bash);
  std::vector<std::string> outputs;
  size_t start = 0;
  for (size_t end; (end = all.find(kMarker, start)) != std::string::npos;
       start = end + kMarker.size()) {
    outputs.push_back(all.substr(start, end - start));
  }
  outputs.resize(steps.size(), "(not reached)");
  return outputs;
}

}  // namespace baton::docs
