// Runs every query of every dashboard against a live cluster, and draws what came back.
//
//   live [--seconds=N] [--pictures=DIRECTORY]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "test/dashboards/live_run.h"

int main(int argc, char** argv) {
  baton::dashboards::LiveOptions options{.seconds = 60, .metrics = {}, .pictures = ""};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view kSeconds = "--seconds=";
    constexpr std::string_view kPictures = "--pictures=";
    if (argument.starts_with(kSeconds)) {
      options.seconds = std::atoi(argv[i] + kSeconds.size());
    } else if (argument.starts_with(kPictures)) {
      options.pictures = argument.substr(kPictures.size());
    }
    if (options.seconds < 10 || !argument.starts_with("--")) {
      std::fprintf(stderr, "live [--seconds=N] [--pictures=DIRECTORY]: N is 10 at least\n");
      return 2;
    }
  }
  std::printf("three nodes and their clients for %d seconds\n", options.seconds);
  std::fflush(stdout);
  const baton::dashboards::LiveOutcome outcome = baton::dashboards::RunLive(options);
  for (const std::string& trouble : outcome.troubles) std::printf("%s\n", trouble.c_str());
  std::printf("%zu queries, %zu without an answer; %zu alerts loaded\n", outcome.queries,
              outcome.troubles.size(), outcome.rules);
  return outcome.troubles.empty() ? 0 : 1;
}
