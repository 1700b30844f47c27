// File: command_version.h
//
// Which commands may be in the log. The nodes of a cluster are upgraded one after the other, and a
// command that one of them does not know would make its state another one; so each command belongs
// to a version, and a version comes into force, by a command of its own (RaiseVersion), when all
// members have said that they know it (pkg/node/upgrade.h). A cluster begins with version 1. It
// never goes back: an older node that finds a newer version in force stops, and says why.
//
//   version  commands
//   1        all up to Proclaim, and RaiseVersion
//   2        CompactHistory
//
// A command of a version that is not in force is to all nodes what it is to an old one: unknown
// bytes, which change nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "pkg/coord/command.h"

namespace baton::coord {

// The newest that this code knows.
inline constexpr uint32_t kCommandVersion = 2;

uint32_t VersionOf(const CommandBody& body);
// Of a command as EncodeCommand made it; of bytes that are none: 1, applying them does nothing.
uint32_t VersionOfEncoded(std::string_view encoded_command);

}  // namespace baton::coord
