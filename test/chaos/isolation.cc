#include "test/chaos/isolation.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace baton::chaos {
namespace {

bool WriteTo(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return file.good();
}

// Empty, or why not.
std::string Enter(int flags) {
  return ::unshare(flags) == 0 ? "" : std::string("unshare: ") + std::strerror(errno);
}

// To be root without being it, as far as namespaces of one's own go.
std::string EnterUserNamespace() {
  const std::string uid = std::to_string(::geteuid());
  const std::string gid = std::to_string(::getegid());
  if (std::string trouble = Enter(CLONE_NEWUSER | CLONE_NEWNS); !trouble.empty()) return trouble;
  const bool mapped = WriteTo("/proc/self/setgroups", "deny") &&
                      WriteTo("/proc/self/uid_map", "0 " + uid + " 1") &&
                      WriteTo("/proc/self/gid_map", "0 " + gid + " 1");
  return mapped ? "" : "the user cannot be mapped";
}

}  // namespace

Isolation EnterNamespaces() {
  Isolation isolation;
  isolation.no_mounts = Enter(CLONE_NEWNS);
  if (!isolation.no_mounts.empty()) isolation.no_mounts = EnterUserNamespace();
  if (isolation.no_mounts.empty() &&
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    isolation.no_mounts = std::string("mount: ") + std::strerror(errno);
  }
  isolation.no_network = Enter(CLONE_NEWNET);
  if (isolation.no_network.empty() && !BringLoopbackUp()) {
    isolation.no_network = std::string("loopback: ") + std::strerror(errno);
  }
  return isolation;
}

bool BringLoopbackUp() {
  const int any_socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any_socket < 0) return false;
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ::ioctl(any_socket, SIOCSIFFLAGS, &request) == 0;
  ::close(any_socket);
  return up;
}

}  // namespace baton::chaos
