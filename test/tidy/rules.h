// File: rules.h
//
// The rules of the house that a machine can see. Each takes a file (or the tree) and returns what
// it finds; a message says what to do instead.
#pragma once

#include <vector>

#include "test/tidy/source.h"

namespace baton::tidy {

// The arrows of the architecture: a room includes only rooms below it.
std::vector<Finding> CheckArrows(const Source& source);
// A library is known to its own room only, and a heavy header only to .cc files there.
std::vector<Finding> CheckLibraries(const Source& source);
// Pure rooms: no time, threads, chance, files or unordered iteration.
std::vector<Finding> CheckPurity(const Source& source);
// Lines of 100 columns, files of 500 lines, functions of 70.
std::vector<Finding> CheckSizes(const Source& source);
// Words and paths that do not belong in the project.
std::vector<Finding> CheckWords(const Source& source);
// Unit tests wait for events, not for time.
std::vector<Finding> CheckSleeps(const Source& source);
// BUILD files are private by default.
std::vector<Finding> CheckVisibility(const Source& source);
// Every room has a README.
std::vector<Finding> CheckReadmes(const std::vector<Source>& tree);

// All of the above.
std::vector<Finding> CheckTree(const std::vector<Source>& tree);

}  // namespace baton::tidy
