// File: bench.h
//
// batonctl bench: from the command line to the settings of a run, and from its report to what is
// printed. The load itself is pkg/load's.
#pragma once

#include <string>
#include <vector>

#include "cmd/batonctl/command_line.h"
#include "cmd/batonctl/context.h"
#include "pkg/base/status.h"
#include "pkg/load/run.h"
#include "pkg/load/settings.h"

namespace baton::batonctl {

// The table of the commands, for AllCommands.
std::vector<CommandSpec> BenchCommands();

// kInvalidArgument with one sentence that names the option. `own_prefix` is where the keys of a run
// are for which none was given.
Result<load::Settings> ReadBenchSettings(const Arguments& arguments, load::Bench bench,
                                         const std::string& own_prefix);

// For people: a few lines and a table. Latencies in milliseconds.
std::string BenchText(const load::Settings& settings, const load::Report& report);
// For programs: one object; docs/bench.md has its fields.
std::string BenchJson(const load::Settings& settings, const load::Report& report);
// The live line, without its end.
std::string BenchProgressLine(const load::Progress& progress);

}  // namespace baton::batonctl
