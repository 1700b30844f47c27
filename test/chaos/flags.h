// File: flags.h
//
// The command line of the chaos program.
#pragma once

#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "test/chaos/run.h"

namespace baton::chaos {

// kInvalidArgument: a sentence that says what is wrong. Isolation and an output that was not given
// are left to the caller.
Result<RunOptions> ParseFlags(const std::vector<std::string>& arguments);

// The flags, a space between each two, of a run like that one: all but where it writes. What was
// not given, and the machine or the number of nodes decided, is not given again.
std::string AgainFlags(const RunOptions& options);

// What --help prints.
std::string HelpText();

}  // namespace baton::chaos
