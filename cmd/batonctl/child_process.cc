#include "cmd/batonctl/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/signals.h"
#include "pkg/base/check.h"

namespace baton::batonctl {
namespace {

bool IsExecutableFile(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Everything that the child needs, made before fork: between fork and exec only async-signal-safe
// calls are allowed, because another thread may hold the allocator's lock.
struct Prepared {
  std::string file;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  bool own_group = true;
  pid_t parent = 0;
  int error_fd = -1;
};

[[noreturn]] void RunInChild(const Prepared& prepared) {
  if (prepared.own_group) setpgid(0, 0);
  ResetSignalsInChild();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  if (getppid() != prepared.parent) _exit(kExitCannotExecute);
  execve(prepared.file.c_str(), prepared.argument_pointers.data(),
         prepared.environment_pointers.data());
  const int error = errno;
  // Closed by a successful exec, so that the parent reads either this or the end.
  [[maybe_unused]] const ssize_t written = write(prepared.error_fd, &error, sizeof error);
  _exit(kExitCannotExecute);
}

// 0 when exec succeeded.
int ReadExecError(int fd) {
  int error = 0;
  ssize_t size = 0;
  do {
    size = read(fd, &error, sizeof error);
  } while (size < 0 && errno == EINTR);
  return size == static_cast<ssize_t>(sizeof error) ? error : 0;
}

int ShellExitCode(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : kExitSignalBase + info.si_status;
}

Status Io(const std::string& what, int error) {
  return Status(Code::kIo, what + ": " + std::strerror(error));
}

}  // namespace

Result<std::string> FindExecutable(const std::string& name, const std::string& path) {
  bool seen = false;
  const auto good = [&](const std::string& file) {
    if (IsExecutableFile(file)) return true;
    seen = seen || access(file.c_str(), F_OK) == 0;
    return false;
  };
  if (name.find('/') != std::string::npos) {
    if (good(name)) return name;
  } else if (!name.empty()) {
    for (size_t begin = 0; begin <= path.size();) {
      const size_t end = std::min(path.find(':', begin), path.size());
      const std::string directory = end == begin ? "." : path.substr(begin, end - begin);
      if (good(directory + "/" + name)) return directory + "/" + name;
      begin = end + 1;
    }
  }
  if (seen) return Status(Code::kPermissionDenied, "\"" + name + "\" cannot be executed");
  return Status(Code::kNotFound, "there is no command \"" + name + "\"");
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const Options& options) {
  CHECK(!options.arguments.empty());
  Prepared prepared;
  prepared.file = options.file;
  prepared.arguments = options.arguments;
  for (const auto& [name, value] : options.environment) {
    prepared.environment.push_back(name + "=" + value);
  }
  prepared.argument_pointers = Pointers(&prepared.arguments);
  prepared.environment_pointers = Pointers(&prepared.environment);
  prepared.own_group = options.own_group;
  prepared.parent = getpid();
  int error_pipe[2];
  if (pipe2(error_pipe, O_CLOEXEC) != 0) return Io("cannot start the command", errno);
  prepared.error_fd = error_pipe[1];
  const pid_t pid = fork();
  if (pid == 0) RunInChild(prepared);
  const int fork_error = errno;
  close(error_pipe[1]);
  if (pid < 0) {
    close(error_pipe[0]);
    return Io("cannot start the command", fork_error);
  }
  // Also here: a signal to the group may be sent before the child has come so far. Fails when the
  // child has already done it and called exec, which is as good.
  if (options.own_group) setpgid(pid, pid);
  // By number: the header of glibc 2.36 has no declaration that C++ can link.
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  const int open_error = errno;
  const int exec_error = ReadExecError(error_pipe[0]);
  close(error_pipe[0]);
  std::unique_ptr<ChildProcess> child(new ChildProcess(pid, pid_fd, options.own_group));
  if (exec_error != 0) return Io("cannot execute \"" + options.file + "\"", exec_error);
  if (pid_fd < 0) return Io("cannot watch the command", open_error);
  return child;
}

ChildProcess::ChildProcess(pid_t pid, int pid_fd, bool own_group)
    : pid_(pid), pid_fd_(pid_fd), own_group_(own_group) {}

ChildProcess::~ChildProcess() {
  if (!exit_code_) {
    Signal(SIGKILL);
    siginfo_t info{};
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0 && errno == EINTR) {
    }
  }
  if (pid_fd_ >= 0) close(pid_fd_);
}

void ChildProcess::Signal(int number) {
  if (exit_code_) return;
  // The process is not reaped yet, so its number, and its group's, cannot belong to anybody else.
  kill(own_group_ ? -pid_ : pid_, number);
}

std::optional<int> ChildProcess::Reap() {
  if (exit_code_) return exit_code_;
  siginfo_t info{};
  const int result = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG);
  if (result != 0 || info.si_pid == 0) return std::nullopt;
  exit_code_ = ShellExitCode(info);
  return exit_code_;
}

}  // namespace baton::batonctl
