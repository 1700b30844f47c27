// File: nearest_name.h
//
// "Did you mean": the known name that is nearest to a mistyped one. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace baton {

// The least number of insertions, deletions, substitutions and swaps of two neighbours that make
// `a` into `b` (optimal string alignment distance). Time is the product of the lengths: bound them.
size_t EditDistance(std::string_view a, std::string_view b);

// The nearest of `known` by distance, the first of equals; empty when nothing is near (more than
// half of the letters differ) or `known` is empty. Only the first 64 bytes of `name` count.
std::string_view NearestName(std::string_view name, std::span<const std::string_view> known);

}  // namespace baton
