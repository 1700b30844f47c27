// File: exchange.h
//
// The Exchange that handlers hold. It outlives the connection and even the server if it must; it
// reaches them only through a weak pointer that is looked into on the loop's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "pkg/http/loop_queue.h"
#include "pkg/http/server.h"
#include "pkg/http/stream_buffer.h"

namespace baton::http {

// What an exchange asks of its connection. All on the loop's thread. `number` says which request is
// meant: calls for one that is over are ignored, except that its stream is stopped and its
// client-gone function called.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // These only take the answer in; Resume acts on it.
  virtual void Answer(uint64_t number, Response response) = 0;
  virtual void AnswerDropped(uint64_t number) = 0;
  virtual void AnswerWithStream(uint64_t number, Response head,
                                std::shared_ptr<StreamBuffer> stream) = 0;
  virtual void SetClientGone(uint64_t number, std::function<void()> gone) = 0;
  virtual void Resume() = 0;
  // When Resume may be called after an answer.
  enum class Turn {
    kOwn,     // not at all: the connection is calling a handler, and goes on by itself afterwards
    kFree,    // now
    kOthers,  // by the loop: some connection is at work. Handlers would nest, one connection's in
              // another's, without end.
  };
  virtual Turn turn() const = 0;
};

struct ExchangeParts {
  std::shared_ptr<const Request> request;
  uint64_t number = 0;
  std::weak_ptr<AnswerSink> sink;
  std::shared_ptr<LoopQueue> queue;
  std::shared_ptr<StreamBudget> stream_budget;
  size_t stream_buffer_bytes_max = 0;
  bool chunked = true;  // false: HTTP/1.0
  Logger* logger = nullptr;
};

std::shared_ptr<Exchange> MakeExchange(ExchangeParts parts);

}  // namespace baton::http
