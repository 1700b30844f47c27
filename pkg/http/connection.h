// File: connection.h
//
// One client's connection: a state machine that the loop drives. Requests are served one at a time
// and in order; the next one is not read before the last one is answered (no more than
// kReadBytesMax of it wait here), so that a client cannot make work faster than it takes answers.
//
//             request framed           answered            all sent
//   kReading ----------------> kAnswering ---> kSending ------------> kReading
//      |                           |              ^   \ must close
//      | framing error             | stream       |    v
//      +------------> kSending     +-> kStreaming +   kLingering --> kClosed
//
// kLingering: our side is shut; what still comes is thrown away, within bounds. Closing at once
// would make the kernel send a reset, which can overtake the answer.
//
// All on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "pkg/http/dispatcher.h"
#include "pkg/http/event_loop.h"
#include "pkg/http/exchange.h"
#include "pkg/http/framer.h"
#include "pkg/http/listener_context.h"
#include "pkg/http/output_queue.h"
#include "pkg/http/response_head.h"

namespace baton::http {

class Connection final : public AnswerSink,
                         public ReadinessListener,
                         public std::enable_shared_from_this<Connection> {
 public:
  // `closed` is called once, when the connection is closed.
  Connection(ListenerContext* context, std::unique_ptr<Socket> socket, std::string remote_address,
             std::function<void(Connection*)> closed);

  void Start();
  // Answers 503 and closes, without reading a request: there are too many connections. `why` names
  // the bound.
  void Refuse(const std::string& why);
  // The server stops: idle connections close, streams end, requests are answered.
  void BeginDrain();
  // At once. Waiting handlers are told that the client is gone.
  void Close();
  // Acts if the deadline of the current state has passed.
  void CheckDeadline(int64_t now_ms);

  const std::string& remote_address() const { return remote_address_; }
  int64_t deadline_ms() const { return deadline_ms_; }

  // ReadinessListener:
  void OnReadable() override;
  void OnWritable() override;

  // AnswerSink:
  void Answer(uint64_t number, Response response) override;
  void AnswerDropped(uint64_t number) override;
  void AnswerWithStream(uint64_t number, Response head,
                        std::shared_ptr<StreamBuffer> stream) override;
  void SetClientGone(uint64_t number, std::function<void()> gone) override;
  void Resume() override;
  Turn turn() const override {
    if (in_dispatch_) return Turn::kOwn;
    return context_->connection_at_work ? Turn::kOthers : Turn::kFree;
  }

 private:
  enum class State { kReading, kAnswering, kSending, kStreaming, kLingering, kClosed };

  // Each does a bounded piece of work and says whether there may be more to do at once.
  bool Step();
  bool StepReading();
  bool StepStreaming();
  bool StepLingering();
  bool SendOutput();
  void AddOutput(OutputPiece piece);
  void AccountUnsent();

  // Reading.
  IoResult Read(size_t room);
  size_t Feed(std::string_view bytes);
  bool FeedInput();
  bool FeedFromSocket();
  bool ActOnFraming();
  void ReadAhead();
  void PeerEnded();
  void AccountBuffered();
  bool IsIdle() const;

  // From request to answer.
  void Dispatch();
  void FailRequest(int http_status, const Status& status);
  void Send(Response response);
  std::string MakeHead(const Response& response, BodyFraming framing);
  void EndRequest();
  void EndStream();
  void EndResponse();
  void TellClientGone();
  void Tell(const std::function<void()>& gone);

  void ArmWaits();
  void UpdateDeadline();
  int64_t DeadlineWhileReading() const;

  // Constant after construction.
  ListenerContext* const context_;
  const std::string remote_address_;
  const std::function<void(Connection*)> closed_;

  std::unique_ptr<Socket> socket_;
  State state_ = State::kReading;
  bool in_resume_ = false;
  bool in_dispatch_ = false;
  bool resume_posted_ = false;
  bool waits_readable_ = false;
  bool waits_writable_ = false;

  // Input.
  Framer framer_;
  std::string input_;        // read, and not yet framed,
  size_t input_start_ = 0;   // from here
  bool readable_ = true;     // there may be something to read
  bool peer_ended_ = false;  // the client sends no more
  size_t accounted_bytes_ = 0;
  size_t lingering_bytes_ = 0;

  // The current request.
  uint64_t number_ = 0;
  std::shared_ptr<const Request> request_;
  size_t request_body_bytes_ = 0;
  int version_minor_ = 1;
  bool keep_alive_ = true;
  bool in_flight_ = false;  // counted as such
  std::function<void()> client_gone_;
  int64_t dispatched_us_ = 0;

  // Output.
  OutputQueue output_;
  size_t accounted_unsent_bytes_ = 0;
  std::shared_ptr<StreamBuffer> stream_;

  // Of CLOCK_MONOTONIC, in milliseconds.
  int64_t request_started_ms_ = 0;
  int64_t last_progress_ms_ = 0;
  int64_t output_deadline_ms_ = 0;  // for all of output_
  int64_t deadline_ms_ = 0;
};

}  // namespace baton::http
