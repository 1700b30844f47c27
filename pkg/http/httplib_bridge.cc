#include "pkg/http/httplib_bridge.h"

#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace baton::http {
namespace {

// Hands out bytes held in memory; what is written to it is forgotten.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view bytes) : rest_(bytes) {}

  bool is_readable() const override { return !rest_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const size_t taken = std::min(size, rest_.size());
    std::memcpy(to, rest_.data(), taken);
    rest_.remove_prefix(taken);
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char*, size_t size) override { return static_cast<ssize_t>(size); }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  std::string_view rest_;
};

}  // namespace

class HttplibBridge::Library final : public httplib::Server {
 public:
  Library() {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      parsed_->method = request.method;
      parsed_->path = request.path;
      called_ = true;
      return HandlerResponse::Handled;
    });
  }

  bool Parse(const RequestHead& head, Parsed* parsed) {
    parsed_ = parsed;
    called_ = false;
    line_.assign(head.method).append(" ");
    line_.append(head.target, 0, head.target.find('?')).append(" HTTP/1.1\r\n\r\n");
    MemoryStream stream(line_);
    bool connection_closed = false;
    process_request(stream, true, connection_closed, nullptr);
    return called_;
  }

 private:
  std::string line_;
  Parsed* parsed_ = nullptr;
  bool called_ = false;
};

HttplibBridge::HttplibBridge() : library_(std::make_unique<Library>()) {}
HttplibBridge::~HttplibBridge() = default;

bool HttplibBridge::Parse(const RequestHead& head, Parsed* parsed) {
  return library_->Parse(head, parsed);
}

}  // namespace baton::http
