#include "test/tidy/source.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "pkg/base/check.h"

namespace baton::tidy {

bool Source::IsTest() const {
  const std::string name = path.substr(path.rfind('/') + 1);
  return HasSuffix("_test.cc") || IsUnder("test/") || name.starts_with("test_") ||
         path.find("/testing/") != std::string::npos;
}

std::string Source::Room() const { return RoomOf(path); }

std::string Describe(const Finding& finding) {
  const std::string line = finding.line == 0 ? "" : ":" + std::to_string(finding.line);
  return finding.path + line + ": " + finding.message;
}

std::string RoomOf(std::string_view path) {
  const size_t first = path.find('/');
  if (first == std::string_view::npos) return "";
  const size_t second = path.find('/', first + 1);
  return second == std::string_view::npos ? "" : std::string(path.substr(0, second));
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

CommandOutcome RunCommand(const std::string& command) {
  FILE* pipe = popen(("(" + command + ") 2>&1 </dev/null").c_str(), "r");
  CHECK(pipe != nullptr) << command;
  CommandOutcome outcome;
  std::array<char, 4096> buffer;
  for (size_t size; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    outcome.output.append(buffer.data(), size);
  }
  const int wait_status = pclose(pipe);
  outcome.exit_code =
      WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
  return outcome;
}

std::vector<Source> ReadTree(const std::string& root) {
  // A checkout may belong to another user than the one who tests it.
  const CommandOutcome listing =
      RunCommand("git -c safe.directory='*' -c core.quotePath=off -C '" + root +
                 "' ls-files --cached --others --exclude-standard");
  CHECK_EQ(listing.exit_code, 0) << listing.output;
  std::vector<Source> sources;
  for (const std::string_view path : Lines(listing.output)) {
    std::ifstream file(root + "/" + std::string(path), std::ios::binary);
    if (!file.good()) continue;  // deleted in the work tree
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find('\0') != std::string::npos) continue;  // an image
    sources.push_back({.path = std::string(path), .text = text.str()});
  }
  return sources;
}

}  // namespace baton::tidy
