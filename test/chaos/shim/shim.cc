// The shim itself: a library for LD_PRELOAD that stands between a program and the C library for the
// calls that make bytes durable, and for connect. What it does is in shim_faults.h. It takes no
// lock, allocates nothing after its start, and leaves errno as a real call would.

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "test/chaos/shim/shim_faults.h"

namespace baton::chaos {
namespace {

constexpr long kNsPerMs = 1'000'000;
constexpr uint32_t kMsPerSecond = 1000;
constexpr uint32_t kHangStepMs = 5;
constexpr size_t kRedirectsMax = 64;

struct Address {
  in_addr_t ip = 0;
  in_port_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

struct Redirect {
  Address from;
  Address to;
};

// Read once, before main. Nobody writes to them afterwards.
ShimFaults* faults = nullptr;
std::array<Redirect, kRedirectsMax> redirects;
size_t redirect_count = 0;

ShimFaults* OpenControl() {
  const char* path = std::getenv(kShimControlVariable);
  if (path == nullptr) return nullptr;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = mmap(nullptr, sizeof(ShimFaults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<ShimFaults*>(memory);
}

// Takes "1.2.3.4:567" and the character after it off *text.
bool TakeAddress(const char** text, Address* address) {
  char ip[INET_ADDRSTRLEN] = {};
  const size_t ip_size = std::strcspn(*text, ":");
  if (ip_size >= sizeof(ip) || (*text)[ip_size] != ':') return false;
  std::memcpy(ip, *text, ip_size);
  char* end = nullptr;
  const unsigned long port = std::strtoul(*text + ip_size + 1, &end, 10);
  in_addr parsed{};
  if (inet_pton(AF_INET, ip, &parsed) != 1 || port > 65'535 || *end == '\0') return false;
  *address = {parsed.s_addr, htons(static_cast<uint16_t>(port))};
  *text = end + 1;
  return true;
}

__attribute__((constructor)) void ReadEnvironment() {
  faults = OpenControl();
  const char* text = std::getenv(kShimConnectVariable);
  while (text != nullptr && *text != '\0' && redirect_count < kRedirectsMax) {
    Redirect& redirect = redirects[redirect_count];
    if (!TakeAddress(&text, &redirect.from) || !TakeAddress(&text, &redirect.to)) return;
    ++redirect_count;
  }
}

void SleepMs(uint32_t ms) {
  const timespec time{static_cast<time_t>(ms / kMsPerSecond),
                      static_cast<long>(ms % kMsPerSecond) * kNsPerMs};
  nanosleep(&time, nullptr);
}

bool IsMeant(int fd) {
  struct stat facts = {};
  return faults != nullptr && fd > STDERR_FILENO && fstat(fd, &facts) == 0 &&
         (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode));
}

// Waits as the faults say; false: the call shall fail, and errno is set.
bool PassSync(int fd) {
  if (!IsMeant(fd)) return true;
  ++faults->syncs;
  ++faults->syncs_waiting;
  for (uint32_t waited = 0; waited < faults->sync_delay_ms; waited += kHangStepMs) {
    SleepMs(kHangStepMs);
  }
  while (faults->sync_hangs != 0) SleepMs(kHangStepMs);
  --faults->syncs_waiting;
  const uint32_t error = faults->sync_errno;
  if (error == 0) return true;
  ++faults->syncs_failed;
  errno = static_cast<int>(error);
  return false;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

const Redirect* FindRedirect(const sockaddr* address, socklen_t size) {
  if (address->sa_family != AF_INET || size < sizeof(sockaddr_in)) return nullptr;
  sockaddr_in wanted{};
  std::memcpy(&wanted, address, sizeof(wanted));
  for (size_t i = 0; i < redirect_count; ++i) {
    if (redirects[i].from == Address{wanted.sin_addr.s_addr, wanted.sin_port}) {
      return &redirects[i];
    }
  }
  return nullptr;
}

}  // namespace
}  // namespace baton::chaos

extern "C" {

int fsync(int fd) {
  static const auto next = baton::chaos::Next<int(int)>("fsync");
  return baton::chaos::PassSync(fd) ? next(fd) : -1;
}

int fdatasync(int fd) {
  static const auto next = baton::chaos::Next<int(int)>("fdatasync");
  return baton::chaos::PassSync(fd) ? next(fd) : -1;
}

int sync_file_range(int fd, off64_t from, off64_t bytes, unsigned flags) {
  static const auto next =
      baton::chaos::Next<int(int, off64_t, off64_t, unsigned)>("sync_file_range");
  return baton::chaos::PassSync(fd) ? next(fd, from, bytes, flags) : -1;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto next = baton::chaos::Next<ssize_t(int, const void*, size_t)>("write");
  if (!baton::chaos::IsMeant(fd)) return next(fd, bytes, size);
  baton::chaos::ShimFaults& faults = *baton::chaos::faults;
  if (const uint32_t error = faults.write_errno; error != 0) {
    ++faults.writes_failed;
    errno = static_cast<int>(error);
    return -1;
  }
  if (faults.writes_short != 0 && size > 1) {
    ++faults.writes_shortened;
    size /= 2;
  }
  return next(fd, bytes, size);
}

int connect(int socket, const sockaddr* address, socklen_t size) {
  static const auto next = baton::chaos::Next<int(int, const sockaddr*, socklen_t)>("connect");
  const baton::chaos::Redirect* redirect = baton::chaos::FindRedirect(address, size);
  if (redirect == nullptr) return next(socket, address, size);
  sockaddr_in instead{};
  instead.sin_family = AF_INET;
  instead.sin_addr.s_addr = redirect->to.ip;
  instead.sin_port = redirect->to.port;
  if (baton::chaos::faults != nullptr) ++baton::chaos::faults->connects_redirected;
  return next(socket, reinterpret_cast<const sockaddr*>(&instead), sizeof(instead));
}

}  // extern "C"
