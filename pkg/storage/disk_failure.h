// File: disk_failure.h
//
// What to say and do when stored bytes are not what was written.
#pragma once

#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::storage {

// "The log in /data/log-000001 cannot be used: <what>.", kCorruption. `part` is "log", "state" or
// "data directory"; a full stop at the end of `what` is not doubled.
Status Unusable(std::string_view part, const std::string& path, std::string_view what);
// The same, with what a person should do, where nothing can be repaired.
Status AddAdvice(const Status& unusable);

// Ends a process whose disk lies, where an error cannot be handed back because going on without
// the data would make this replica differ from the others. Writes one line to standard error and
// leaves at once, without destructors: nothing that is still in memory may reach the disk.
// Kubernetes starts the process again. `what` is the operation: "reading a row of the state".
[[noreturn]] void FatalDisk(std::string_view what, const Status& why);

// For tests that go on in the same process: called before that, and must throw. Null: none.
using FatalDiskHook = void (*)(const Status& why);
void SetFatalDiskHookForTest(FatalDiskHook hook);

inline constexpr int kFatalDiskExitCode = 74;  // EX_IOERR of sysexits.h; in batond --help

}  // namespace baton::storage
