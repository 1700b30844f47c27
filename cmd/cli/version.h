// File: version.h
//
// The version of this tree: what --version prints and /version answers.
#pragma once

#include <string_view>

namespace baton::cli {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace baton::cli
