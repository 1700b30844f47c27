// File: source.h
//
// What the rules look at: the project's files as git lists them, and what a rule has to say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::tidy {

struct Source {
  std::string path;  // from the root, with '/'
  std::string text;

  bool HasSuffix(std::string_view suffix) const { return path.ends_with(suffix); }
  bool IsUnder(std::string_view folder) const { return path.starts_with(folder); }
  bool IsCpp() const { return HasSuffix(".cc") || HasSuffix(".h"); }
  bool IsTest() const {
    return HasSuffix("_test.cc") || IsUnder("test/") || path.find("/testing/") != std::string::npos;
  }
};

struct Finding {
  std::string path;
  int line = 0;         // 0: the file as a whole
  std::string message;  // what is wrong and what to do instead
};

std::string Describe(const Finding& finding);

std::vector<std::string> Lines(std::string_view text);

// Every text file that git tracks or would add. `root` is the checkout.
std::vector<Source> ReadTree(const std::string& root);

}  // namespace baton::tidy
