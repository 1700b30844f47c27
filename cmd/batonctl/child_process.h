// File: child_process.h
//
// The command that runs under a lock. It must not outlive its permission, so:
//   * away from a terminal it has a process group of its own, and signals go to all of the group;
//   * at a terminal it stays in batonctl's group, so that the command can use the terminal;
//   * when batonctl itself is killed, the kernel kills the command (PR_SET_PDEATHSIG).
// One thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/status.h"

namespace baton::batonctl {

// The file that a shell would run for `name`: as it is when it holds a '/', else from the
// directories of `path`. kNotFound; kPermissionDenied when something is there that cannot be
// executed.
Result<std::string> FindExecutable(const std::string& name, const std::string& path);

class ChildProcess {
 public:
  struct Options {
    std::string file;                    // from FindExecutable
    std::vector<std::string> arguments;  // the first is the name that the command sees
    std::map<std::string, std::string> environment;
    bool own_group = true;
  };
  // kIo with the reason when it cannot be started.
  static Result<std::unique_ptr<ChildProcess>> Start(const Options& options);
  // Kills and reaps it when it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Readable from the moment on at which it has ended.
  int ended_fd() const { return pid_fd_; }
  bool own_group() const { return own_group_; }
  // Nothing happens when it was reaped.
  void Signal(int number);
  // The exit code as a shell gives it (128 + signal), once it has ended.
  std::optional<int> Reap();

 private:
  ChildProcess(pid_t pid, int pid_fd, bool own_group);

  const pid_t pid_;
  const int pid_fd_;
  const bool own_group_;
  std::optional<int> exit_code_;  // set when reaped
};

}  // namespace baton::batonctl
