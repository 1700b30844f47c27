// File: rules.h
//
// The rules of the house that a machine can see. Each takes one file (or the tree) and returns what
// it finds; a message says what to do instead. AllRules is what tidy_test applies to the tree.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "test/tidy/source.h"

namespace baton::tidy {

// include_rules.cc
// The arrows of the architecture: a room includes only rooms below it, by the full path; what ships
// includes no test code.
std::vector<Finding> CheckArrows(const Source& source);
// A library is known to its own room only, and a heavy header only to .cc files there.
std::vector<Finding> CheckLibraries(const Source& source);
// The deterministic part: no time, threads, chance, files or unordered iteration.
std::vector<Finding> CheckPurity(const Source& source);

// text_rules.cc
// Lines of 100 columns (scripts: 120), files of 500 lines, functions of 70.
std::vector<Finding> CheckSizes(const Source& source);
// Words and paths that do not belong in the project.
std::vector<Finding> CheckWords(const Source& source);
// No tab, no space before a line's end, one line end at the end.
std::vector<Finding> CheckWhitespace(const Source& source);
// Tests wait for events, not for time; none is run again until it passes.
std::vector<Finding> CheckTests(const Source& source);
// Functions and habits of C++ that the house does without.
std::vector<Finding> CheckCpp(const Source& source);

// tree_rules.cc
// BUILD files are private by default.
std::vector<Finding> CheckVisibility(const Source& source);
// Bash accepts the scripts (bash -n).
std::vector<Finding> CheckBash(const Source& source);
// Every room has a README.
std::vector<Finding> CheckReadmes(const std::vector<Source>& tree);
// Every source is in its package's BUILD: what is not built rots, a test that is not listed never
// runs.
std::vector<Finding> CheckBuilt(const std::vector<Source>& tree);
// Links from page to page lead somewhere.
std::vector<Finding> CheckLinks(const std::vector<Source>& tree);
// site_rules.cc
// What pkg/base/cruel_sites.h and planted_bugs.h list is used once in what ships, and what is used
// is listed.
std::vector<Finding> CheckSites(const std::vector<Source>& tree);

// The C++ sources below `root` are laid out as its .clang-format says.
std::vector<Finding> CheckLayout(const std::string& root, const std::vector<Source>& tree);

struct Rule {
  std::string name;
  std::vector<Finding> (*check)(const std::vector<Source>& tree);

  friend std::ostream& operator<<(std::ostream& out, const Rule& rule) { return out << rule.name; }
};

// All but CheckLayout, which needs the files on disk.
const std::vector<Rule>& AllRules();

}  // namespace baton::tidy
