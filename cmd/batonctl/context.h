// File: context.h
//
// What a command may touch of the world around it. Tests give it streams of their own.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <string>

#include "pkg/base/clock.h"

namespace baton::batonctl {

struct Context {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  std::map<std::string, std::string> environment;
  const Clock* clock = nullptr;
  // Makes signals readable (signals.h) and gives the descriptor. Called by the commands that must
  // see them, before they start a thread; all others are ended by Ctrl-C as usual. Empty: no
  // signals.
  std::function<int()> open_signals;
};

}  // namespace baton::batonctl
