// File: server.h
//
// A listener: one thread with one Asio event loop that owns every socket of the port. It frames
// requests on the bytes (framer.h) with all bounds, finds the handler of what is complete by path
// segments (no regular expressions) and calls it on the loop's thread. The handler answers at once
// or keeps the Exchange and answers later, from any thread: nothing that waits holds a thread.
// Peer, client and ops traffic have a Server each.
//
//   Router router;
//   router.Handle("GET", "/v1/kv/{key...}", [](std::shared_ptr<Exchange> exchange) {
//     exchange->Respond(Response::Json(200, "{}"));
//   });
//   auto server = Server::Listen({.address = "127.0.0.1", .port = 7400}, std::move(router),
//   &logger);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/histogram.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/http/limits.h"

namespace baton::http {

struct Request {
  std::string method;
  std::string path;                                 // percent-decoded
  std::map<std::string, std::string> captures;      // of the route's {names}, percent-decoded
  std::multimap<std::string, std::string> query;    // percent-decoded
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string remote_address;  // of the socket; headers cannot change it
  std::string request_id;      // the client's X-Request-Id if sane, else made here
  std::string route;           // the route's template: the only form of the path fit for metrics

  // The first value; nullptr if absent.
  const std::string* Header(const std::string& lower_case_name) const;
  const std::string* Query(const std::string& name) const;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // CR, LF and NUL in them are a CHECK
  std::string body;

  static Response Json(int status, std::string body);
  static Response Text(int status, std::string body);
};

// The open end of a streamed (chunked) response: SSE, NDJSON. Any thread. Dropped without Close,
// the connection is cut without the last chunk, so that the client sees that something is missing.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  // Queues a piece as one chunk. False: the client is gone, or what it has not taken would be over
  // stream_buffer_bytes_max or its share of the room for all streams (one piece is taken by an
  // empty buffer, however large, if there is any room); the piece was dropped, and so is all that
  // comes later: the stream should end. Nothing is queued for an empty piece, nor for HEAD (false).
  virtual bool Write(std::string piece) = 0;
  // The same, of a text that many streams are given: it is in memory once, and counts once for all
  // streams of the server together.
  virtual bool WriteShared(std::shared_ptr<const std::string> piece) = 0;
  // Calls `drained` once, when the kernel has taken everything written so far: for a writer that
  // makes its next piece only when there is room for it. On the loop's thread, which it must not
  // keep; it may write, but not close. Never when the stream stops before. False: all is taken
  // already, and `drained` will not be called. Of several the last one counts.
  virtual bool OnDrained(std::function<void()> drained) = 0;
  virtual void Close() = 0;  // takes effect after everything queued has been sent
  // As Close, after one more piece (at most 4 KiB), which is queued even when Write has refused for
  // the bound of the stream or of all streams: what a client that was too slow should know.
  virtual void CloseWith(std::string last_piece) = 0;
};

// One request and the way to answer it. Dropped without an answer: 500.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;  // immutable; valid as long as the Exchange
  // Answers. Any thread; the first answer counts, later ones are dropped.
  virtual void Respond(Response response) = 0;
  // Answers with a head (its body is the first piece) and an open end.
  virtual std::shared_ptr<ResponseStream> StartStream(Response head) = 0;
  // Calls `gone` on the loop's thread when the client closes its connection before the answer (or,
  // for a stream, before Close), and when the server stops before it; at once when the client has
  // gone or been answered already. At most one; set it on the loop's thread. A client that only
  // ended its sending side cannot be told from one that left: `gone` is called, and an answer that
  // still comes is sent. A stream to it ends at once.
  virtual void OnClientGone(std::function<void()> gone) = 0;
  // Runs a function on the loop's thread: where answers made elsewhere are turned into bytes.
  virtual void Post(std::function<void()> work) = 0;
};

using Handler = std::function<void(std::shared_ptr<Exchange>)>;

