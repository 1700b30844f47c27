// File: help.h
//
// --help, made from the table of commands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cmd/batonctl/command_line.h"

namespace baton::batonctl {

// The program's own; with `group` ("kv") only the commands of the group.
std::string RenderHelp(std::span<const CommandSpec> commands, std::string_view group);
// One command's.
std::string RenderCommandHelp(const CommandSpec& command);

}  // namespace baton::batonctl
