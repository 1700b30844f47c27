// File: watch_stream.h
//
// A watch that a client reads as a stream. The node's events come on the raft thread, are counted,
// and become text on the loop's thread:
//
//   raft thread                      loop's thread                     socket
//   OnEvents --- bounded queue ----> text ---- bounded buffer -------> client
//
// A client that lets either fill up is slow: the watch ends, with a last message that says where to
// go on. Nothing is ever left out of the middle. All streams share an event, and the text that is
// made of it once.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/event.h"
#include "pkg/http/api_call.h"
#include "pkg/http/event_text.h"
#include "pkg/node/service.h"

namespace baton::http {

class WatchStream final : public node::WatchSink, public std::enable_shared_from_this<WatchStream> {
 public:
  // What waits between the threads; one batch of events may always wait, however large.
  static constexpr size_t kQueuedBytesMax = 8 << 20;

  WatchStream(Call call, StreamForm form, Revision from)
      : call_(std::move(call)), form_(form), resume_from_(from) {}

  // --- loop's thread ---
  // Begins the response with `first`, a message of the stream or nothing. Without it, the response
  // begins with the first news from the node: until then an error can be an HTTP status.
  void Begin(std::string first);
  // Asks the node for events from `from` on (0: from now on), and cancels it when the client goes.
  void Watch(coord::EventFilter filter, Revision from);

  // --- raft thread ---
  bool OnEvents(const std::vector<node::SharedEvent>& events, Revision through) override;
  void OnEnd(Status why) override;

 private:
  void WriteEvents(const std::vector<node::SharedEvent>& events, Revision through);
  // False: the stream takes nothing more.
  bool Wrote(bool taken);
  void End(const Status& why);

  const Call call_;
  const StreamForm form_;
  std::atomic<bool> broken_{false};  // the client is gone or too slow
  std::atomic<size_t> queued_bytes_{0};

  // Loop's thread only.
  std::shared_ptr<ResponseStream> stream_;
  Revision resume_from_;  // all before it was written
};

}  // namespace baton::http
