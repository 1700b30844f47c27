// File: batonctl.h
//
// The whole program but for its process: arguments in, exit code out.
#pragma once

#include <span>
#include <string>

#include "cmd/batonctl/context.h"

namespace baton::batonctl {

// `arguments`: after the program's name. See exit_codes.h for what comes back.
int Run(std::span<const std::string> arguments, Context* context);

}  // namespace baton::batonctl
