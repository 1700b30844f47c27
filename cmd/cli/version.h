// File: version.h
//
// The version of this tree: what --version prints and /version answers.
#pragma once

#include <string_view>

#ifdef BATON_PLANTED_BUGS
#error "no program that ships has planted bugs (pkg/base/planted.h): leave out --config=planted"
#endif

namespace baton::cli {

#ifndef BATON_OTHER_VERSION
inline constexpr std::string_view kVersion = "0.1.0";
#else  // for test/e2e, which rolls from one version to another
#define BATON_TEXT_OF(tokens) #tokens
#define BATON_TEXT(macro) BATON_TEXT_OF(macro)
inline constexpr std::string_view kVersion = BATON_TEXT(BATON_OTHER_VERSION);
#undef BATON_TEXT
#undef BATON_TEXT_OF
#endif

}  // namespace baton::cli
