// File: picture.h
//
// Ratios as bars on a logarithmic axis: to the right of the line at 1 we are better.
#pragma once

#include <string>
#include <vector>

#include "test/bench/comparison.h"

namespace baton::bench {

// An SVG with a bar for each that has a ratio, and whiskers from its least to its most.
std::string PictureOf(const std::vector<Comparison>& comparisons, const std::string& title);

}  // namespace baton::bench
