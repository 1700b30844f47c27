// File: apply_entry.h
//
// From the bytes of a log entry to the reply: decode, check, answer a retry, execute, record.
// Internal to this room.
#pragma once

#include <string_view>

#include "pkg/coord/apply_context.h"

namespace baton::coord {

// `entry` is not empty. What makes no sense changes nothing, cluster time included.
Reply ApplyEntry(ApplyContext& context, std::string_view entry);

}  // namespace baton::coord
