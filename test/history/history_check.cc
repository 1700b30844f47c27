// history_check FILE...: judges histories from the command line. --help says more.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "test/history/check.h"
#include "test/history/json_lines.h"

namespace baton::history {
namespace {

constexpr std::string_view kHelp =
    R"(history_check: did clients see what Baton promises?

usage: history_check [--NAME=VALUE...] FILE...     (- is standard input)

A FILE is a history: one JSON object a line, as test/history/README.md describes them. Several files
are judged one by one. For each it prints what is in it, and each broken promise as a sentence that
begins with a word for programs.

  --violations=N         put at most N violations into words (50)
  --steps=N              give up the search for the order of one key after N steps (2000000)
  --drift-percent=N      how much faster than the ideal clock the nodes' clocks may run (0)
  --jumps-at-us=N,N,...  when clocks of nodes jumped ahead, by the clock of the history (never)
  --jump-costs-ms=N      how much of its time each jump costs a session renewed before it (0)
  --late-ms=N            a session ends at most so long after its time to live (not judged)
  --unknown-ms=N         what has no answer is applied at most so long after its call (at any time)
  --kept=N               so many revisions are never compacted unasked (not judged)
  --ends-complete        there is a session_end for every session that ended

exit code: 0 nothing is wrong; 1 a promise is broken, or a key is undecided; 2 a file cannot be read

example:
  $ cat history.jsonl
  {"record":"operation","kind":"put","client":1,"key":"k","value":"a",)"
    R"("call_us":10,"return_us":20,"outcome":"ok","revision":1}
  {"record":"operation","kind":"get","client":2,"key":"k",)"
    R"("call_us":30,"return_us":40,"outcome":"ok","revision":1}
  $ history_check history.jsonl
  lost_write: a write is lost: get of "k" by client 2 ...
)";

struct Arguments {
  Options options;
  std::vector<std::string> files;
};

// Whole numbers with commas between them, of which there is at least one.
bool ParseTimes(std::string_view text, std::vector<int64_t>* times) {
  while (true) {
    int64_t time = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
    if (error != std::errc() || time < 0) return false;
    times->push_back(time);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) return true;
    if (text.front() != ',') return false;
    text.remove_prefix(1);
  }
}

// An error is printed. Nothing else is.
bool ParseOne(const std::string& argument, Arguments* arguments) {
  const auto number = [&argument](std::string_view name, auto* value) {
    const std::string prefix = "--" + std::string(name) + "=";
    if (!argument.starts_with(prefix)) return false;
    char* end = nullptr;
    const std::string digits = argument.substr(prefix.size());
    *value = std::strtoll(digits.c_str(), &end, 10);
    return !digits.empty() && *end == '\0' && digits[0] != '-';
  };
  const auto times = [&argument](std::string_view name, std::vector<int64_t>* value) {
    const std::string prefix = "--" + std::string(name) + "=";
    return argument.starts_with(prefix) &&
           ParseTimes(std::string_view(argument).substr(prefix.size()), value);
  };
  Options& options = arguments->options;
  int64_t milliseconds = 0;
  uint64_t kept = 0;
  if (argument == "-" || !argument.starts_with("-")) {
    arguments->files.push_back(argument);
  } else if (argument == "--ends-complete") {
    options.session_ends_complete = true;
  } else if (number("late-ms", &milliseconds)) {
    options.session_end_late_us = milliseconds * 1000;
  } else if (number("unknown-ms", &milliseconds)) {
    options.unknown_applied_us = milliseconds * 1000;
  } else if (number("jump-costs-ms", &milliseconds)) {
    options.clock_jump_costs_us = milliseconds * 1000;
  } else if (number("kept", &kept)) {
    options.history_revisions_kept = kept;
  } else if (!number("violations", &options.violations_max) &&
             !number("steps", &options.search_steps_max) &&
             !number("drift-percent", &options.clock_drift_percent) &&
             !times("jumps-at-us", &options.clock_jumps_at_us)) {
    std::fprintf(stderr, "history_check: %s is not understood; see --help\n", argument.c_str());
    return false;
  }
  return true;
}

Result<History> ReadFile(const std::string& name) {
  if (name == "-") return ReadHistory(&std::cin, ReadLimits());
  std::ifstream file(name, std::ios::binary);
  if (!file) return Status(Code::kIo, "it cannot be opened");
  return ReadHistory(&file, ReadLimits());
}

void PrintCounts(const std::string& name, const History& history) {
  std::map<std::string, uint64_t> counts;
  for (const Operation& operation : history.operations) {
    ++counts[std::string(KindName(operation.kind)) + " " + OutcomeName(operation.outcome)];
  }
  std::printf("%s: %zu operations, %zu watches, %zu session ends\n", name.c_str(),
              history.operations.size(), history.watches.size(), history.session_ends.size());
  for (const auto& [what, count] : counts) {
    std::printf("  %-28s %llu\n", what.c_str(), static_cast<unsigned long long>(count));
  }
}

// The exit code.
int Judge(const std::string& name, const Options& options) {
  const Result<History> history = ReadFile(name);
  if (!history.ok()) {
    std::fprintf(stderr, "history_check: %s: %s\n", name.c_str(),
                 history.status().message().c_str());
    return 2;
  }
  PrintCounts(name, *history);
  const Verdict verdict = Check(*history, options);
  for (const Violation& violation : verdict.violations) {
    std::printf("%s: %s\n", violation.name.c_str(), violation.sentence.c_str());
  }
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%s: %llu violations; %llu keys, %llu of them searched in %llu steps\n", name.c_str(),
              number(verdict.violations_total), number(verdict.keys), number(verdict.keys_searched),
              number(verdict.search_steps));
  return verdict.ok() ? 0 : 1;
}

int Main(const std::vector<std::string>& words) {
  Arguments arguments;
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h") {
      std::printf("%s", std::string(kHelp).c_str());
      return 0;
    }
    if (!ParseOne(word, &arguments)) return 2;
  }
  if (arguments.files.empty()) {
    std::fprintf(stderr, "history_check: which FILE? See --help\n");
    return 2;
  }
  int worst = 0;
  for (const std::string& file : arguments.files) {
    worst = std::max(worst, Judge(file, arguments.options));
  }
  return worst;
}

}  // namespace
}  // namespace baton::history

int main(int argc, char** argv) {
  return baton::history::Main(std::vector<std::string>(argv + 1, argv + argc));
}
