// File: connection.h
//
// One connection to a server: a request goes out, its answer comes in, one at a time. Never blocks;
// what happened is told by OnReady. Of one thread, the poller's.
//
//   connection.Connect(endpoint);                       // kConnected, or kBroken, follows
//   api.Get(7, {connection.host(), connection.Begin()});
//   connection.Send();                                   // kAnswer, or kBroken, follows
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pkg/load/answer_reader.h"
#include "pkg/load/endpoint.h"
#include "pkg/load/poller.h"

namespace baton::load {

class Connection {
 public:
  enum class State {
    kClosed,
    kConnecting,
    kOpen,  // nothing is under way
    kBusy,  // a request is
  };
  enum class Event {
    kNothing,    // not enough to tell
    kConnected,  // kOpen
    kHead,       // of a stream (Begin with a sink): its head is there, the body goes to the sink
    kAnswer,     // answer() is whole; kOpen, or kClosed when the server wants it so
    kBroken,     // kClosed; reason() says why
  };

  // `what` is what the poller gives back with each event.
  Connection(Poller* poller, void* what) : poller_(poller), what_(what) {}
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // From kClosed. The outcome comes as an event, also when it fails at once.
  void Connect(const Endpoint* endpoint);
  void Close();
  // Closes for a reason of the caller's, which must live as long as the connection.
  void Abandon(std::string_view reason) { (void)Break(reason); }

  // From kOpen: a request begins; its bytes are appended to what is returned, then sent. With a
  // sink the answer is a stream.
  std::string* Begin(BodySink* sink = nullptr);
  void Send();

  // What an event of the poller means. `scratch` is where reads go; nothing is kept of it.
  Event OnReady(uint32_t events, std::span<char> scratch);

  State state() const { return state_; }
  const Endpoint* endpoint() const { return endpoint_; }
  std::string_view host() const { return endpoint_->host; }
  const AnswerReader& answer() const { return reader_; }
  // "cannot_connect", "connection_lost", "malformed_answer", "unasked_answer". The last one is an
  // answer to nobody, such as a server that refuses the connection gives: answer() has it if whole.
  // Empty: it did not break since Connect.
  std::string_view reason() const { return reason_; }

 private:
  Event Break(std::string_view reason);
  Event FinishConnect();
  bool Flush();  // false: broken
  Event Read(std::span<char> scratch);
  Event Take(std::string_view bytes);
  void Watch(uint32_t events);

  Poller* const poller_;
  void* const what_;
  const Endpoint* endpoint_ = nullptr;
  int descriptor_ = -1;
  State state_ = State::kClosed;
  uint32_t watched_ = 0;
  std::string out_;
  size_t sent_ = 0;
  AnswerReader reader_;
  bool streams_ = false;
  bool head_told_ = false;
  std::string_view reason_;
};

}  // namespace baton::load
