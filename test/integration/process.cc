#include "test/integration/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "pkg/base/check.h"

namespace baton::integration {
namespace {

// Between fork and exec only async-signal-safe calls are allowed: everything is made ready before.
[[noreturn]] void RunChild(char* const* arguments, char* const* environment, int output,
                           const ProcessOptions& options) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (options.own_group) setpgid(0, 0);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  const int network = options.network_namespace;
  if (network >= 0 && setns(network, CLONE_NEWNET) != 0) _exit(126);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Of two values of one name the first one counts.
std::vector<std::string> Environment(std::vector<std::string> added) {
  for (char** one = environ; *one != nullptr; ++one) added.emplace_back(*one);
  return added;
}

int ExitCode(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

// The value of a "Name:  123 kB" line of /proc/PID/status.
uint64_t StatusNumber(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ":", 0) == 0) {
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

}  // namespace

Process Process::Start(const std::vector<std::string>& arguments, const std::string& output_path,
                       const ProcessOptions& options) {
  const std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const int output =
      open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  CHECK_GE(output, 0) << output_path;
  const pid_t pid = fork();
  CHECK_GE(pid, 0);
  if (pid == 0) RunChild(argv.data(), envp.data(), output, options);
  close(output);
  Process process;
  process.pid_ = pid;
  process.output_path_ = output_path;
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), output_path_(std::move(other.output_path_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    Kill();
    pid_ = std::exchange(other.pid_, 0);
    output_path_ = std::move(other.output_path_);
  }
  return *this;
}

Process::~Process() { Kill(); }

void Process::Signal(int signal) const {
  CHECK(running());
  kill(pid_, signal);
}

void Process::Kill() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::optional<int> Process::Wait(int64_t timeout_ms) {
  CHECK(running());
  const int process_fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  CHECK_GE(process_fd, 0);
  pollfd ended{.fd = process_fd, .events = POLLIN, .revents = 0};
  const int ready = poll(&ended, 1, static_cast<int>(timeout_ms));
  close(process_fd);
  if (ready <= 0) return std::nullopt;
  int wait_status = 0;
  waitpid(pid_, &wait_status, 0);
  pid_ = 0;
  return ExitCode(wait_status);
}

uint64_t Process::ResidentBytes() const {
  return running() ? StatusNumber(pid_, "VmRSS") * 1024 : 0;
}

int Process::Threads() const {
  return running() ? static_cast<int>(StatusNumber(pid_, "Threads")) : 0;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TemporaryDirectory::TemporaryDirectory() {
  const char* base = std::getenv("TEST_TMPDIR");
  path_ = std::string(base != nullptr ? base : "/tmp") + "/baton-XXXXXX";
  CHECK(mkdtemp(path_.data()) != nullptr) << path_;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

sockaddr_in LoopbackAddress(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::vector<uint16_t> FreePorts(size_t count) {
  std::vector<uint16_t> ports;
  for (size_t i = 0; i < count; ++i) {
    // Never closed: the kernel gives a bound port to nobody who asks for any, neither to a
    // listener on port 0 nor to a connection going out.
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_GE(socket_fd, 0);
    const int on = 1;
    for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) {
      CHECK_EQ(setsockopt(socket_fd, SOL_SOCKET, option, &on, sizeof(on)), 0);
    }
    sockaddr_in address = LoopbackAddress(0);
    socklen_t size = sizeof(address);
    CHECK_EQ(bind(socket_fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    CHECK_EQ(getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ports.push_back(ntohs(address.sin_port));
  }
  return ports;
}

}  // namespace baton::integration
