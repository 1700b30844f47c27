#include <algorithm>
#include <cctype>
#include <map>

#include "test/tidy/code_text.h"
#include "test/tidy/function_lengths.h"
#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

constexpr size_t kColumnsMax = 100;
constexpr size_t kScriptColumnsMax = 120;
constexpr size_t kFileLinesMax = 500;
constexpr int kFunctionLinesMax = 70;

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Whether `word` stands in `line` on its own, not as a part of a longer word.
bool HasWord(std::string_view line, std::string_view word) {
  for (size_t at = 0; (at = line.find(word, at)) != std::string_view::npos; ++at) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsWord(line[at - 1]);
    const bool ends = end == line.size() || !IsWord(line[end]) || !IsWord(word.back());
    if (begins && ends) return true;
  }
  return false;
}

// A word and what to do instead, as a finding for each line that has it.
using Words = std::map<std::string, std::string>;

void FindWords(const Source& source, std::string_view text, const Words& words,
               std::vector<Finding>* findings) {
  int number = 0;
  for (const std::string_view line : Lines(text)) {
    ++number;
    for (const auto& [word, instead] : words) {
      if (HasWord(line, word)) findings->push_back({source.path, number, word + ": " + instead});
    }
  }
}

size_t Columns(std::string_view line) {
  return static_cast<size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::vector<Finding> CheckSizes(const Source& source) {
  std::vector<Finding> findings;
  const bool script = source.IsBash() || source.IsRunBy("python3");
  if (!source.IsCpp() && !script && !source.IsBuild()) return findings;
  const size_t columns_max = script ? kScriptColumnsMax : kColumnsMax;
  const std::vector<std::string_view> lines = Lines(source.text);
  if (lines.size() > kFileLinesMax) {
    findings.push_back({source.path, 0,
                        std::to_string(lines.size()) + " lines; the limit is " +
                            std::to_string(kFileLinesMax) + ": give the second topic a file"});
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t columns = Columns(lines[i]);
    if (columns <= columns_max) continue;
    findings.push_back({source.path, static_cast<int>(i) + 1,
                        std::to_string(columns) + " columns; the limit is " +
                            std::to_string(columns_max) + ": break the line"});
  }
  if (!source.IsCpp()) return findings;
  for (const FunctionLength& function : FunctionLengths(source.text)) {
    if (function.lines <= kFunctionLinesMax) continue;
    findings.push_back({source.path, function.line,
                        "a function of " + std::to_string(function.lines) +
                            " lines; the limit is " + std::to_string(kFunctionLinesMax) +
                            ": split it by topic"});
  }
  return findings;
}

std::vector<Finding> CheckWords(const Source& source) {
  // In two parts each, so that this file does not find itself.
  static const Words words = {
      {std::string("TO") + "DO", "do it, or file it"},
      {std::string("FIX") + "ME", "fix it, or file it"},
      {std::string("XX") + "X", "say what you mean"},
      {std::string("HA") + "CK", "say why it must be so"},
      {std::string("/wo") + "rk", "no path of a machine"},
      {std::string("/ro") + "ot", "no path of a machine"},
      {std::string("../sha") + "red", "no path of a machine"},
  };
  static const Words lower_words = {
      {std::string("for n") + "ow", "say what holds, not until when"},
      {std::string("st") + "ub", "build it, or leave it out"},
      {std::string("placeh") + "older", "build it, or leave it out"},
  };
  std::vector<Finding> findings;
  if (source.path == "LICENSE") return findings;
  FindWords(source, source.text, words, &findings);
  FindWords(source, Lower(source.text), lower_words, &findings);
  return findings;
}

std::vector<Finding> CheckWhitespace(const Source& source) {
  std::vector<Finding> findings;
  if (source.HasSuffix(".golden") || source.HasSuffix(".txt")) return findings;  // printed, as is
  const bool may_have_tabs =
      source.HasSuffix("Makefile") || source.HasSuffix(".go") || source.HasSuffix("go.mod");
  const std::vector<std::string_view> lines = Lines(source.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    if (lines[i].ends_with(' ') || lines[i].ends_with('\r')) {
      findings.push_back({source.path, number, "white space at the end of a line: take it away"});
    }
    if (!may_have_tabs && lines[i].find('\t') != std::string_view::npos) {
      findings.push_back({source.path, number, "a tab: use spaces"});
    }
  }
  if (!source.text.empty() && (!source.text.ends_with('\n') || source.text.ends_with("\n\n"))) {
    findings.push_back({source.path, 0, "end the file with one line end"});
  }
  return findings;
}

std::vector<Finding> CheckTests(const Source& source) {
  static const std::string instead =
      "hides a race: wait for the event with a bound, or move a manual clock";
  static const Words sleeps = {{"sleep", instead},
                               {"sleep_for", instead},
                               {"sleep_until", instead},
                               {"usleep", instead},
                               {"nanosleep", instead}};
  static const Words retries = {
      {"flaky", "a test that fails once is a bug: find it"},
      {"flaky_test_attempts", "a test that fails once is a bug: find it"}};
  std::vector<Finding> findings;
  if (source.HasSuffix("_test.cc")) {  // what waits with a bound, beside them, may poll
    FindWords(source, CodeOnly(source.text), sleeps, &findings);
  }
  if (source.IsBuild() || source.path == ".bazelrc") {
    FindWords(source, source.text, retries, &findings);
  }
  return findings;
}

std::vector<Finding> CheckCpp(const Source& source) {
  static const Words everywhere = {{"using namespace std;", "write std::"}};
  static const Words in_products = {
      {"assert", "use CHECK (pkg/base/check.h): it is on in every build"},
      {"throw", "return a Status or a Result (pkg/base/status.h)"},
      {"std::regex", "it recurses once a character: hostile input ends the process"},
      {"sprintf", "no bound: use std::to_string or snprintf"},
      {"strcpy", "no bound: use std::string"},
      {"strcat", "no bound: use std::string"},
      {"strtok", "hidden state: use std::string_view"},
      {"atoi", "no errors: use std::from_chars"},
      {"alloca", "no bound: use std::vector"},
  };
  std::vector<Finding> findings;
  if (!source.IsCpp()) return findings;
  const std::string code = CodeOnly(source.text);
  FindWords(source, code, everywhere, &findings);
  if (!source.IsTest()) FindWords(source, code, in_products, &findings);
  if (source.HasSuffix(".h") && source.text.find("#pragma once\n") == std::string::npos) {
    findings.push_back({source.path, 0, "no #pragma once: a header is read once"});
  }
  return findings;
}

}  // namespace baton::tidy
