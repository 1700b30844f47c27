// File: version.h
//
// The version of this tree: what --version prints and /version answers.
#pragma once

#include <string_view>

#ifdef BATON_PLANTED_BUGS
#error "no program that ships has planted bugs (pkg/base/planted.h): leave out --config=planted"
#endif

namespace baton::cli {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace baton::cli
