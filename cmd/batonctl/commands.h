// File: commands.h
//
// The table of all commands, and the functions that run them (one file per topic).
#pragma once

#include <span>
#include <string>

#include "cmd/batonctl/command_line.h"
#include "cmd/batonctl/context.h"

namespace baton::batonctl {

std::span<const CommandSpec> AllCommands();

// Each gives the exit code.
int RunStatus(const Arguments& arguments, Context* context);
int RunKvGet(const Arguments& arguments, Context* context);
int RunKvPut(const Arguments& arguments, Context* context);
int RunKvDelete(const Arguments& arguments, Context* context);
int RunKvList(const Arguments& arguments, Context* context);
int RunKvWatch(const Arguments& arguments, Context* context);
int RunSessionCreate(const Arguments& arguments, Context* context);
int RunSessionList(const Arguments& arguments, Context* context);
int RunSessionGet(const Arguments& arguments, Context* context);
int RunSessionKeepAlive(const Arguments& arguments, Context* context);
int RunSessionDestroy(const Arguments& arguments, Context* context);
int RunLock(const Arguments& arguments, Context* context);
int RunElect(const Arguments& arguments, Context* context);
int RunSnapshotSave(const Arguments& arguments, Context* context);
int RunSnapshotInspect(const Arguments& arguments, Context* context);
int RunSnapshotRestore(const Arguments& arguments, Context* context);
int RunDataVerify(const Arguments& arguments, Context* context);
int RunDataDump(const Arguments& arguments, Context* context);
int RunMemberList(const Arguments& arguments, Context* context);
int RunMemberAdd(const Arguments& arguments, Context* context);
int RunMemberPromote(const Arguments& arguments, Context* context);
int RunMemberRemove(const Arguments& arguments, Context* context);
int RunMemberTransfer(const Arguments& arguments, Context* context);
int RunBenchPut(const Arguments& arguments, Context* context);
int RunBenchGet(const Arguments& arguments, Context* context);
int RunBenchLock(const Arguments& arguments, Context* context);
int RunBenchWatch(const Arguments& arguments, Context* context);
int RunBenchSession(const Arguments& arguments, Context* context);
int RunBenchMixed(const Arguments& arguments, Context* context);
int RunCompact(const Arguments& arguments, Context* context);
int RunVersion(const Arguments& arguments, Context* context);

}  // namespace baton::batonctl
