// File: process.h
//
// A child process of a test: started with its output in a file, ended by its own pid only. The
// destructor kills and reaps it, so that a failed test leaves nothing behind.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/status.h"

namespace baton::integration {

struct ProcessOptions {
  std::vector<std::string> environment = {};  // "NAME=VALUE", beside what this process has
  // Of the network namespace to run in, as open() of a file in /proc gives it. -1: this process's.
  int network_namespace = -1;
  // Whether it is in a process group of its own: Ctrl-C at a terminal does not reach it.
  bool own_group = false;
};

class Process {
 public:
  // Runs arguments[0] with its standard output and error appended to output_path. The child dies
  // with this process, whatever happens to it.
  static Process Start(const std::vector<std::string>& arguments, const std::string& output_path,
                       const ProcessOptions& options = {});

  Process() = default;  // nothing runs
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // kill -9 and reap.
  void Kill();
  // Waits for its end: the exit code, or 128 + signal; nothing when it still runs after timeout_ms.
  std::optional<int> Wait(int64_t timeout_ms);

  // From /proc. 0 when it does not run.
  uint64_t ResidentBytes() const;
  int Threads() const;

 private:
  pid_t pid_ = 0;
  std::string output_path_;
};

std::string ReadFile(const std::string& path);

// A fresh directory under the test's temporary directory, removed with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// 127.0.0.1:port.
sockaddr_in LoopbackAddress(uint16_t port);

// `count` loopback ports that nobody has, and that nobody else is given while this process lives.
// A server that asks for one by number (with SO_REUSEADDR or SO_REUSEPORT, as all do) gets it;
// until then a connection to it is refused.
std::vector<uint16_t> FreePorts(size_t count);

}  // namespace baton::integration
