// File: code_text.h
//
// C++ text without what is not code. What is taken out becomes spaces and line ends stay, so that
// every place keeps its line and column.
//
//   int a;  // an int
//   Log("a // b");
//
// WithoutComments gives `int a;` and `Log("a // b");`, CodeOnly gives `int a;` and `Log(" ");`.
#pragma once

#include <string>
#include <string_view>

namespace baton::tidy {

std::string WithoutComments(std::string_view text);

// Also without the insides of string and character literals, raw ones included.
std::string CodeOnly(std::string_view text);

// Also without preprocessor lines, whose braces need not match.
std::string CodeWithoutDirectives(std::string_view text);

}  // namespace baton::tidy
