// File: live_run.h
//
// A cluster under load, a Prometheus that scrapes it, and every query of every dashboard.
#pragma once

#include <string>
#include <vector>

namespace baton::dashboards {

struct LiveOptions {
  int seconds = 25;                  // of load
  std::vector<std::string> metrics;  // that must have been scraped, too: by their families' names
  std::string pictures;              // a directory for the SVG files; empty: none
};

struct LiveOutcome {
  size_t queries = 0;
  size_t rules = 0;                   // alerts that Prometheus has loaded
  std::vector<std::string> troubles;  // a sentence each; empty: every query had an answer
};

LiveOutcome RunLive(const LiveOptions& options);

}  // namespace baton::dashboards
