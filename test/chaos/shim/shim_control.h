// File: shim_control.h
//
// How the shim in a process is told what to do, from outside and while the process runs.
//
//   auto control = ShimControl::Create(path);
//   ... start a program with the environment that ShimEnvironment returns ...
//   (*control)->faults().sync_delay_ms = 500;
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/status.h"
#include "test/chaos/shim/shim_faults.h"

namespace baton::chaos {

class ShimControl {
 public:
  // Makes the file anew, without faults. kIo: why not.
  static Result<std::unique_ptr<ShimControl>> Create(const std::string& path);
  ~ShimControl();
  ShimControl(const ShimControl&) = delete;
  ShimControl& operator=(const ShimControl&) = delete;

  ShimFaults& faults() { return *faults_; }
  void Heal();  // the faults; the counts stay
  const std::string& path() const { return path_; }

 private:
  ShimControl(std::string path, ShimFaults* faults) : path_(std::move(path)), faults_(faults) {}
  const std::string path_;
  ShimFaults* const faults_;
};

// "NAME=VALUE" for the environment of a program that shall run with the shim. `redirects`: who
// connects to the first address reaches the second one instead; both are "IPv4:port", at most 64.
std::vector<std::string> ShimEnvironment(const std::string& library_path,
                                         const std::string& control_path,
                                         const std::map<std::string, std::string>& redirects);

}  // namespace baton::chaos
