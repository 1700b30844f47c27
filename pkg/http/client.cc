#include "pkg/http/client.h"

#include <httplib.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <utility>

#include "pkg/http/base_url.h"

namespace baton::http {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

// The library writes what it is given: a line end in it would be a request of its own.
Status CheckRequest(const ClientRequest& request) {
  const auto wrong = [](const std::string& what) {
    return Status(Code::kInvalidArgument, "malformed_request", what);
  };
  if (!IsToken(request.method)) return wrong("the method is not a token");
  const bool one_word = std::all_of(request.target.begin(), request.target.end(),
                                    [](char c) { return c > ' ' && c < 0x7f; });
  if (!request.target.starts_with('/') || !one_word) {
    return wrong("the target does not start with '/' or is not percent-encoded");
  }
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return wrong("a header name is not a token");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return wrong("the header " + name + " has CR, LF or NUL in its value");
    }
  }
  return Status::Ok();
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

ClientResponse HeadOf(const httplib::Response& response) {
  ClientResponse head;
  head.status = response.status;
  for (const auto& [name, value] : response.headers) head.headers.emplace(Lower(name), value);
  return head;
}

// The library writes without MSG_NOSIGNAL. While one of these lives, writing to a broken connection
// is an error for this thread and not the end of the process; nothing is changed for others, nor
// for programs started from here.
class NoSigPipe {
 public:
  NoSigPipe() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~NoSigPipe() {
    const timespec at_once{};
    while (!was_pending_ && sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigPipe(const NoSigPipe&) = delete;
  NoSigPipe& operator=(const NoSigPipe&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

// The library's client, with an end: once aborted it makes no connection any more.
class Library final : public httplib::ClientImpl {
 public:
  Library(const HostAndPort& server, const ClientOptions& options)
      : ClientImpl(server.host, server.port) {
    const auto set = [](int64_t ms, const auto& setter) { setter(ms / 1000, ms % 1000 * 1000); };
    set(options.connect_timeout_ms, [this](time_t s, time_t us) { set_connection_timeout(s, us); });
    set(options.request_timeout_ms, [this](time_t s, time_t us) { set_read_timeout(s, us); });
    set(options.request_timeout_ms, [this](time_t s, time_t us) { set_write_timeout(s, us); });
    set_keep_alive(true);
    set_tcp_nodelay(true);
    set_url_encode(false);       // targets come encoded
    set_follow_location(false);  // a redirect may lead anywhere
    set_decompress(false);       // a small body must not become a large one
  }

  httplib::Result Call(httplib::Request request) {
    const NoSigPipe guard;
    return send_(std::move(request));
  }

  void Abort() {
    aborted_.store(true);
    // A call under way has its socket shut down; otherwise the idle connection is closed, so that
    // the next call must connect, and cannot.
    stop();
  }
  bool aborted() const { return aborted_.load(); }

 private:
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
    if (aborted()) {
      error = httplib::Error::Canceled;
      return false;
    }
    return ClientImpl::create_and_connect_socket(socket, error);
  }

  std::atomic<bool> aborted_{false};
};

// One call: what has been received of the answer.
struct Reception {
  ClientResponse response;
  bool has_head = false;
  bool ended_by_caller = false;
  bool too_large = false;
  SteadyTime last_progress = std::chrono::steady_clock::now();
};

using OnPiece = std::function<bool(std::string_view)>;

class HttplibClient final : public Client {
 public:
  HttplibClient(const HostAndPort& server, const ClientOptions& options)
      : options_(options),
        name_(server.host + ":" + std::to_string(server.port)),
        library_(server, options) {}

  Result<ClientResponse> Send(const ClientRequest& request) override {
    return Call(request, nullptr);
  }
  Result<ClientResponse> Stream(const ClientRequest& request, const OnPiece& on_piece) override {
    return Call(request, &on_piece);
  }
  void Abort() override { library_.Abort(); }

 private:
  Result<ClientResponse> Call(const ClientRequest& request, const OnPiece* on_piece);
  bool TakePiece(std::string_view piece, const OnPiece* on_piece, Reception* reception) const;
  Status Failure(httplib::Error error, const Reception& reception) const;

  const ClientOptions options_;
  const std::string name_;
  Library library_;
};

Result<ClientResponse> HttplibClient::Call(const ClientRequest& request, const OnPiece* on_piece) {
  BATON_RETURN_IF_ERROR(CheckRequest(request));
  Reception reception;
  httplib::Request call;
  call.method = request.method;
  call.path = request.target;
  for (const auto& [name, value] : request.headers) call.headers.emplace(name, value);
  call.body = request.body;
  call.response_handler = [&](const httplib::Response& response) {
    reception.response = HeadOf(response);
    reception.has_head = true;
    reception.last_progress = std::chrono::steady_clock::now();
    return true;
  };
  call.content_receiver = [&](const char* bytes, size_t size, uint64_t, uint64_t) {
    return TakePiece({bytes, size}, on_piece, &reception);
  };
  const httplib::Result result = library_.Call(std::move(call));
  if (result == nullptr && !reception.ended_by_caller) return Failure(result.error(), reception);
  if (!reception.has_head) reception.response = HeadOf(*result);
  return std::move(reception.response);
}

bool HttplibClient::TakePiece(std::string_view piece, const OnPiece* on_piece,
                              Reception* reception) const {
  reception->last_progress = std::chrono::steady_clock::now();
  const int status = reception->response.status;
  if (on_piece != nullptr && status >= 200 && status < 300) {
    reception->ended_by_caller = !(*on_piece)(piece);
    return !reception->ended_by_caller;
  }
  std::string& body = reception->response.body;
  reception->too_large = piece.size() > options_.response_bytes_max - body.size();
  if (reception->too_large) return false;
  body.append(piece);
  return true;
}

Status HttplibClient::Failure(httplib::Error error, const Reception& reception) const {
  const bool never_sent =
      error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout;
  const Outcome outcome = never_sent ? Outcome::kNotApplied : Outcome::kUnknown;
  if (library_.aborted()) {
    return Status(Code::kUnavailable, "aborted", "the call to " + name_ + " was aborted")
        .SetOutcome(outcome);
  }
  if (reception.too_large) {
    return Status(Code::kTooLarge, "response_too_large",
                  "the answer of " + name_ + " is larger than " +
                      std::to_string(options_.response_bytes_max) + " bytes")
        .SetOutcome(outcome);
  }
  if (never_sent) {
    return Status(Code::kUnavailable, "cannot_connect", "cannot connect to " + name_);
  }
  // The library calls both a silent and a broken connection Read; the clock tells them apart.
  const auto silence = std::chrono::steady_clock::now() - reception.last_progress;
  if (silence >= std::chrono::milliseconds(options_.request_timeout_ms)) {
    return Status(Code::kDeadlineExceeded, "no_answer",
                  name_ + " did not answer within " + std::to_string(options_.request_timeout_ms) +
                      " ms")
        .SetOutcome(outcome);
  }
  return Status(Code::kUnavailable, "connection_broken", "the connection to " + name_ + " broke")
      .SetOutcome(outcome);
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Create(std::string_view base_url,
                                               const ClientOptions& options) {
  Result<HostAndPort> server = ParseBaseUrl(base_url);
  if (!server.ok()) return server.status();
  return std::unique_ptr<Client>(std::make_unique<HttplibClient>(*server, options));
}

}  // namespace baton::http
