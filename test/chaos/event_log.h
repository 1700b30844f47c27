// File: event_log.h
//
// What the nemesis did and when, in a file for people: each line begins with the time of the
// history (microseconds of the monotonic clock) and the wall clock, as the nodes' logs have it.
#pragma once

#include <fstream>
#include <string>

namespace baton::chaos {

class EventLog {
 public:
  explicit EventLog(const std::string& path) : file_(path, std::ios::app) {}
  // On the disk of the machine as soon as it returns, as far as this process is concerned.
  void Write(const std::string& what);

 private:
  std::ofstream file_;
};

}  // namespace baton::chaos
