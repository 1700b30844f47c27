#include "test/scripts/script.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "pkg/base/check.h"
#include "test/integration/process.h"

namespace baton::scripts {
namespace {

constexpr int64_t kRunMsMax = 180'000;

std::string ScriptPath(const std::string& name) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") +
         "/scripts/" + name;
}

}  // namespace

std::vector<std::string> ScriptCommand(const std::string& name,
                                       const std::vector<std::string>& arguments,
                                       const std::string& directory,
                                       const std::vector<std::string>& environment) {
  std::vector<std::string> command = {
      "/usr/bin/env", "--chdir=" + directory,
      "PATH=" + directory + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  command.insert(command.end(), environment.begin(), environment.end());
  command.push_back(ScriptPath(name));
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Outcome RunScript(const std::string& name, const std::vector<std::string>& arguments,
                  const std::string& directory, const std::vector<std::string>& environment) {
  // A directory of its own for the output, so that the script never sees it.
  const integration::TemporaryDirectory output;
  const std::string output_path = output.path() + "/output";
  integration::Process process = integration::Process::Start(
      ScriptCommand(name, arguments, directory, environment), output_path);
  const std::optional<int> exit_code = process.Wait(kRunMsMax);
  CHECK(exit_code.has_value()) << name << " still runs; it printed "
                               << integration::ReadFile(output_path);
  return {.exit_code = *exit_code, .output = integration::ReadFile(output_path)};
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  CHECK(file.good()) << path;
}

void WriteProgram(const std::string& path, const std::string& lines) {
  WriteFile(path, "#!/bin/bash\n" + lines);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

std::string LastLine(const std::string& text) {
  if (text.empty()) return "";
  const size_t end = text.back() == '\n' ? text.size() - 1 : text.size();
  const size_t newline = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const size_t start = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(start, end - start);
}

}  // namespace baton::scripts
