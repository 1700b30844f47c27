#include "pkg/http/watch_stream.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/problem.h"

namespace baton::http {
namespace {

// As if they were not shared: how far this stream is behind.
size_t BytesOf(const std::vector<node::SharedEvent>& events) {
  size_t bytes = sizeof(WatchStream);
  for (const node::SharedEvent& shared : events) {
    bytes += sizeof(*shared) + shared->event.key.size() + shared->event.value.size();
  }
  return bytes;
}

// The messages of an event, by form and by whether it is the last of its revision.
struct Messages final : node::EventRendering {
  std::array<std::array<std::shared_ptr<const std::string>, 2>, 2> by_form_and_last;
};

std::shared_ptr<const std::string> MessageOf(StreamForm form, const node::WatchEvent& shared,
                                             bool last) {
  if (shared.rendering == nullptr) shared.rendering = std::make_unique<Messages>();
  auto& messages = static_cast<Messages&>(*shared.rendering);
  auto& message = messages.by_form_and_last.at(static_cast<size_t>(form)).at(last ? 1 : 0);
  if (message == nullptr) {
    message = std::make_shared<const std::string>(EventMessage(form, shared.event, last));
  }
  return message;
}

}  // namespace

void WatchStream::Begin(std::string first) {
  if (stream_ != nullptr) return;
  Response head;
  head.headers.emplace_back("Content-Type", std::string(MediaTypeOf(form_)));
  head.headers.emplace_back("X-Accel-Buffering", "no");  // proxies: pass it on as it comes
  head.body = std::move(first);
  stream_ = call_.exchange->StartStream(std::move(head));
}

void WatchStream::Watch(coord::EventFilter filter, Revision from) {
  node::Service* const service = call_.context->service;
  const uint64_t number = service->Watch(std::move(filter), from, shared_from_this());
  call_.exchange->OnClientGone([service, number] { service->CancelWatch(number); });
}

bool WatchStream::OnEvents(const std::vector<node::SharedEvent>& events, Revision through) {
  if (broken_.load()) return false;
  const size_t bytes = BytesOf(events);
  const size_t before = queued_bytes_.fetch_add(bytes);
  if (before != 0 && before + bytes > kQueuedBytesMax) {
    queued_bytes_.fetch_sub(bytes);
    return false;
  }
  call_.exchange->Post([self = shared_from_this(), events, through, bytes] {
    self->WriteEvents(events, through);
    self->queued_bytes_.fetch_sub(bytes);
  });
  return true;
}

void WatchStream::OnEnd(Status why) {
  call_.exchange->Post([self = shared_from_this(), why = std::move(why)] { self->End(why); });
}

bool WatchStream::Wrote(bool taken) {
  if (!taken) broken_.store(true);
  return taken;
}

void WatchStream::WriteEvents(const std::vector<node::SharedEvent>& events, Revision through) {
  Begin("");
  if (broken_.load()) return;
  for (size_t i = 0; i < events.size(); ++i) {
    const Revision revision = events[i]->event.revision;
    const bool last = i + 1 == events.size() || events[i + 1]->event.revision != revision;
    if (!Wrote(stream_->WriteShared(MessageOf(form_, *events[i], last)))) return;
    if (last) resume_from_ = revision + 1;
  }
  if (events.empty() && !Wrote(stream_->Write(BookmarkMessage(form_, through)))) return;
  resume_from_ = through + 1;
}

void WatchStream::End(const Status& why) {
  const uint64_t compact_revision = call_.service().GetStatus()->compact_revision.value();
  if (stream_ == nullptr) {
    nlohmann::json members = nlohmann::json::object();
    if (why.code() == Code::kGone) members["compact_revision"] = compact_revision;
    return call_.Fail(why, members);
  }
  nlohmann::json last = {{"detail", why.message()}, {"code", why.reason()}};
  std::string message;
  if (why.code() == Code::kGone) {
    last["type"] = "compacted";
    last["compact_revision"] = compact_revision;
    message = StreamMessage(form_, last, Revision());
  } else if (why.code() == Code::kResourceExhausted) {
    last["type"] = "evicted";
    last["resume_from"] = resume_from_.value();
    message = StreamMessage(form_, last, Revision());
  } else if (resume_from_) {
    // The node goes, the client need not know why: it goes on elsewhere.
    message = BookmarkMessage(form_, resume_from_ - 1);
  }
  stream_->CloseWith(std::move(message));
}

}  // namespace baton::http
