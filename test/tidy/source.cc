#include "test/tidy/source.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "pkg/base/check.h"

namespace baton::tidy {

std::string Describe(const Finding& finding) {
  const std::string line = finding.line == 0 ? "" : ":" + std::to_string(finding.line);
  return finding.path + line + ": " + finding.message;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Source> ReadTree(const std::string& root) {
  const std::string command = "git -C '" + root + "' ls-files --cached --others --exclude-standard";
  FILE* git = popen(command.c_str(), "r");
  CHECK(git != nullptr) << command;
  std::string listing;
  std::array<char, 4096> buffer;
  for (size_t size; (size = fread(buffer.data(), 1, buffer.size(), git)) > 0;) {
    listing.append(buffer.data(), size);
  }
  CHECK_EQ(pclose(git), 0) << command;
  std::vector<Source> sources;
  for (const std::string& path : Lines(listing)) {
    std::ifstream file(root + "/" + path, std::ios::binary);
    if (!file.good()) continue;  // deleted in the work tree
    std::stringstream text;
    text << file.rdbuf();
    sources.push_back({.path = path, .text = text.str()});
  }
  return sources;
}

}  // namespace baton::tidy
