// File: transcript.h
//
// Scenario files: a test, a manual and a review aid in one. A file is a list of stanzas:
//
//   # A comment, or an empty line, between stanzas.
//   campaign 1 pre_vote=true voters=(1, 2, 3)
//   input lines, if the command takes any
//   ----
//   all that the command printed, up to the first empty line
//
// A command line is a word, then arguments: plain words and key=value, where a value may be a list
// in parentheses. An output that itself has an empty line stands between two pairs of "----" lines.
//
// A test hands each stanza to a function and compares what it returns. With --rewrite the file is
// written anew from what was returned, for review as a diff.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"

namespace baton::scenario {

struct Stanza {
  int line = 0;                                            // of the command
  std::string command;                                     // its first word
  std::vector<std::string> words;                          // plain arguments, in order
  std::map<std::string, std::vector<std::string>> values;  // key -> one value, or the list's
  std::string input;                                       // lines, each ended by a newline
  std::string expected;                                    // likewise

  bool Has(const std::string& key) const { return values.count(key) != 0; }
  // The single value of `key`; `fallback` when it is not given. CHECK-fails for a list.
  std::string Value(const std::string& key, const std::string& fallback) const;
  uint64_t Number(const std::string& key, uint64_t fallback) const;
  std::vector<uint64_t> Numbers(const std::string& key) const;  // empty when not given
};

struct Transcript {
  std::vector<Stanza> stanzas;
  // What stands before each stanza's output, byte for byte: to write the file anew.
  std::vector<std::string> heads;
  std::string tail;  // after the last output
};

// kInvalidArgument naming the line.
Result<Transcript> Parse(std::string_view text);

// The file's text with the given outputs in place of the expected ones.
std::string Render(const Transcript& transcript, const std::vector<std::string>& outputs);

// Runs all stanzas of the file at `path`. Returns an empty string when all outputs are as expected,
// else a readable account of the first difference. Rewrites the file instead when asked to.
std::string RunFile(const std::string& path, bool rewrite,
                    const std::function<std::string(const Stanza&)>& run);

}  // namespace baton::scenario
