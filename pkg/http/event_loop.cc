#include "pkg/http/event_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

namespace baton::http {
namespace {

using asio::ip::tcp;

// What the kernel holds of a connection and has not sent, because the client does not read. It
// would take 4 MiB of each, and that counts as this process's memory in a container.
constexpr int kKernelUnsentBytesMax = 128 * 1024;

bool WouldBlock(const asio::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

class AsioSocket final : public Socket {
 public:
  explicit AsioSocket(tcp::socket socket) : socket_(std::move(socket)) {}

  IoResult Read(char* to, size_t bytes_max) override {
    asio::error_code error;
    const size_t bytes = socket_.read_some(asio::buffer(to, bytes_max), error);
    if (!error) return {IoOutcome::kDone, bytes};
    if (WouldBlock(error)) return {IoOutcome::kWouldBlock, 0};
    return {error == asio::error::eof ? IoOutcome::kEnd : IoOutcome::kFailed, 0};
  }

  IoResult Write(const std::string_view* pieces, size_t count) override {
    std::array<asio::const_buffer, kWritePiecesMax> buffers;
    for (size_t i = 0; i < std::min(count, kWritePiecesMax); ++i) {
      buffers[i] = asio::buffer(pieces[i].data(), pieces[i].size());
    }
    asio::error_code error;
    const size_t bytes = socket_.write_some(buffers, error);
    if (!error) return {IoOutcome::kDone, bytes};
    return {WouldBlock(error) ? IoOutcome::kWouldBlock : IoOutcome::kFailed, 0};
  }

  void WaitReadable(std::shared_ptr<ReadinessListener> listener) override {
    socket_.async_wait(tcp::socket::wait_read,
                       [listener = std::move(listener)](const asio::error_code& error) {
                         if (error != asio::error::operation_aborted) listener->OnReadable();
                       });
  }

  void WaitWritable(std::shared_ptr<ReadinessListener> listener) override {
    socket_.async_wait(tcp::socket::wait_write,
                       [listener = std::move(listener)](const asio::error_code& error) {
                         if (error != asio::error::operation_aborted) listener->OnWritable();
                       });
  }

  void ShutdownSend() override {
    asio::error_code ignored;  // the peer may have gone already
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void Close() override {
    asio::error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

class AsioAcceptor final : public Acceptor {
 public:
  AsioAcceptor(asio::io_context* io, tcp::acceptor acceptor)
      : io_(io), acceptor_(std::move(acceptor)) {}

  uint16_t port() const override {
    asio::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  Accepted Accept() override {
    asio::error_code error;
    tcp::endpoint remote;
    tcp::socket socket(*io_);
    acceptor_.accept(socket, remote, error);
    if (WouldBlock(error)) return {IoOutcome::kWouldBlock, nullptr, {}};
    const bool none_left = error == asio::error::no_descriptors ||
                           error == asio::error_code(ENFILE, asio::error::get_system_category()) ||
                           error == asio::error::no_buffer_space || error == asio::error::no_memory;
    if (none_left) return {IoOutcome::kNoDescriptors, nullptr, {}};
    if (error) return {IoOutcome::kFailed, nullptr, {}};
    socket.non_blocking(true, error);
    if (!error) socket.set_option(tcp::no_delay(true), error);
    if (error) return {IoOutcome::kFailed, nullptr, {}};
    return {IoOutcome::kDone, std::make_unique<AsioSocket>(std::move(socket)),
            remote.address().to_string()};
  }

  void WaitAcceptable(std::function<void()> then) override {
    acceptor_.async_wait(tcp::acceptor::wait_read,
                         [then = std::move(then)](const asio::error_code& error) {
                           if (error != asio::error::operation_aborted) then();
                         });
  }

  void Close() override {
    asio::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  asio::io_context* const io_;
  tcp::acceptor acceptor_;
};

Status CannotListen(const std::string& address, uint16_t port, const asio::error_code& error) {
  std::string reason = error.message();
  if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(reason[0]));
  return Status(Code::kIo, "cannot_listen",
                "cannot listen on " + address + " port " + std::to_string(port) + ": " + reason);
}

class AsioLoop final : public EventLoop {
 public:
  Result<std::unique_ptr<Acceptor>> Listen(const std::string& address, uint16_t port) override {
    asio::error_code error;
    const asio::ip::address ip = asio::ip::make_address(address, error);
    if (error) {
      return Status(Code::kInvalidArgument, "malformed_address",
                    "\"" + address + "\" is not an IP address");
    }
    const tcp::endpoint endpoint(ip, port);
    tcp::acceptor acceptor(io_);
    acceptor.open(endpoint.protocol(), error);
    // A restarted server must not wait for the last one's connections to time out.
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    // Connections inherit it. A kernel that does not know it holds more.
    if (!error) {
      (void)::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT,
                         &kKernelUnsentBytesMax, sizeof(kKernelUnsentBytesMax));
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    if (error) return CannotListen(address, port, error);
    return std::unique_ptr<Acceptor>(std::make_unique<AsioAcceptor>(&io_, std::move(acceptor)));
  }

  void After(int64_t delay_ms, std::function<void()> then) override {
    auto timer = std::make_shared<asio::steady_timer>(io_, std::chrono::milliseconds(delay_ms));
    timer->async_wait([timer, then = std::move(then)](const asio::error_code& error) {
      if (!error) then();
    });
  }

  void Run() override {
    const auto keep_running = asio::make_work_guard(io_);
    io_.run();
  }

  void Post(std::function<void()> work) override { asio::post(io_, std::move(work)); }
  void Stop() override { io_.stop(); }

 private:
  asio::io_context io_{1};
};

}  // namespace

std::unique_ptr<EventLoop> EventLoop::Create() { return std::make_unique<AsioLoop>(); }

}  // namespace baton::http
