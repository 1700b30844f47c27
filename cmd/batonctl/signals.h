// File: signals.h
//
// The signals that batonctl sees as data: blocked everywhere, read from a signalfd(2) by the one
// thread that acts on them. Nothing runs in a signal handler.
#pragma once

#include <optional>

namespace baton::batonctl {

struct ReceivedSignal {
  int number = 0;
  bool from_terminal = false;  // the terminal sent it to the whole foreground group
};

// Blocks SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1 and SIGUSR2 in this thread and those that it
// starts, and gives the descriptor to read them from. Before any thread is started.
int OpenSignals();

// A connection or a pipe that breaks is an error of write(2), not the end of the process.
void IgnoreBrokenPipes();

// The next signal; nullopt when none is there or fd is negative.
std::optional<ReceivedSignal> ReadSignal(int fd);

// The ones that ask a program to end.
bool AsksToEnd(int number);

// In a child between fork and exec: gives all signals back their default effect. Async-signal-safe.
void ResetSignalsInChild();

}  // namespace baton::batonctl
