// File: options.h
//
// What the programs here are told on their command lines.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baton::bench {

struct Options {
  bool quick = false;  // of everything as little as gives an answer: whether it works, not how fast
  int rounds = 3;      // 1 to 100
  double seconds = 5;  // of one load, 0.1 to 600
  std::vector<std::string> only;  // names, separated by commas; empty: everything
  std::string output;             // where the JSON goes; empty: nowhere
  std::string picture;            // where the SVG goes; empty: nowhere

  bool Wants(std::string_view name) const;
};

// Reads "--quick", "--rounds=3" and so on into `options`, which has the defaults. False: something
// that is not in `known` ("quick", "rounds", ...), or out of its bounds.
bool ParseOptions(const std::vector<std::string>& arguments,
                  const std::set<std::string_view>& known, Options* options);

// The main of a program: 2 and the usage on standard error for arguments that are not known.
int RunProgram(int argc, char** argv, const std::set<std::string_view>& known,
               const std::string& usage, Options defaults, int (*run)(const Options&));

// Writes what has a path, whole. False: it could not, and why is on standard error.
bool WriteOutputs(const Options& options, const std::string& json, const std::string& picture);

}  // namespace baton::bench
