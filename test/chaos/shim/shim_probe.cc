// A tiny program for the tests of the shim: makes one call and prints what came of it.
//
//   shim_probe write PATH | fsync PATH | fdatasync PATH | sync_file_range PATH | connect PORT
//
// Prints "ok", or "short N", or the name of the error; and how long the call took in ms.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "pkg/base/system_clock.h"

namespace {

constexpr char kText[] = "0123456789";
constexpr ssize_t kTextBytes = sizeof(kText) - 1;

ssize_t Connect(const char* port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  return connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

ssize_t Call(const std::string& call, const char* argument) {
  if (call == "connect") return Connect(argument);
  const int file = open(argument, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (call == "write") return write(file, kText, kTextBytes);
  if (call == "fsync") return fsync(file);
  if (call == "fdatasync") return fdatasync(file);
  return sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string call = argv[1];
  const int64_t start_ms = baton::SystemClock().MonotonicMs();
  const ssize_t result = Call(call, argv[2]);
  const int error = errno;
  const auto took_ms = static_cast<long long>(baton::SystemClock().MonotonicMs() - start_ms);
  if (result < 0) {
    std::printf("%s %lld\n", strerrorname_np(error), took_ms);
  } else if (call == "write" && result < kTextBytes) {
    std::printf("short %lld\n", took_ms);
  } else {
    std::printf("ok %lld\n", took_ms);
  }
  return 0;
}
