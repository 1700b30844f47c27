// File: did_you_mean.h
//
// The end of a sentence about a mistyped name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace baton::cli {

// `; did you mean "tick-ms"?` or, when none of `known` is near (pkg/base/nearest_name.h), "".
std::string DidYouMean(std::string_view name, std::span<const std::string_view> known);

}  // namespace baton::cli
