#include "pkg/http/exchange.h"

#include <utility>

namespace baton::http {
namespace {

// What follows the answer.
enum class Then {
  kSend,    // nothing: it goes out
  kGather,  // a writer, most likely: what it has now goes out with the head
};

// Calls on the loop's thread: now if this is it, soon if not.
template <typename SinkCall>
void Reach(const std::shared_ptr<LoopQueue>& queue, const std::weak_ptr<AnswerSink>& weak_sink,
           SinkCall call, Then then) {
  if (!queue->OnLoopThread()) {
    queue->Post([weak_sink, call = std::move(call)]() mutable {
      const auto sink = weak_sink.lock();
      if (sink == nullptr) return;
      call(*sink);
      sink->Resume();
    });
    return;
  }
  const auto sink = weak_sink.lock();
  if (sink == nullptr) return;
  call(*sink);
  const AnswerSink::Turn turn = sink->turn();
  if (turn == AnswerSink::Turn::kOwn) return;
  if (turn == AnswerSink::Turn::kFree && then == Then::kSend) return sink->Resume();
  queue->Post([weak_sink] {
    if (const auto again = weak_sink.lock()) again->Resume();
  });
}

// A stream on its way to its connection. When it does not get there (the connection or the loop has
// ended), the stream is stopped: nobody would empty it, nor tell its writer.
class StreamOnItsWay {
 public:
  explicit StreamOnItsWay(std::shared_ptr<StreamBuffer> buffer) : buffer_(std::move(buffer)) {}
  ~StreamOnItsWay() {
    if (buffer_ != nullptr) buffer_->Stop();
  }
  StreamOnItsWay(const StreamOnItsWay&) = delete;
  StreamOnItsWay& operator=(const StreamOnItsWay&) = delete;

  std::shared_ptr<StreamBuffer> Arrive() { return std::exchange(buffer_, nullptr); }

 private:
  std::shared_ptr<StreamBuffer> buffer_;
};

class ResponseStreamImpl final : public ResponseStream {
 public:
  ResponseStreamImpl(std::shared_ptr<StreamBuffer> buffer, std::shared_ptr<LoopQueue> queue,
                     std::weak_ptr<AnswerSink> sink)
      : buffer_(std::move(buffer)), queue_(std::move(queue)), sink_(std::move(sink)) {}

  ~ResponseStreamImpl() override {
    buffer_->Abandon();
    Wake();
  }

  bool Write(std::string piece) override { return Tell(buffer_->Append(piece)); }

  bool WriteShared(SharedText piece) override {
    return Tell(buffer_->AppendShared(std::move(piece)));
  }

  bool OnDrained(std::function<void()> drained) override {
    return buffer_->OnDrained(std::move(drained));
  }

  void Close() override {
    buffer_->Close();
    Wake();
  }

  void CloseWith(std::string last_piece) override {
    buffer_->CloseWith(last_piece);
    Wake();
  }

 private:
  bool Tell(StreamBuffer::Appended appended) {
    // One wake-up for all that waits: a fast writer must not fill the loop's queue.
    if (appended == StreamBuffer::Appended::kFirst) Wake();
    return appended != StreamBuffer::Appended::kRefused;
  }

  void Wake() {
    queue_->Post([sink = sink_] {
      if (const auto connection = sink.lock()) connection->Resume();
    });
  }

  const std::shared_ptr<StreamBuffer> buffer_;
  const std::shared_ptr<LoopQueue> queue_;
  const std::weak_ptr<AnswerSink> sink_;
};

class ExchangeImpl final : public Exchange {
 public:
  explicit ExchangeImpl(ExchangeParts parts) : parts_(std::move(parts)) {}

  ~ExchangeImpl() override {
    if (answered_.exchange(true)) return;
    Reach(
        parts_.queue, parts_.sink,
        [number = parts_.number](AnswerSink& sink) { sink.AnswerDropped(number); }, Then::kSend);
  }

  const Request& request() const override { return *parts_.request; }

  void Respond(Response response) override {
    if (answered_.exchange(true)) return;
    Reach(
        parts_.queue, parts_.sink,
        [number = parts_.number, answer = std::move(response)](AnswerSink& sink) mutable {
          sink.Answer(number, std::move(answer));
        },
        Then::kSend);
  }

  std::shared_ptr<ResponseStream> StartStream(Response head) override {
    auto buffer = std::make_shared<StreamBuffer>(parts_.stream_budget,
                                                 parts_.stream_buffer_bytes_max, parts_.chunked);
    auto stream = std::make_shared<ResponseStreamImpl>(buffer, parts_.queue, parts_.sink);
    const bool late = answered_.exchange(true);
    if (late || parts_.request->method == "HEAD") buffer->Stop();
    if (late) return stream;
    buffer->Append(head.body);
    head.body.clear();
    Reach(
        parts_.queue, parts_.sink,
        [number = parts_.number, head = std::move(head),
         on_its_way = std::make_shared<StreamOnItsWay>(buffer)](AnswerSink& sink) mutable {
          sink.AnswerWithStream(number, std::move(head), on_its_way->Arrive());
        },
        Then::kGather);
    return stream;
  }

  void OnClientGone(std::function<void()> gone) override {
    const auto sink = parts_.sink.lock();
    if (sink == nullptr) return gone();
    sink->SetClientGone(parts_.number, std::move(gone));
  }

  void Post(std::function<void()> work) override {
    parts_.queue->Post([work = std::move(work), logger = parts_.logger] {
      try {
        work();
      } catch (...) {
        logger->Log(LogLevel::kError, "work posted to the loop threw");
      }
    });
  }

 private:
  const ExchangeParts parts_;
  std::atomic<bool> answered_{false};
};

}  // namespace

std::shared_ptr<Exchange> MakeExchange(ExchangeParts parts) {
  return std::make_shared<ExchangeImpl>(std::move(parts));
}

}  // namespace baton::http
