// File: console.h
//
// Documentation as a test. A fenced block that begins with ```console holds what a reader would
// type and see: lines that begin with "$ " are commands (a line that ends in a backslash goes on),
// the lines after each are what it prints. In the expected text "..." stands for anything, within a
// line or, alone on a line, for any number of lines. All blocks of a page run in one bash, in
// order, so that a variable set in one is there in the next.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::docs {

struct ConsoleStep {
  int line = 0;  // of the command, in the page
  std::string command;
  std::vector<std::string> expected;
};

// Where a page of the tree lies in a test that has it among its data: "docs/api.md".
std::string PagePath(const std::string& page);

// The steps of all console blocks of a page, in order.
std::vector<ConsoleStep> ParseConsole(std::string_view page);

// Whether the output is what the page promises. Trailing white space does not count.
bool OutputMatches(const std::vector<std::string>& expected, std::string_view output);

// Runs the steps in one bash; gives what each printed, standard error included.
std::vector<std::string> RunConsole(const std::vector<ConsoleStep>& steps,
                                    const std::string& directory);

}  // namespace baton::docs