// Finds handlers by path segments. "{name}" captures one segment, "{name...}" the (non-empty) rest.
// A literal segment wins over a capture, and a capture over the rest. Unknown path: 404; known
// path, other method: 405 with Allow. HEAD is answered by the handler of GET, without the body.
class Router {
 public:
  struct Match {
    const Handler* handler = nullptr;  // nullptr: none
    std::string path;                  // percent-decoded
    std::string route;
    std::map<std::string, std::string> captures;
    std::vector<std::string> allowed_methods;  // when only the method did not match
    Status error;                              // not OK: the path is malformed (400)
  };

  // A pattern that is not as above, or given twice for a method, is a CHECK.
  void Handle(std::string method, std::string pattern, Handler handler);
  // `path` as sent: split at '/', then each segment percent-decoded (so %2F stays inside a
  // segment).
  Match Find(std::string_view method, std::string_view raw_path) const;
  std::vector<std::pair<std::string, std::string>> Routes()
      const;  // method, pattern; in order added

 private:
  enum class Kind { kRest, kCapture, kLiteral };  // the later, the more it says
  struct Segment {
    Kind kind = Kind::kLiteral;
    std::string text;  // the literal, or the name of the capture

    friend bool operator==(const Segment&, const Segment&) = default;
  };
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<Segment> segments;
    Handler handler;
  };
  static Segment ParseSegment(std::string_view text);
  using Path = std::vector<std::string_view>;  // its segments, decoded
  static bool Matches(const Route& route, const Path& path);
  static bool SaysMore(const Route& a, const Route& b);
  static std::map<std::string, std::string> Captures(const Route& route, const Path& path);
  const Route* Best(std::string_view method, const Path& path) const;

  std::vector<Route> routes_;
};

// Counted by a server, translated by pkg/metrics. Keys are route templates, methods and codes:
// bounded. What matches no route counts as "other"; a method that this server does not know, as
// "OTHER".
struct RequestCount {
  std::string route;
  std::string method;
  int status = 0;
  uint64_t total = 0;
};
struct ServerStats {
  std::vector<RequestCount> requests;
  std::vector<std::pair<std::string, LatencyHistogram::Snapshot>> latency_by_route;
  uint64_t connections_open = 0;
  uint64_t requests_in_flight = 0;
  uint64_t streams_open = 0;
  uint64_t unsent_bytes = 0;          // of answers, without streams
  uint64_t stream_unsent_bytes = 0;   // what streams share counts once
  uint64_t received_bytes_total = 0;  // of what was read, whether it made sense or not
  uint64_t sent_bytes_total = 0;
  uint64_t connections_refused_total = 0;
  uint64_t framing_errors_total = 0;
};

struct ListenOptions {
  std::string name;  // "client", "peer", "ops": for logs and metrics
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  Limits limits;
  // Adds headers to every response (X-Served-By, ...); called on the loop's thread. For a request
  // that could not be framed, the Request has nothing but its id and address.
  std::function<void(const Request&, Response*)> decorate;
  // Makes the response for errors found before or beside a handler (framing, 404, 405, 503).
  std::function<Response(const Status&, int http_status, const std::string& request_id)> on_error;
};

class Server {
 public:
  // Binds. kInvalidArgument for a limit or an address that cannot be. kIo naming address, port and
  // reason ("address already in use") when it cannot.
  static Result<std::unique_ptr<Server>> Listen(ListenOptions options, Router router,
                                                Logger* logger);
  virtual ~Server() = default;

  virtual void Start() = 0;  // once
  virtual uint16_t port() const = 0;
  // Stops accepting, lets requests in flight be answered for up to timeout_ms (responses say
  // Connection: close), then closes everything and ends the thread. Streams are ended with their
  // last chunk at once. Answers that come later are dropped. Not on the loop's thread.
  virtual void Stop(int64_t timeout_ms) = 0;
  virtual ServerStats Stats() const = 0;  // any thread
};

}  // namespace baton::http
