// Clients for `make e2e`: work on the members at the given addresses, and write down what they saw,
// while somebody else does things to the cluster. Reads the names of the steps from standard input;
// at its end reads everything back, has the history judged and prints the gap of each step.
//
//   load URL,URL,... DIRECTORY
//
// Exit code 0: all promises held; 1: one was broken, or nobody was served for long; 2: the command
// line.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "test/chaos/recorder.h"
#include "test/chaos/verdict.h"
#include "test/chaos/workload.h"
#include "test/e2e/steps.h"

namespace baton::e2e {
namespace {

constexpr int kWorkers = 8;
constexpr int64_t kThinkMsMax = 60;
// The client who reads everything back, in the history.
constexpr uint64_t kLastReader = 1'000'000;
// Far more than an election and a pod's start take.
constexpr int64_t kSilenceMaxMs = 15'000;
constexpr int64_t kRunUsMax = int64_t{3} * 3600 * 1'000'000;

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Until standard input ends, or the time is over.
Script ReadScript() {
  Script script;
  const int64_t start_us = chaos::NowUs();
  for (std::string line; std::getline(std::cin, line);) {
    const Status taken = script.Take(line, chaos::NowUs());
    if (!taken.ok()) std::fprintf(stderr, "load: %s\n", taken.message().c_str());
    if (chaos::NowUs() - start_us > kRunUsMax) break;
  }
  return script;
}

void PrintGaps(const std::vector<Gap>& gaps) {
  std::printf("\n| step | acknowledged | unknown | longest silence | of changes |\n");
  std::printf("|---|---:|---:|---:|---:|\n");
  for (const Gap& gap : gaps) {
    std::printf("| %s | %llu | %llu | %lld ms | %lld ms |\n", gap.step.c_str(),
                static_cast<unsigned long long>(gap.acknowledged),
                static_cast<unsigned long long>(gap.unknown), static_cast<long long>(gap.any_ms),
                static_cast<long long>(gap.change_ms));
  }
}

// Nobody who was served is no proof of anything.
std::vector<std::string> Unserved(const std::vector<Gap>& gaps) {
  std::vector<std::string> unserved;
  for (const Gap& gap : gaps) {
    if (gap.acknowledged == 0) {
      unserved.push_back("nothing was acknowledged during: " + gap.step);
    } else if (gap.change_ms > kSilenceMaxMs) {
      unserved.push_back("no change was acknowledged for " + std::to_string(gap.change_ms) +
                         " ms during: " + gap.step);
    }
  }
  return unserved;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) {
    std::fprintf(stderr, "usage: load URL,URL,... DIRECTORY\n");
    return 2;
  }
  const std::vector<std::string> urls = Split(arguments[0]);
  chaos::Recorder recorder;
  Script script;
  {
    chaos::Workload workload(
        {.urls = urls, .workers = kWorkers, .seed = 1, .think_ms_max = kThinkMsMax}, &recorder);
    script = ReadScript();
  }
  const int64_t end_us = chaos::NowUs();
  const uint64_t unread = chaos::ReadEverything(urls, kLastReader, &recorder);
  history::History history = recorder.Take();
  const std::vector<Gap> gaps = Gaps(history, script.steps, end_us);
  PrintGaps(gaps);
  Renumber(script.replacements, &history);
  const std::string path = arguments[1] + "/history.jsonl";
  std::vector<std::string> broken = chaos::JudgeHistory(history, path);
  for (std::string& what : Unserved(gaps)) broken.push_back(std::move(what));
  if (unread > 0) broken.push_back(std::to_string(unread) + " of the last reads failed");
  for (const std::string& what : broken) std::printf("VIOLATION: %s\n", what.c_str());
  std::printf("\n%llu operations, %llu acknowledged; history: %s\n%s\n",
              static_cast<unsigned long long>(history.operations.size()),
              static_cast<unsigned long long>(recorder.acknowledged()), path.c_str(),
              broken.empty() ? "all promises held" : "a promise was broken");
  return broken.empty() ? 0 : 1;
}

}  // namespace
}  // namespace baton::e2e

int main(int argc, char** argv) {
  return baton::e2e::Main(std::vector<std::string>(argv + 1, argv + argc));
}
