// File: script.h
//
// Runs a program of scripts/ and gives what it printed and how it ended.
//
//   TemporaryDirectory directory;
//   const Outcome outcome = RunScript("count-tests", {"events.json", "0"}, directory.path());
//   EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
#pragma once

#include <string>
#include <vector>

namespace baton::scripts {

struct Outcome {
  int exit_code = -1;  // 128 + signal when one ended it
  std::string output;  // standard output and error, in order
};

// The command that runs scripts/NAME. `directory` is the working directory and the first place of
// its PATH: a program there stands in for the system's. `environment` holds "NAME=value"s.
std::vector<std::string> ScriptCommand(const std::string& name,
                                       const std::vector<std::string>& arguments,
                                       const std::string& directory,
                                       const std::vector<std::string>& environment = {});

// Runs it to its end, three minutes at most (CHECKed).
Outcome RunScript(const std::string& name, const std::vector<std::string>& arguments,
                  const std::string& directory, const std::vector<std::string>& environment = {});

void WriteFile(const std::string& path, const std::string& text);

// An executable bash program of these lines.
void WriteProgram(const std::string& path, const std::string& lines);

// The last line of a text, without its end.
std::string LastLine(const std::string& text);

}  // namespace baton::scripts
