// File: exit_codes.h
//
// What batonctl's exit code means. Scripts depend on these: they never change.
#pragma once

namespace baton::batonctl {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;      // the cluster said no: not found, held, compare failed
inline constexpr int kExitDamaged = 1;      // data: the directory is damaged
inline constexpr int kExitUsage = 2;        // the command line is wrong; nothing was asked
inline constexpr int kExitCannotLook = 2;   // data: in use, foreign, of a newer Baton; output lost
inline constexpr int kExitUnavailable = 3;  // no node could answer in time
// lock and elect; the values of timeout(1), env(1) and the shell.
inline constexpr int kExitWaitTimedOut = 124;
inline constexpr int kExitLockLost = 125;
inline constexpr int kExitCannotExecute = 126;
inline constexpr int kExitCommandNotFound = 127;
inline constexpr int kExitSignalBase = 128;  // + the number of the signal

}  // namespace baton::batonctl
