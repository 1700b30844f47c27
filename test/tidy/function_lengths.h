// File: function_lengths.h
//
// How long each function of a C++ file is, by its braces. Good enough for code that our layout
// tool has laid out; it does not parse C++.
#pragma once

#include <string_view>
#include <vector>

namespace baton::tidy {

struct FunctionLength {
  int line = 0;   // of the first word of its signature
  int lines = 0;  // from there to its closing brace, both counted
};

// The functions at namespace and class level, in the order of their ends. A lambda belongs to the
// function around it.
std::vector<FunctionLength> FunctionLengths(std::string_view text);

}  // namespace baton::tidy
