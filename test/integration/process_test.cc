#include "test/integration/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "gtest/gtest.h"

namespace baton::integration {
namespace {

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void Set(int option) {
    const int on = 1;
    ASSERT_EQ(setsockopt(fd_, SOL_SOCKET, option, &on, sizeof(on)), 0);
  }
  // Each 0 or the errno of the call.
  int Bind(uint16_t port) {
    const sockaddr_in address = LoopbackAddress(port);
    return Errno(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  }
  int Listen() { return Errno(listen(fd_, 1)); }
  int Connect(uint16_t port) {
    const sockaddr_in address = LoopbackAddress(port);
    return Errno(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  }

 private:
  static int Errno(int result) { return result == 0 ? 0 : errno; }
  const int fd_;
};

TEST(FreePortsTest, AreTakenForEveryoneWhoDoesNotNameThem) {
  std::set<uint16_t> all;
  for (int call = 0; call < 20; ++call) {
    for (const uint16_t port : FreePorts(3)) EXPECT_TRUE(all.insert(port).second) << port;
  }
  Socket stranger;
  EXPECT_EQ(stranger.Bind(*all.begin()), EADDRINUSE);
}

TEST(FreePortsTest, RefuseConnectionsUntilAServerListens) {
  const uint16_t port = FreePorts(1).front();
  EXPECT_EQ(Socket().Connect(port), ECONNREFUSED);
  for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) {
    Socket server;
    server.Set(option);
    ASSERT_EQ(server.Bind(port), 0);
    ASSERT_EQ(server.Listen(), 0);
    EXPECT_EQ(Socket().Connect(port), 0);
  }
}

}  // namespace
}  // namespace baton::integration
