// File: command_codec.h
//
// What Apply needs of an entry beyond DecodeEntry: the fingerprint by which a retry under the same
// idempotency key is told from another command. Internal to this room; command.h has the contract.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/coord/command.h"

namespace baton::coord {

// A digest of the kind and the body, as encoded: clients choose the commands, so nobody must be
// able to make two with one fingerprint. The id of a SessionCreate and the listener of an Acquire
// do not count: the node that takes a retry draws another one. `principal` and `idempotency_key`
// are what it is kept under.
std::string FingerprintOf(const Command& command);

// The greatest stamp an entry may carry (year 287396); deadlines counted from it cannot overflow.
inline constexpr uint64_t kStampMsMax = uint64_t{1} << 53;

}  // namespace baton::coord
