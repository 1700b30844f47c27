// File: message_sender.h
//
// One thread that empties one outbox to one peer: all that waits, up to a bound, in one POST; the
// next when that was answered. When a POST fails, it and all that has gathered is lost, as with a
// broken cable; then comes a pause, longer each time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "pkg/http/client.h"
#include "pkg/http/outbox.h"
#include "pkg/http/peer_link.h"

namespace baton::http {

struct MessageSenderOptions {
  std::string thread_name;  // at most 15 characters
  OutboxLimits outbox;
  size_t batch_bytes_max = 4 << 20;
  ClientOptions client;
  int64_t backoff_first_ms = 20;
  int64_t backoff_max_ms = 250;
};

class MessageSender {
 public:
  // kInvalidArgument when the link's address is none. The link and the stamp must outlive the
  // sender.
  static Result<std::unique_ptr<MessageSender>> Create(const MessageSenderOptions& options,
                                                       PeerLink* link, const SharedStamp* stamp);
  ~MessageSender() { Stop(); }

  // As StartThread. What was pushed before waits.
  Status Start();
  bool Push(node::PeerMessage message);
  // As Outbox::WaitUntilIdle: what was pushed before has been answered, or is lost.
  bool Flush(int64_t timeout_ms) { return outbox_.WaitUntilIdle(timeout_ms); }
  // Breaks a call under way and ends the thread.
  void Stop();

 private:
  MessageSender(const MessageSenderOptions& options, PeerLink* link, const SharedStamp* stamp,
                std::unique_ptr<Client> client)
      : options_(options),
        link_(link),
        stamp_(stamp),
        client_(std::move(client)),
        outbox_(options.outbox) {}

  void Run();
  Status SendBatch(std::vector<node::PeerMessage> batch);

  const MessageSenderOptions options_;
  PeerLink* const link_;
  const SharedStamp* const stamp_;
  const std::unique_ptr<Client> client_;
  Outbox outbox_;
  std::thread thread_;
};

}  // namespace baton::http
