#include "cmd/batonctl/test_run.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "cmd/batonctl/batonctl.h"
#include "pkg/base/check.h"

namespace baton::batonctl {

TestRun::TestRun() {
  CHECK_EQ(pipe2(signal_fds_, O_CLOEXEC | O_NONBLOCK), 0);
  environment["PATH"] = "/usr/bin:/bin";
}

TestRun::~TestRun() {
  close(signal_fds_[0]);
  close(signal_fds_[1]);
}

RunResult TestRun::Run(std::vector<std::string> arguments, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out, err;
  Context context;
  context.in = &in;
  context.out = &out;
  context.err = &err;
  context.environment = environment;
  context.clock = &clock_;
  context.open_signals = [this] { return signal_fds_[0]; };
  RunResult result;
  result.exit_code = batonctl::Run(arguments, &context);
  result.out = out.str();
  result.err = err.str();
  return result;
}

void TestRun::Signal(int number, bool from_terminal) {
  signalfd_siginfo info{};
  info.ssi_signo = static_cast<uint32_t>(number);
  info.ssi_code = from_terminal ? SI_KERNEL : SI_USER;
  CHECK_EQ(write(signal_fds_[1], &info, sizeof info), static_cast<ssize_t>(sizeof info));
}

}  // namespace baton::batonctl
