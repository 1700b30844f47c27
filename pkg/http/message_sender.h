// File: message_sender.h
//
// One thread that empties one outbox to one peer: all that waits, up to a bound, in one POST; the
// next without waiting for the answer to that (pipeline.h). When one fails, all that is in flight
// and has gathered is lost, as with a broken cable; then comes a pause, longer each time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pkg/http/outbox.h"
#include "pkg/http/peer_link.h"
#include "pkg/http/pipeline.h"
#include "pkg/http/wakeup.h"

namespace baton::http {

struct MessageSenderOptions {
  std::string thread_name;  // at most 15 characters
  OutboxLimits outbox;
  size_t batch_bytes_max = 4 << 20;
  PipelineOptions pipeline;  // target: the sender knows it
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

  // Not OK: the system has no thread or no descriptor left; try again later. What was pushed before
  // waits.
  Status Start();
  bool Push(node::PeerMessage message);
  // As Outbox::WaitUntilIdle: what was pushed before has been answered, or is lost.
  bool Flush(int64_t timeout_ms) { return outbox_.WaitUntilIdle(timeout_ms); }
  // Breaks what is under way and ends the thread.
  void Stop();

 private:
  MessageSender(const MessageSenderOptions& options, PeerLink* link, const SharedStamp* stamp,
                const HostAndPort& server);

  void Run();
  void Add(std::vector<node::PeerMessage> batch);
  // False: closed meanwhile.
  bool Fail(const Status& why);

  const MessageSenderOptions options_;
  PeerLink* const link_;
  const SharedStamp* const stamp_;
  Wakeup wakeup_;
  Outbox outbox_;
  std::thread thread_;
  // The thread's.
  Pipeline pipeline_;
  int64_t pause_ms_;
};

}  // namespace baton::http
